"""Rows of (case, method, vertebra) to tables and a box plot, beside the paper's."""

import numpy as np
from matplotlib.figure import Figure

from experiments.diffam_table1.paper import FIGURE_2A, TABLE_1
from experiments.diffam_table1.tables import by_segment
from spine_jax.core.labels import anatomical_rank, label_number

FAILED = 0.5
"""Dice below which a vertebra counts as lost."""


def level_table(rows: list[dict], methods: list[str]) -> str:
    """Markdown: mean / median Dice in percent and number lost, by level and method."""
    lines = ["| level | n | " + " | ".join(methods) + " | published (n) |"]
    lines.append("|---" * (len(methods) + 3) + "|")
    for level in _levels(rows):
        part = [row for row in rows if row["vertebra"] == level]
        published = FIGURE_2A[level]
        cells = [_cell(part, method) for method in methods]
        cells.append(
            f"{published.mean:.1f} / {published.median:.1f}, {published.failed} lost "
            f"({published.n})"
        )
        lines.append(
            f"| {level} | {_count(part, methods)} | " + " | ".join(cells) + " |"
        )
    return "\n".join(lines)


def segment_table(rows: list[dict], methods: list[str]) -> str:
    """Markdown: the same by segment, every vertebra counting once."""
    lines = ["| segment | n | " + " | ".join(methods) + " | published |"]
    lines.append("|---" * (len(methods) + 3) + "|")
    for name, part in by_segment(rows):
        cells = [_cell(part, method) for method in methods]
        published = TABLE_1[name]["Ours"]
        count = _count(part, methods)
        lines.append(f"| {name} | {count} | {' | '.join(cells)} | {published} |")
    return "\n".join(lines)


def box_plot(rows: list[dict], method: str) -> Figure:
    """Dice of every vertebra by level, with the paper's means and medians."""
    levels = _levels(rows)
    groups = [_dice(rows, method, level) for level in levels]
    figure = Figure(figsize=(1.5 + 0.45 * len(levels), 4), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(groups, tick_labels=levels, showfliers=False)
    places = np.arange(1, len(levels) + 1)
    for place, group in zip(places, groups, strict=True):
        axes.plot([place] * len(group), group, "o", alpha=0.4, color="tab:blue")
    published = [FIGURE_2A[level] for level in levels]
    axes.plot(
        places, [p.mean for p in published], "D", color="tab:red", label="published"
    )
    axes.plot(places, [p.median for p in published], "_", color="tab:red", ms=14)
    axes.set(ylabel="Dice (%)", title=f"{method}: Dice by level", ylim=(0, 100))
    axes.legend(loc="lower right")
    return figure


def _levels(rows: list[dict]) -> list[str]:
    levels = {row["vertebra"] for row in rows}
    return sorted(levels, key=lambda name: anatomical_rank(label_number(name)))


def _dice(rows: list[dict], method: str, level: str | None = None) -> list[float]:
    return [
        100 * row["dice"]
        for row in rows
        if row["method"] == method and level in (None, row["vertebra"])
    ]


def _count(rows: list[dict], methods: list[str]) -> int:
    return len(_dice(rows, methods[0]))


def _cell(rows: list[dict], method: str) -> str:
    dice = _dice(rows, method)
    if not dice:
        return "-"
    lost = sum(value < 100 * FAILED for value in dice)
    return f"{np.mean(dice):.1f} / {np.median(dice):.1f}, {lost} lost"
