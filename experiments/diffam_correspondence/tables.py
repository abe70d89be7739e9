"""Rows of (case, method, vertebra) to tables and a box plot."""

from collections.abc import Iterable

import numpy as np
from matplotlib.figure import Figure

from spine_jax.core.labels import anatomical_rank, label_number, segment

FIGURES = {
    "start_mm": "before the fit",
    "error_mm": "all vertices",
    "body_mm": "body",
    "arch_mm": "arch",
    "tips_mm": "tips",
    "surface_mm": "surface distance",
}


def error_table(rows: list[dict], methods: Iterable[str], by: str) -> str:
    """Markdown: mean errors in mm, a line per method and level or segment.

    Args:
        by: `"level"` or `"segment"`.
    """
    lines = [f"| {by} | method | n | " + " | ".join(FIGURES.values()) + " |"]
    lines.append("|---" * (len(FIGURES) + 3) + "|")
    for name, part in _parts(rows, by):
        for method in methods:
            own = [row for row in part if row["method"] == method]
            if own:
                means = [np.mean([row[key] for row in own]) for key in FIGURES]
                cells = " | ".join(f"{mean:.2f}" for mean in means)
                lines.append(f"| {name} | {method} | {len(own)} | {cells} |")
    return "\n".join(lines)


def box_plot(rows: list[dict], method: str) -> Figure:
    """Mean error of every vertebra by level, with the tips' mean beside it."""
    rows = [row for row in rows if row["method"] == method]
    parts = list(_parts(rows, "level"))
    groups = [[row["error_mm"] for row in part] for _, part in parts]
    figure = Figure(figsize=(1.5 + 0.45 * len(parts), 4), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(groups, tick_labels=[name for name, _ in parts], showfliers=False)
    places = np.arange(1, len(parts) + 1)
    for place, group in zip(places, groups, strict=True):
        axes.plot([place] * len(group), group, "o", alpha=0.4, color="tab:blue")
    for key, mark, colour in (("tips_mm", "^", "tab:red"), ("start_mm", "_", "grey")):
        means = [np.mean([row[key] for row in part]) for _, part in parts]
        label = f"{FIGURES[key]}, mean"
        axes.plot(places, means, mark, color=colour, label=label, ms=9)
    axes.set(ylabel="mm", title=f"{method}: correspondence error by level")
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper right")
    return figure


def landmark_table(rows: list[dict]) -> str:
    """Markdown: errors of landmarks on real shapes, mm, a line each."""
    lines = ["| landmark | n | carried over from the others | named alike |"]
    lines.append("|---" * 4 + "|")
    ids = sorted({row["landmark"] for row in rows})
    for name, part in [(i, [r for r in rows if r["landmark"] == i]) for i in ids]:
        lines.append(_landmark_line(name, part))
    return "\n".join([*lines, _landmark_line("all", rows)])


def _landmark_line(name: str, rows: list[dict]) -> str:
    carried = np.mean([row["carried_mm"] for row in rows])
    named = [row["named_mm"] for row in rows if row["named_mm"] is not None]
    cell = f"{np.mean(named):.1f}" if named else "-"
    return f"| {name} | {len(rows)} | {carried:.1f} | {cell} |"


def _parts(rows: list[dict], by: str) -> list[tuple[str, list[dict]]]:
    """Levels or segments down the spine with their rows."""
    parts: dict[str, list[dict]] = {}
    for row in sorted(rows, key=lambda r: anatomical_rank(label_number(r["vertebra"]))):
        name = row["vertebra"]
        key = name if by == "level" else segment(label_number(name))
        parts.setdefault(key, []).append(row)
    return list(parts.items())
