"""Slices that follow the spine, sampled from a grid of any orientation.

A picture has its own axes in mm, to the right and up, so that it is drawn to scale
whatever the voxels are. Patient right is on the left of the picture, as radiologists
look at it, and anterior is on the left of a sagittal one.
"""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import distance_transform_edt, find_objects, map_coordinates

from spine_jax.core import (
    Centroids,
    LabelVolume,
    Volume,
    mm_to_vox,
    orientation_codes,
    spacing_mm,
    vox_to_mm,
)
from spine_jax.core.labels import anatomical_rank, is_vertebra

Region = tuple[slice, ...]

# The curve through the bodies is steep where two centres share a height; closer ones
# than this are one point of the curve.
_LEAST_RISE_MM = 2.0
# Thickness need not be known finer than this to tell the body from the processes.
_THICKNESS_GRID_MM = 1.5


@dataclasses.dataclass(frozen=True)
class Slice:
    """A flat or curved surface through the patient and its place on paper.

    Attributes:
        points_mm: [H, W, 3] RAS+ mm; row 0 is the bottom, column 0 the left.
        right_mm: Picture coordinate of the columns, [W] mm, ascending.
        up_mm: Picture coordinate of the rows, [H] mm, ascending.
        letters: Where the left, right, bottom and top edges look, such as `"APIS"`.
    """

    points_mm: np.ndarray
    right_mm: np.ndarray
    up_mm: np.ndarray
    letters: str


def label_regions(labels: LabelVolume) -> dict[int, Region]:
    """Bounding boxes of the vertebrae that occur, from cranial to caudal."""
    found = find_objects(np.asarray(labels.array))
    regions = {
        k: region
        for k, region in enumerate(found, start=1)
        if region is not None and is_vertebra(k)
    }
    return {k: regions[k] for k in sorted(regions, key=anatomical_rank)}


def body_centre_mm(labels: LabelVolume, number: int, region: Region) -> np.ndarray:
    """Centre of the vertebral body, [3] RAS+ mm: the middle of the thickest part.

    The body is the only part of a vertebra that is thick in every direction, so the
    voxels deeper than 60 % of the greatest depth lie in it.
    """
    spacing = spacing_mm(labels.affine_vox_to_mm)
    stride = np.maximum(1, (_THICKNESS_GRID_MM / spacing).astype(int))
    thinned = tuple(slice(r.start, r.stop, step) for r, step in zip(region, stride))
    mask = np.pad(np.asarray(labels.array[thinned]) == number, 1)
    depth_mm = np.asarray(distance_transform_edt(mask, sampling=spacing * stride))
    deep = np.argwhere(depth_mm >= 0.6 * depth_mm.max()) - 1
    start = np.array([r.start for r in region])
    return vox_to_mm(labels.affine_vox_to_mm, start + deep.mean(axis=0) * stride)


def body_centres_mm(
    labels: LabelVolume, centroids: Centroids | None
) -> dict[int, np.ndarray]:
    """Centre per vertebra, [3] RAS+ mm, from cranial to caudal.

    The given centroids, and for labels without one the centre of the mask's body.
    """
    centres_mm = {
        k: body_centre_mm(labels, k, region)
        for k, region in label_regions(labels).items()
        if centroids is None or k not in centroids.labels
    }
    if centroids is not None:
        centres_mm |= dict(zip(centroids.labels, np.asarray(centroids.points_mm)))
    return {k: centres_mm[k] for k in sorted(centres_mm, key=anatomical_rank)}


def cut_above_or_below(labels: LabelVolume, region: Region) -> bool:
    """Whether a box reaches the top or bottom of the image, by either of its ends.

    The centre of what is left of such a vertebra is not the centre of its body.
    """
    codes = orientation_codes(labels.affine_vox_to_mm)
    axis = next(i for i, code in enumerate(codes) if code in "SI")
    return region[axis].start == 0 or region[axis].stop == labels.array.shape[axis]


def corners_mm(affine_vox_to_mm: np.ndarray, regions: Iterable[Region]) -> np.ndarray:
    """Outer corners of boxes of voxels, [8 per box, 3] RAS+ mm."""
    corners_vox = [
        np.stack(np.meshgrid(*[(r.start - 0.5, r.stop - 0.5) for r in box]), axis=-1)
        for box in regions
    ]
    return vox_to_mm(affine_vox_to_mm, np.array(corners_vox).reshape(-1, 3))


