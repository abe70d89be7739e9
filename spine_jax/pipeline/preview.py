"""The preview of a labelled scan: three slices along the spine on one sheet."""

import dataclasses

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spine_jax.core import Centroids, LabelVolume, Volume, mm_to_vox
from spine_jax.core.labels import label_name
from spine_jax.pipeline import panels, reformat
from spine_jax.pipeline.reformat import Body, Region, Slice

Place = tuple[float, float, float, float]  # left, top, width, height in inches

BONE_WINDOW_HU = (-300.0, 1200.0)
# Lung and air in HU are darker than this; intensities on another scale rarely are.
_AIR_HU = -300.0
# Percentiles of about this many voxels are those of the scan.
_WINDOW_VOXELS = 2_000_000

# Inches of paper.
_EDGE, _GAP, _TITLE, _NAME = 0.3, 0.34, 0.5, 0.5
_CAPTION_WIDTH, _CAPTION_HEIGHT = 3.5, 0.6
# Tissue shown around the vertebrae: left-right, front-back, up-down.
_MARGIN_MM = np.array([25.0, 30.0, 15.0])
_AXIAL_MARGIN_MM = 18.0
# Samples along the height of a long panel; about one per pixel of the PNG.
_ROWS = 800


@dataclasses.dataclass(frozen=True)
class _Scene:
    """What there is to draw and where it lies.

    Attributes:
        volume: The scan.
        window: Intensities drawn black and white.
        labels: The label map.
        regions: Box of each vertebra in the label map.
        bodies: Body of each vertebra, from masks and centroids together.
        dots_mm: Centroids that were given, [B, 3].
        extent_mm: Points that must be seen, [N, 3].
        spine_mm: Points the long slices follow, [N, 3], from cranial to caudal.
        middle: Label of the vertebra in the middle of these, None if there is none.
        centre_mm: Its centre, [3].
        normal: Direction of the spine there, [3], towards the head.
    """

    volume: Volume
    window: tuple[float, float]
    labels: LabelVolume
    regions: dict[int, Region]
    bodies: dict[int, Body]
    dots_mm: np.ndarray
    extent_mm: np.ndarray
    spine_mm: np.ndarray
    middle: int | None
    centre_mm: np.ndarray
    normal: np.ndarray


def preview_figure(
    volume: Volume, labels: LabelVolume, centroids: Centroids | None = None
) -> Figure:
    """Sagittal, coronal and axial slices with outlined and named vertebrae.

    The first two follow the spine through the vertebral bodies, so that a curved spine
    is seen whole; the axial one lies square to the spine in the middle vertebra, where
    dashed lines mark it. All are drawn to scale, whatever the voxel grids.

    Args:
        volume: The scan; shown in the bone window, or from its 1st to its 99.8th
            percentile if it holds nothing as dark as air in HU.
        labels: Vertebrae, on any grid in the same space.
        centroids: Centres for the slices to go through, drawn as dots; a vertebra
            without one uses the middle of its body in `labels`.
    """
    scene = _scene(volume, labels, centroids)
    sagittal, coronal = _long_slices(scene)
    axial = _short_slice(scene)
    height_mm = np.ptp(sagittal.up_mm)
    long = _long_inches(height_mm)
    short = _short_inches(axial, long / height_mm, long - _CAPTION_HEIGHT)

    views, heights = (sagittal, coronal, axial), (long, long, short)
    widths = [panels.width_inches(v, h) for v, h in zip(views, heights)]
    lefts = np.cumsum([_EDGE, widths[0] + _GAP, widths[1] + _GAP])
    figure = Figure(
        (lefts[2] + max(widths[2], _CAPTION_WIDTH) + _EDGE, _TITLE + long + _EDGE),
        facecolor=panels.BACKGROUND,
    )
    places = [(x, _TITLE, w, h) for x, w, h in zip(lefts, widths, heights)]
    _draw_long(figure, places[0], sagittal, scene, "Sagittal", across=1)
    _draw_long(figure, places[1], coronal, scene, "Coronal", across=0)
    name = "" if scene.middle is None else f"  {label_name(scene.middle)}"
    _draw_panel(figure, places[2], axial, scene, f"Axial{name}")
    _draw_caption(figure, lefts[2], _TITLE + short, scene)
    return figure


def _scene(volume: Volume, labels: LabelVolume, centroids: Centroids | None) -> _Scene:
    regions = reformat.label_regions(labels)
    bodies = reformat.find_bodies(labels, regions, centroids)
    whole = {k: body for k, body in bodies.items() if body.whole}
    steering = whole or bodies
    spine_mm = np.array([body.centre_mm for body in steering.values()])
    extent_mm = np.concatenate(
        [
            np.reshape([body.centre_mm for body in bodies.values()], (-1, 3)),
            reformat.corners_mm(labels.affine_vox_to_mm, regions.values()),
        ]
    )
    if not bodies:
        extent_mm = _image_corners_mm(volume)
        spine_mm = extent_mm.mean(axis=0, keepdims=True)
    index = len(spine_mm) // 2
    return _Scene(
        volume=volume,
        window=_window(volume),
        labels=labels,
        regions=regions,
        bodies=bodies,
        dots_mm=np.zeros((0, 3))
        if centroids is None
        else np.asarray(centroids.points_mm),
        extent_mm=extent_mm,
        spine_mm=spine_mm,
        middle=list(steering)[index] if steering else None,
        centre_mm=spine_mm[index],
        normal=reformat.spine_direction(spine_mm, index),
    )


