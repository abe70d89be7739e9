"""One panel of the preview: image, outlines, names, letters and scale, to scale."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from spine_jax.core import Volume
from spine_jax.core.labels import label_colour, label_name
from spine_jax.pipeline.reformat import Slice, sample_intensity

BACKGROUND, FRAME, TEXT, MUTED = "#0d1117", "#30363d", "#e6edf3", "#8b949e"

# Thickest outline that leaves the cortex beside it visible, in points.
_OUTLINE_WIDTH = 1.3
_HALO = [withStroke(linewidth=2.4, foreground=BACKGROUND)]
_SCALE_BARS_MM = (10, 20, 50, 100)
# A name clears the outline of its vertebra over this much above and below.
_BESIDE_MM = 8.0


def add_panel(
    figure: Figure, place_inches: tuple[float, float, float, float], view: Slice
) -> Axes:
    """Axes for a slice, in picture mm, without ticks.

    Args:
        figure: Where to add it.
        place_inches: Left, top, width and height, from the top left of the figure.
        view: What will be drawn; to scale if the width is `width_inches`.
    """
    left, top, width, height = place_inches
    paper_width, paper_height = figure.get_size_inches()
    axes = figure.add_axes(
        (
            left / paper_width,
            1.0 - (top + height) / paper_height,
            width / paper_width,
            height / paper_height,
        )
    )
    axes.set(
        xlim=(view.right_mm[0], view.right_mm[-1]),
        ylim=(view.up_mm[0], view.up_mm[-1]),
        xticks=(),
        yticks=(),
        facecolor=BACKGROUND,
    )
    for spine in axes.spines.values():
        spine.set(color=FRAME, linewidth=0.8)
    return axes


def width_inches(view: Slice, height_inches: float) -> float:
    """Width at which a panel of that height is drawn to scale."""
    return float(height_inches * np.ptp(view.right_mm) / np.ptp(view.up_mm))


def draw_image(
    axes: Axes, view: Slice, volume: Volume, window: tuple[float, float]
) -> None:
    """The slice through the scan in grey; outside the image the background shows."""
    half = 0.5 * np.array([np.diff(view.right_mm[:2])[0], np.diff(view.up_mm[:2])[0]])
    axes.imshow(
        sample_intensity(volume, view.points_mm),
        cmap=_grey(),
        vmin=window[0],
        vmax=window[1],
        origin="lower",
        extent=(
            view.right_mm[0] - half[0],
            view.right_mm[-1] + half[0],
            view.up_mm[0] - half[1],
            view.up_mm[-1] + half[1],
        ),
        aspect="auto",
        interpolation="bilinear",
    )
    # imshow widens the limits to its outermost half pixels; give them back.
    axes.set(xlim=view.right_mm[[0, -1]], ylim=view.up_mm[[0, -1]])


def draw_outlines(axes: Axes, view: Slice, covers: Mapping[int, np.ndarray]) -> None:
    """The outline of every label that the slice meets, in the label's colour.

    Args:
        axes: A panel of the same slice.
        view: The slice.
        covers: Coverage 0 to 1 by label, [H, W] each.
    """
    for number, cover in covers.items():
        if cover.max() > 0.5:
            axes.contour(
                view.right_mm,
                view.up_mm,
                cover,
                levels=[0.5],
                colors=[rgb(number)],
                linewidths=_OUTLINE_WIDTH,
            )


def draw_name(
    axes: Axes,
    view: Slice,
    number: int,
    centre_mm: tuple[float, float],
    cover: np.ndarray | None,
    *,
    on_left: bool,
) -> None:
    """A level's name beside its outline, at the height of its centre.

    Args:
        axes: A panel of the slice.
        view: The slice.
        number: Label.
        centre_mm: Picture coordinates of its centre.
        cover: Coverage by the label, [H, W]; None if it has no mask, which is shown by
            a grey name beside the centre.
        on_left: Which side of the vertebra the name goes to.
    """
    edge_mm = centre_mm[0]
    if cover is not None:
        beside = np.abs(view.up_mm - centre_mm[1]) <= _BESIDE_MM
        inside = view.right_mm[np.any(cover[beside] > 0.5, axis=0)]
        if inside.size:
            edge_mm = inside[0] if on_left else inside[-1]
    # A centre outside the panel still gets its name at the panel's edge.
    height_mm = float(np.clip(centre_mm[1], *(view.up_mm[[0, -1]] + (5.0, -5.0))))
    axes.annotate(
        label_name(number),
        (edge_mm, height_mm),
        xytext=(-6 if on_left else 6, 0),
        textcoords="offset points",
        ha="right" if on_left else "left",
        va="center",
        color=MUTED if cover is None else rgb(number),
        fontsize=10,
        fontweight="bold",
        path_effects=_HALO,
    )


def draw_cut(
    axes: Axes, view: Slice, centre_mm: np.ndarray, normal: np.ndarray
) -> None:
    """The dashed line along which the plane through a point meets the slice."""
    height_mm = (view.points_mm - centre_mm) @ normal
    axes.contour(
        view.right_mm,
        view.up_mm,
        height_mm,
        levels=[0.0],
        colors=[TEXT],
        alpha=0.55,
        linewidths=0.9,
        linestyles="dashed",
    )


def draw_dots(axes: Axes, right_mm: np.ndarray, up_mm: np.ndarray) -> None:
    """Small dots at picture coordinates [B] mm."""
    axes.plot(
        right_mm,
        up_mm,
        linestyle="none",
        marker="o",
        markersize=3.5,
        color=TEXT,
        markeredgecolor=BACKGROUND,
        markeredgewidth=0.8,
    )


def draw_frame(axes: Axes, view: Slice, title: str) -> None:
    """Title above, orientation letters at the edges and a scale bar."""
    axes.set_title(title, loc="left", color=TEXT, fontsize=11, fontweight="bold", pad=7)
    places = ((0.0, 0.5, 5, 0), (1.0, 0.5, -5, 0), (0.5, 0.0, 0, 5), (0.5, 1.0, 0, -5))
    for letter, (x, y, dx, dy) in zip(view.letters, places):
        axes.annotate(
            letter,
            (x, y),
            xycoords="axes fraction",
            xytext=(dx, dy),
            textcoords="offset points",
            ha=("left" if dx > 0 else "right") if dx else "center",
            va=("bottom" if dy > 0 else "top") if dy else "center",
            color=TEXT,
            fontsize=10,
            path_effects=_HALO,
        )
    _draw_scale_bar(axes, view)


def rgb(number: int) -> tuple[float, float, float]:
    """The colour of a label, 0 to 1."""
    red, green, blue = label_colour(number)
    return red / 255, green / 255, blue / 255


def _draw_scale_bar(axes: Axes, view: Slice) -> None:
    width_mm = np.ptp(view.right_mm)
    length_mm = max(
        (bar for bar in _SCALE_BARS_MM if bar <= 0.35 * width_mm),
        default=_SCALE_BARS_MM[0],
    )
    # Names stand left of a sagittal spine and right of a coronal one.
    x0 = view.right_mm[0] + 0.04 * width_mm
    if view.letters.startswith("A"):
        x0 = view.right_mm[-1] - 0.04 * width_mm - length_mm
    y0 = view.up_mm[0] + 0.04 * width_mm
    axes.plot(
        [x0, x0 + length_mm],
        [y0, y0],
        color=TEXT,
        linewidth=2,
        solid_capstyle="butt",
        path_effects=_HALO,
    )
    axes.annotate(
        f"{length_mm} mm",
        (x0, y0),
        xytext=(0, 4),
        textcoords="offset points",
        color=TEXT,
        fontsize=8,
        path_effects=_HALO,
    )


def _grey() -> Colormap:
    grey = LinearSegmentedColormap.from_list("bone", ["#000000", "#f2f2f2"])
    return grey.with_extremes(bad=BACKGROUND)