def spine_curve(
    points_mm: Iterable[np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """The smooth curve through at least one point, as a function of height.

    Returns:
        z [...] mm -> (x, y) [..., 2] mm; beyond the outermost points it goes straight
        up and down.
    """
    ordered = sorted(points_mm, key=lambda point: point[2])
    kept = [ordered[0]]
    for point in ordered[1:]:
        if point[2] - kept[-1][2] >= _LEAST_RISE_MM:
            kept.append(point)
    points = np.array(kept)
    if len(points) == 1:
        return lambda z_mm: np.broadcast_to(points[0, :2], (*np.shape(z_mm), 2))
    through = PchipInterpolator(points[:, 2], points[:, :2])
    return lambda z_mm: through(np.clip(z_mm, points[0, 2], points[-1, 2]))


def spine_direction(points_mm: np.ndarray, index: int) -> np.ndarray:
    """Unit direction of the spine at one of its points, [3], towards the head.

    Args:
        points_mm: Centres from cranial to caudal, [N, 3] mm.
        index: Which of them. The chord between its neighbours is the direction; a
            single point gives straight up.
    """
    above = points_mm[max(index - 1, 0)]
    below = points_mm[min(index + 1, len(points_mm) - 1)]
    length_mm = np.linalg.norm(above - below)
    if length_mm == 0:
        return np.array([0.0, 0.0, 1.0])
    return (above - below) / length_mm


def sagittal_slice(
    curve: Callable, low_mm: np.ndarray, high_mm: np.ndarray, step_mm: float
) -> Slice:
    """The curved sagittal slice: true y and z, and x where the spine is at that z.

    Args:
        curve: What `spine_curve` returned.
        low_mm: Lower corner of the box to show, [3] RAS+ mm.
        high_mm: Upper corner.
        step_mm: Distance between samples.
    """
    right, up = (
        _axis(-high_mm[1], -low_mm[1], step_mm),
        _axis_z(low_mm, high_mm, step_mm),
    )
    across, z = np.meshgrid(right, up)
    return Slice(np.stack([curve(z)[..., 0], -across, z], axis=-1), right, up, "APIS")


def coronal_slice(
    curve: Callable, low_mm: np.ndarray, high_mm: np.ndarray, step_mm: float
) -> Slice:
    """The curved coronal slice: true x and z, and y where the spine is at that z.

    Args as in `sagittal_slice`.
    """
    right, up = (
        _axis(-high_mm[0], -low_mm[0], step_mm),
        _axis_z(low_mm, high_mm, step_mm),
    )
    across, z = np.meshgrid(right, up)
    return Slice(np.stack([-across, curve(z)[..., 1], z], axis=-1), right, up, "RLIS")


def axial_slice(
    centre_mm: np.ndarray,
    normal: np.ndarray,
    low_mm: np.ndarray,
    high_mm: np.ndarray,
    step_mm: float,
) -> Slice:
    """The flat slice through a centre, square to a direction along the spine.

    Args:
        centre_mm: Point of the slice, [3] RAS+ mm; origin of the picture.
        normal: Unit direction towards the head, [3].
        low_mm: Lower corner of what must be seen, relative to the centre, [2] mm to
            the patient's right and anterior.
        high_mm: Upper corner.
        step_mm: Distance between samples.
    """
    to_right, to_front = axial_axes(normal)
    right, up = (
        _axis(-high_mm[0], -low_mm[0], step_mm),
        _axis(low_mm[1], high_mm[1], step_mm),
    )
    across, front = np.meshgrid(right, up)
    points = centre_mm - across[..., None] * to_right + front[..., None] * to_front
    return Slice(points, right, up, "RLPA")


def axial_axes(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit directions [3] to the patient's right and front within an axial slice."""
    to_right = np.array([1.0, 0.0, 0.0]) - normal[0] * normal
    to_right /= np.linalg.norm(to_right)
    return to_right, np.cross(normal, to_right)


def sample_intensity(volume: Volume, points_mm: np.ndarray) -> np.ndarray:
    """Trilinear intensities [...] at points [..., 3] mm; NaN outside the image."""
    points_vox = mm_to_vox(volume.affine_vox_to_mm, points_mm)
    return map_coordinates(
        np.asarray(volume.array, np.float32),
        np.moveaxis(points_vox, -1, 0),
        order=1,
        cval=np.nan,
    )


def sample_mask(
    labels: LabelVolume, number: int, region: Region, points_mm: np.ndarray
) -> np.ndarray:
    """How much one label covers points [..., 3] mm: trilinear, 0 to 1.

    The level 0.5 is a smooth outline, also between thick slices.
    """
    crop = np.pad(np.asarray(labels.array[region]) == number, 1).astype(np.float32)
    start = np.array([r.start - 1 for r in region])
    points_vox = mm_to_vox(labels.affine_vox_to_mm, points_mm) - start
    near = np.all((points_vox > 0) & (points_vox < np.array(crop.shape) - 1), axis=-1)
    cover = np.zeros(points_mm.shape[:-1], np.float32)
    cover[near] = map_coordinates(crop, points_vox[near].T, order=1)
    return cover


def _axis(low_mm: float, high_mm: float, step_mm: float) -> np.ndarray:
    return np.linspace(low_mm, high_mm, max(2, round((high_mm - low_mm) / step_mm) + 1))


def _axis_z(low_mm: np.ndarray, high_mm: np.ndarray, step_mm: float) -> np.ndarray:
    return _axis(low_mm[2], high_mm[2], step_mm)
