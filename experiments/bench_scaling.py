"""How the time of the signed distance grows with faces and with points.

    python -m experiments.bench_scaling

Times our default implementation and every installed peer on the sphere, near-surface
points, and prints one JSON line per measurement (fields as `spine_jax.kernels.bench`)
and per curve the exponent of time against the size: 1 is linear, ours must stay below
in faces. The picture is experiments/figures/signed_distance_scaling.png.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from spine_jax.io.atomic import atomic_path
from spine_jax.kernels.bench import distance_job
from spine_jax.kernels.bench_peers import Peer, installed_peers, peer_jobs
from spine_jax.kernels.cases import sphere_cases
from spine_jax.kernels.timing import time_jobs

FIGURE = Path(__file__).parent / "figures" / "signed_distance_scaling.png"
OURS = "spine_jax"
SUBDIVISIONS = (2, 3, 4, 5, 6)
"""320 to 81,920 faces."""
N_POINTS = (1_000, 10_000, 100_000, 1_000_000)
COLOURS = {OURS: "#c1272d", "open3d": "#0072b2", "libigl": "#555555", "warp": "#009e73"}
TITLES = {"faces": "10,000 points near a sphere", "points": "sphere of 20,480 faces"}


class Curve(NamedTuple):
    """Milliseconds over sizes, of one implementation."""

    sizes: list[int]
    milliseconds: list[float]

    @property
    def exponent(self) -> float:
        """Slope of the straight line through the curve in logarithms."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.milliseconds), 1)[0])


def measure(
    grid: Sequence[tuple[int, int]], by: str, peers: Mapping[str, Peer]
) -> Iterator[dict[str, Any]]:
    """Rows of a grid of (subdivisions, points); `by` names the field that grows."""
    for subdivisions, n_points in grid:
        _, near = sphere_cases(subdivisions, n_points)
        jobs = {OURS: distance_job(near, None)}
        jobs |= peer_jobs(peers, "signed_distance", near)
        timings = time_jobs(jobs, 3 if n_points > 100_000 else 15)
        for name, timing in timings.items():
            yield {
                "curve": by,
                "implementation": name,
                "faces": len(near.faces),
                "points": n_points,
                "milliseconds": round(timing.milliseconds, 3),
            }


def curves_of(rows: Sequence[Mapping[str, Any]], by: str) -> dict[str, Curve]:
    """The curve of each implementation over the field `by`."""
    curves: dict[str, Curve] = {}
    for row in rows:
        if row["curve"] == by:
            curve = curves.setdefault(row["implementation"], Curve([], []))
            curve.sizes.append(row[by])
            curve.milliseconds.append(row["milliseconds"])
    return curves


def draw(curves_by: Mapping[str, Mapping[str, Curve]]) -> Figure:
    """One log-log panel per growing field, each curve named at its end."""
    figure = Figure((9.5, 4.0), layout="constrained")
    panels = figure.subplots(1, 2)
    for panel, (by, curves) in zip(panels, curves_by.items()):
        for name, curve in curves.items():
            width = 2.4 if name == OURS else 1.4
            colour = COLOURS[name]
            panel.plot(*curve, "o-", color=colour, linewidth=width, markersize=4)
        for name, height in _label_heights(curves).items():
            panel.annotate(
                name,
                (curves[name].sizes[-1], height),
                xytext=(7, 0),
                textcoords="offset points",
                va="center",
                annotation_clip=False,
                color=COLOURS[name],
                fontweight="bold" if name == OURS else "normal",
            )
        panel.set(xscale="log", yscale="log", xlabel=by, ylabel="milliseconds")
        panel.set_title(f"Signed distance, {TITLES[by]}", fontsize=10)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:,.0f}")
        panel.margins(x=0.05)
        panel.grid(True, which="major", color="#dddddd", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    return figure


def _label_heights(curves: Mapping[str, Curve]) -> dict[str, float]:
    """Where to write each name beside its curve's end, so that none covers another."""
    shown = [ms for curve in curves.values() for ms in curve.milliseconds]
    line_height = (max(shown) / min(shown)) ** 0.06
    heights: dict[str, float] = {}
    lowest = 0.0
    for name in sorted(curves, key=lambda name: curves[name].milliseconds[-1]):
        heights[name] = max(curves[name].milliseconds[-1], lowest)
        lowest = heights[name] * line_height
    return heights


def main() -> None:
    peers = installed_peers()
    grids = {
        "faces": [(subdivisions, 10_000) for subdivisions in SUBDIVISIONS],
        "points": [(5, n_points) for n_points in N_POINTS],
    }
    rows = []
    for by, grid in grids.items():
        for row in measure(grid, by, peers):
            print(json.dumps(row), flush=True)
            rows.append(row)
    curves_by = {by: curves_of(rows, by) for by in grids}
    for by, curves in curves_by.items():
        for name, curve in curves.items():
            exponent = round(curve.exponent, 2)
            row = {"curve": by, "implementation": name, "exponent": exponent}
            print(json.dumps(row))
    with atomic_path(FIGURE) as path:
        draw(curves_by).savefig(path, dpi=150)


if __name__ == "__main__":
    main()
