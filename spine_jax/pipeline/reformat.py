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


@dataclasses.dataclass(frozen=True)
class Body:
    """Where the body of a vertebra is.

    Attributes:
        centre_mm: [3] RAS+ mm.
        whole: False if the image cuts it above or below: the centre is then that of
            what is left, and no place for a slice to go through.
    """

    centre_mm: np.ndarray
    whole: bool


def find_body(labels: LabelVolume, number: int, region: Region) -> Body:
    """The vertebral body in a mask: its thickest part.

    The body is the only part of a vertebra that is thick in every direction, so the
    voxels deeper than 60 % of the greatest depth lie in it. The image cuts the body if
    its top or bottom is hardly farther from the middle of these voxels than they are
    deep.
    """
    spacing = spacing_mm(labels.affine_vox_to_mm)
    stride = np.maximum(1, (_THICKNESS_GRID_MM / spacing).astype(int))
    thinned = tuple(slice(r.start, r.stop, step) for r, step in zip(region, stride))
    mask = np.pad(np.asarray(labels.array[thinned]) == number, 1)
    depth_mm = np.asarray(distance_transform_edt(mask, sampling=spacing * stride))
    deepest_mm = float(depth_mm.max())
    deep_vox = np.argwhere(depth_mm >= 0.6 * deepest_mm)
    start = np.array([r.start for r in region])
    centre_vox = start + (deep_vox.mean(axis=0) - 1) * stride

    codes = orientation_codes(labels.affine_vox_to_mm)
    axis = next(i for i, code in enumerate(codes) if code in "SI")
    from_start_vox = centre_vox[axis] + 0.5
    to_end_vox = min(from_start_vox, labels.array.shape[axis] - from_start_vox)
    return Body(
        vox_to_mm(labels.affine_vox_to_mm, centre_vox),
        whole=bool(to_end_vox * spacing[axis] > 1.2 * deepest_mm),
    )


def find_bodies(
    labels: LabelVolume, regions: dict[int, Region], centroids: Centroids | None
) -> dict[int, Body]:
    """Bodies from cranial to caudal: as the centroids say, else from the masks."""
    bodies = {}
    if centroids is not None:
        points_mm = np.asarray(centroids.points_mm, np.float64)
        bodies = {k: Body(p, whole=True) for k, p in zip(centroids.labels, points_mm)}
    for number, region in regions.items():
        if number not in bodies:
            bodies[number] = find_body(labels, number, region)
    return {k: bodies[k] for k in sorted(bodies, key=anatomical_rank)}


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

    It is the chord between the neighbours, or straight up for a single point and where
    the chord is more than 60 degrees off, as between points that are out of order.

    Args:
        points_mm: Centres from cranial to caudal, [N, 3] mm.
        index: Which of them.
    """
    above = points_mm[max(index - 1, 0)]
    below = points_mm[min(index + 1, len(points_mm) - 1)]
    rise_mm, length_mm = above[2] - below[2], np.linalg.norm(above - below)
    if length_mm == 0 or rise_mm < 0.5 * length_mm:
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
    labels: LabelVolume, number: int, region: Region, points_vox: np.ndarray
) -> np.ndarray:
    """How much one label covers voxel positions [..., 3]: trilinear, 0 to 1.

    The level 0.5 is a smooth outline, also between thick slices.
    """
    crop = np.pad(np.asarray(labels.array[region]) == number, 1).astype(np.float32)
    low = np.array([r.start - 1 for r in region])
    high = np.array([r.stop for r in region])
    near = np.all((points_vox > low) & (points_vox < high), axis=-1)
    cover = np.zeros(points_vox.shape[:-1], np.float32)
    cover[near] = map_coordinates(crop, (points_vox[near] - low).T, order=1)
    return cover


def _axis(low_mm: float, high_mm: float, step_mm: float) -> np.ndarray:
    return np.linspace(low_mm, high_mm, max(2, round((high_mm - low_mm) / step_mm) + 1))


def _axis_z(low_mm: np.ndarray, high_mm: np.ndarray, step_mm: float) -> np.ndarray:
    return _axis(low_mm[2], high_mm[2], step_mm)
