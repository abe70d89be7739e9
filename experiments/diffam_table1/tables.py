"""Rows of (case, method, vertebra) to the paper's table and figure."""

from collections.abc import Iterator

import numpy as np
from matplotlib.figure import Figure

from experiments.diffam_table1.paper import FIGURE_2A, TABLE_1
from spine_jax.core.labels import anatomical_rank, label_number, segment


def segment_table(rows: list[dict], methods: list[str]) -> str:
    """Markdown: mean Dice (percent) by segment and method, the paper's in brackets."""
    lines = ["| segment | n | " + " | ".join(methods) + " |"]
    lines.append("|---" * (len(methods) + 2) + "|")
    for name, part in by_segment(rows):
        published = TABLE_1[name]
        cells = [_cell(part, method, published.get(method)) for method in methods]
        count = sum(row["method"] == methods[0] for row in part)
        lines.append(f"| {name} | {count} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def by_segment(rows: list[dict]) -> Iterator[tuple[str, list[dict]]]:
    """The segments that have rows, and these; at last `total` with all."""
    for name in TABLE_1:
        part = [
            row
            for row in rows
            if name in ("total", segment(label_number(row["vertebra"])))
        ]
        if part:
            yield name, part


def level_table(rows: list[dict], methods: list[str]) -> str:
    """Markdown: mean Dice (percent) by level and method, the paper's beside them."""
    lines = ["| level | n | " + " | ".join(methods) + " | paper |"]
    lines.append("|---" * (len(methods) + 3) + "|")
    levels = {row["vertebra"] for row in rows}
    for level in sorted(levels, key=lambda name: anatomical_rank(label_number(name))):
        part = [row for row in rows if row["vertebra"] == level]
        cells = [_cell(part, method, None) for method in methods]
        count = sum(row["method"] == methods[0] for row in part)
        lines.append(
            f"| {level} | {count} | "
            + " | ".join(cells)
            + f" | {FIGURE_2A[level].mean} |"
        )
    return "\n".join(lines)


def _cell(rows: list[dict], method: str, published: float | None) -> str:
    values = [100 * row["dice"] for row in rows if row["method"] == method]
    mean = f"{np.mean(values):.1f}" if values else "-"
    return mean if published is None else f"{mean} ({published})"


def level_figure(rows: list[dict], method: str) -> Figure:
    """Box plot of Dice by level with every instance, like the paper's Fig. 2a."""
    rows = [row for row in rows if row["method"] == method]
    levels = sorted(
        {row["vertebra"] for row in rows},
        key=lambda name: anatomical_rank(label_number(name)),
    )
    groups = [
        [100 * row["dice"] for row in rows if row["vertebra"] == level]
        for level in levels
    ]
    figure = Figure(figsize=(1.5 + 0.5 * len(levels), 4), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(groups, tick_labels=levels, showfliers=False)
    for position, group in enumerate(groups, start=1):
        axes.plot([position] * len(group), group, "o", alpha=0.4, color="tab:blue")
    published = [FIGURE_2A[level].mean for level in levels]
    axes.plot(range(1, len(levels) + 1), published, "D", color="tab:red", label="paper")
    axes.set(ylabel="Dice (%)", title=f"{method}, Dice by level", ylim=(0, 100))
    axes.legend()
    return figure