def _long_slices(scene: _Scene) -> tuple[Slice, Slice]:
    """Sagittal and coronal slice of one height, with room for the names."""
    image_mm = _image_corners_mm(scene.volume)
    low_mm, high_mm = scene.extent_mm.min(axis=0), scene.extent_mm.max(axis=0)
    low_mm = np.minimum(low_mm, np.maximum(low_mm - _MARGIN_MM, image_mm.min(axis=0)))
    high_mm = np.maximum(
        high_mm, np.minimum(high_mm + _MARGIN_MM, image_mm.max(axis=0))
    )
    height_mm = high_mm[2] - low_mm[2]
    # Names stand in front of the spine and on the patient's left of it.
    room_mm = _NAME * height_mm / _long_inches(height_mm)
    low_mm[0] = min(low_mm[0], scene.extent_mm[:, 0].min() - room_mm)
    high_mm[1] = max(high_mm[1], scene.extent_mm[:, 1].max() + room_mm)

    curve = reformat.spine_curve(scene.spine_mm)
    step_mm = height_mm / _ROWS
    return (
        reformat.sagittal_slice(curve, low_mm, high_mm, step_mm),
        reformat.coronal_slice(curve, low_mm, high_mm, step_mm),
    )


def _short_slice(scene: _Scene) -> Slice:
    """The axial slice, just wide enough for the middle vertebra and a margin."""
    offsets_mm = (scene.extent_mm - scene.centre_mm) @ np.stack(
        reformat.axial_axes(scene.normal), axis=1
    )
    low_mm, high_mm = offsets_mm.min(axis=0), offsets_mm.max(axis=0)
    if scene.middle in scene.regions:
        coarse = reformat.axial_slice(
            scene.centre_mm, scene.normal, low_mm, high_mm, step_mm=1.0
        )
        cover = reformat.sample_mask(
            scene.labels,
            scene.middle,
            scene.regions[scene.middle],
            mm_to_vox(scene.labels.affine_vox_to_mm, coarse.points_mm),
        )
        rows, columns = np.nonzero(cover > 0.5)
        if rows.size:
            to_right_mm = -coarse.right_mm[columns]
            low_mm = np.array([to_right_mm.min(), coarse.up_mm[rows].min()])
            high_mm = np.array([to_right_mm.max(), coarse.up_mm[rows].max()])
    low_mm, high_mm = low_mm - _AXIAL_MARGIN_MM, high_mm + _AXIAL_MARGIN_MM
    step_mm = float(np.max(high_mm - low_mm)) / _ROWS
    return reformat.axial_slice(scene.centre_mm, scene.normal, low_mm, high_mm, step_mm)


def _long_inches(height_mm: float) -> float:
    """Height of the long panels: more for a whole spine, little for one vertebra."""
    most = 0.034 * height_mm
    return float(min(np.clip(0.024 * height_mm, 5.2, 9.0), most))


def _short_inches(axial: Slice, scale: float, most: float) -> float:
    """Height of the axial panel: the scale of the others, larger if that is small."""
    scale = max(scale, 3.6 / np.ptp(axial.right_mm))
    return float(min(scale * np.ptp(axial.up_mm), most))


def _draw_panel(
    figure: Figure, place_inches: Place, view: Slice, scene: _Scene, title: str
) -> tuple[Axes, dict[int, np.ndarray]]:
    """Image, outlines and frame of one slice.

    Returns:
        The panel, and by label how much of each sample it covers, [H, W].
    """
    axes = panels.add_panel(figure, place_inches, view)
    panels.draw_image(axes, view, scene.volume, scene.window)
    points_vox = mm_to_vox(scene.labels.affine_vox_to_mm, view.points_mm)
    covers = {
        k: reformat.sample_mask(scene.labels, k, region, points_vox)
        for k, region in scene.regions.items()
    }
    panels.draw_outlines(axes, view, covers)
    panels.draw_frame(axes, view, title)
    return axes, covers


def _draw_long(
    figure: Figure,
    place_inches: Place,
    view: Slice,
    scene: _Scene,
    title: str,
    *,
    across: int,
) -> None:
    """A slice along the spine, with names, the axial cut and the given centroids.

    Its picture coordinates are minus the world axis `across`, and z.
    """
    axes, covers = _draw_panel(figure, place_inches, view, scene, title)
    for number, body in scene.bodies.items():
        panels.draw_name(
            axes,
            view,
            number,
            (-body.centre_mm[across], body.centre_mm[2]),
            covers.get(number),
            on_left=title == "Sagittal",
        )
    panels.draw_cut(axes, view, scene.centre_mm, scene.normal)
    panels.draw_dots(axes, -scene.dots_mm[:, across], scene.dots_mm[:, 2])


def _draw_caption(
    figure: Figure, left_inch: float, top_inch: float, scene: _Scene
) -> None:
    low, high = scene.window
    unit = " HU" if (low, high) == BONE_WINDOW_HU else ""
    width, height = figure.get_size_inches()
    figure.text(
        left_inch / width,
        1.0 - (top_inch + 0.14) / height,
        "Sagittal and coronal slices follow the vertebral bodies.\n"
        f"Dashed: axial slice. Window {low:.0f} to {high:.0f}{unit}.".replace("-", "−"),
        color=panels.MUTED,
        fontsize=8,
        va="top",
        linespacing=1.5,
    )


def _window(volume: Volume) -> tuple[float, float]:
    array = np.asarray(volume.array)
    if np.nanmin(array) < _AIR_HU:
        return BONE_WINDOW_HU
    step = 1 + array.size // _WINDOW_VOXELS
    low, high = np.nanpercentile(array.ravel()[::step], (1.0, 99.8))
    return float(low), float(max(high, low + 1.0))


def _image_corners_mm(volume: Volume) -> np.ndarray:
    whole = tuple(slice(0, n) for n in volume.array.shape)
    return reformat.corners_mm(volume.affine_vox_to_mm, [whole])
