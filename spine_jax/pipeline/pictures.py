"""Pictures of a result as PNG files: the preview and the learned appearance."""

import os

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spine_jax.core import Centroids, LabelVolume, Volume, check_shapes
from spine_jax.io.atomic import atomic_path
from spine_jax.pipeline.panels import BACKGROUND, FRAME, MUTED, TEXT
from spine_jax.pipeline.preview import preview_figure

_DPI = 140
_CURVE, _OBSERVED = "#58a6ff", "#d29922"
# Voxels per bin below which quartiles say nothing.
_LEAST_PER_BIN = 20


def draw_preview(
    path: str | os.PathLike,
    volume: Volume,
    labels: LabelVolume,
    centroids: Centroids | None = None,
) -> None:
    """Write `preview.preview_figure` as a PNG, atomically."""
    _write_png(path, preview_figure(volume, labels, centroids))


def draw_appearance(
    path: str | os.PathLike,
    distance_mm: np.ndarray,
    intensity_hu: np.ndarray,
    *,
    observed_distance_mm: np.ndarray | None = None,
    observed_hu: np.ndarray | None = None,
) -> None:
    """Write the learned appearance f(d) as a PNG, atomically.

    Args:
        path: Where to write.
        distance_mm: Signed distances, [N] mm ascending, negative inside.
        intensity_hu: f at these distances, [N] HU.
        observed_distance_mm: Signed distances of voxels, [M] mm. If given, the middle
            half of their intensities at each distance is drawn under the curve.
        observed_hu: Intensities of these voxels, [M] HU.

    Raises:
        ValueError: if the arrays of a pair differ in length.
    """
    check_shapes(distance_mm=(distance_mm, "N"), intensity_hu=(intensity_hu, "N"))
    figure = Figure((7.0, 4.2), facecolor=BACKGROUND, layout="constrained")
    axes = figure.add_subplot(facecolor=BACKGROUND)
    _draw_surface(axes, float(np.min(distance_mm)))
    if observed_distance_mm is not None and observed_hu is not None:
        _draw_observed(axes, distance_mm, observed_distance_mm, observed_hu)
    axes.plot(distance_mm, intensity_hu, color=_CURVE, linewidth=2.4, label="learned")
    axes.set_xlim(float(np.min(distance_mm)), float(np.max(distance_mm)))
    axes.set_xlabel("signed distance to the surface (mm)", color=TEXT)
    axes.set_ylabel("intensity (HU)", color=TEXT)
    axes.set_title(
        "Appearance", loc="left", color=TEXT, fontsize=12, fontweight="bold", pad=10
    )
    axes.tick_params(colors=MUTED, labelcolor=TEXT)
    axes.grid(color=FRAME, linewidth=0.6)
    axes.set_axisbelow(True)
    for name, spine in axes.spines.items():
        spine.set(color=FRAME, visible=name in ("left", "bottom"))
    axes.legend(frameon=False, labelcolor=TEXT, loc="upper right")
    _write_png(path, figure)


def _draw_surface(axes: Axes, deepest_mm: float) -> None:
    axes.axvspan(deepest_mm, 0.0, color=TEXT, alpha=0.05, linewidth=0)
    axes.axvline(0.0, color=MUTED, linewidth=1.0, linestyle="dashed")
    for offset, side, name in ((-6, "right", "inside"), (6, "left", "outside")):
        axes.annotate(
            name,
            (0.0, 0.0),
            xycoords=("data", "axes fraction"),
            xytext=(offset, 6),
            textcoords="offset points",
            ha=side,
            color=MUTED,
            fontsize=9,
        )


def _draw_observed(
    axes: Axes, range_mm: np.ndarray, distance_mm: np.ndarray, hu: np.ndarray
) -> None:
    """The quartiles of intensity in half-millimetre bins of distance."""
    check_shapes(
        observed_distance_mm=(distance_mm, "M"),
        observed_hu=(hu, "M"),
    )
    edges_mm = np.arange(np.min(range_mm), np.max(range_mm) + 0.5, 0.5)
    which = np.digitize(distance_mm, edges_mm) - 1
    centres_mm, quartiles = [], []
    for index, centre_mm in enumerate(0.5 * (edges_mm[1:] + edges_mm[:-1])):
        inside = np.asarray(hu)[which == index]
        if len(inside) >= _LEAST_PER_BIN:
            centres_mm.append(centre_mm)
            quartiles.append(np.percentile(inside, (25, 50, 75)))
    if not quartiles:
        return
    lower, median, upper = np.transpose(quartiles)
    axes.fill_between(
        centres_mm, lower, upper, color=_OBSERVED, alpha=0.22, linewidth=0
    )
    axes.plot(
        centres_mm, median, color=_OBSERVED, linewidth=1.2, label="voxels, median"
    )


def _write_png(path: str | os.PathLike, figure: Figure) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
