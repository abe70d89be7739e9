"""Where the spine runs through a binary mask of vertebrae: a line through the bodies.

Bodies are by far the thickest bone of a spine. The line is the path from head to foot
that lies deepest in the bone, found by dynamic programming; gaps between bodies, holes
and blobs beside the spine do not turn it.
"""

import dataclasses
import itertools

import numpy as np
from scipy import ndimage

from spine_jax.core import InputError, mm_to_vox, vox_to_mm, voxel_volume_mm3

BEYOND_MM = 45
"""The line goes on straight behind its ends, where a body may be cut."""
_MARGIN_MM = 10.0
_SMALLEST_MM3 = 1500.0
_COARSE_MM = 2.0
_BLUR_MM = (3.0, 3.0, 9.0)
"""Along the spine more, so that discs do not break the line."""
_DEEPEST_MM, _TYPICAL_DEPTH_MM = 14.0, 10.0
_LEAST_SEEN = 0.15
_BEND_COST = 0.02
_ON_BONE = 0.3
_SHORTEST_MM = 12.0
_SMOOTH_MM = 9.0
_RECENTRE_MM = 16.0
_RECENTRED = 2
_ARCH_REACH_MM = 55.0
_TURN_MM, _UPRIGHT = 30.0, 0.3


@dataclasses.dataclass(frozen=True)
class Bone:
    """A mask, cut to its box, to be looked up anywhere.

    Attributes:
        mask: [X, Y, Z] bool, with a margin of one voxel: what lies in it is a copy of
            the outermost voxels at the border of the image, and empty elsewhere.
        affine_vox_to_mm: [4, 4], of that array.
        image_box: First and last index of the image's voxels in that array, [2, 3].
    """

    mask: np.ndarray
    affine_vox_to_mm: np.ndarray
    image_box: np.ndarray

    def at(self, points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bone at points [..., 3], 0 to 1 with 0 outside of the image, and whether
        they lie in the image, [...] each."""
        place = mm_to_vox(self.affine_vox_to_mm, points_mm)
        seen = np.all(
            (place >= self.image_box[0] - 0.5) & (place <= self.image_box[1] + 0.5), -1
        )
        share = ndimage.map_coordinates(
            self.mask, np.moveaxis(place, -1, 0), np.float32, order=1, mode="constant"
        )
        return np.where(seen, share, np.float32(0)), seen


@dataclasses.dataclass(frozen=True)
class SpineLine:
    """Points 1 mm apart from head to foot, with `BEYOND_MM` of them behind each end.

    Attributes:
        points_mm: [S, 3].
        down, forward, right: Unit directions of the patient there, [S, 3].
    """

    points_mm: np.ndarray
    down: np.ndarray
    forward: np.ndarray
    right: np.ndarray


def bone_of_mask(mask: np.ndarray, affine_vox_to_mm: np.ndarray) -> Bone:
    """A mask without small pieces and with its cavities filled.

    Args:
        mask: [X, Y, Z] bool, any orientation and spacing.
        affine_vox_to_mm: [4, 4].

    Raises:
        InputError: `EMPTY-MASK` where nothing of the size of a vertebra is left.
    """
    boxes = ndimage.find_objects(mask.astype(np.uint8)) or [(slice(0, 1),) * 3]
    start = np.array([axis.start for axis in boxes[0]])
    solid = np.asarray(ndimage.binary_fill_holes(mask[boxes[0]]))
    solid = _without_small_pieces(solid, voxel_volume_mm3(affine_vox_to_mm))
    if not solid.any():
        raise InputError(
            "EMPTY-MASK",
            "mask",
            "no piece as large as a part of a vertebra",
            "a mask of vertebrae",
            "looking at the mask; a segmentation may have found nothing",
        )
    stop = start + solid.shape
    at_border = np.stack([start == 0, stop == mask.shape], axis=1)
    padded = np.pad(
        np.pad(solid, at_border.astype(int), mode="edge"), (~at_border).astype(int)
    )
    affine = affine_vox_to_mm.copy()
    affine[:3, 3] = vox_to_mm(affine_vox_to_mm, start - 1)
    box = np.array([np.zeros(3), np.array(mask.shape) - 1]) - (start - 1)
    return Bone(padded, affine, box)


def _without_small_pieces(mask: np.ndarray, voxel_mm3: float) -> np.ndarray:
    parts = np.empty(mask.shape, np.int32)
    ndimage.label(mask, output=parts)
    large = np.bincount(parts.ravel()) * voxel_mm3 >= _SMALLEST_MM3
    large[0] = False
    return large[parts]


def spine_line(bone: Bone) -> SpineLine:
    """The line through the bodies of a mask.

    Raises:
        InputError: `NO-SPINE` where the bone is too short to have a direction.
    """
    height_mm = float(np.ptp(_corners_mm(bone)[:, 2]))
    if height_mm < _SHORTEST_MM:
        raise InputError(
            "NO-SPINE",
            "mask",
            f"bone over {height_mm:.0f} mm from head to foot",
            f"at least {_SHORTEST_MM:.0f} mm, most of a vertebra",
            "another mask, or one whose header tells where the head is",
        )
    fullness, origin_mm = _fullness(bone)
    path = _fullest_path(fullness)
    path = np.column_stack([path, np.arange(len(path))])
    on_path = fullness[tuple(path.T)]
    used = np.flatnonzero(on_path > _ON_BONE * np.quantile(on_path, 0.9))
    points_mm = origin_mm + _COARSE_MM * path[used[0] : used[-1] + 1][::-1]
    points_mm = _evenly(_smooth(points_mm, _SMOOTH_MM / _COARSE_MM))
    for _ in range(_RECENTRED):
        points_mm = _recentred(fullness, origin_mm, points_mm)
        points_mm = _evenly(_smooth(points_mm, _SMOOTH_MM))
    points_mm, down = _lengthened(points_mm, _down(points_mm))
    forward = _forward(fullness, origin_mm, points_mm, down)
    return SpineLine(points_mm, down, forward, np.cross(down, forward))


def _fullness(bone: Bone) -> tuple[np.ndarray, np.ndarray]:
    """How deep in the bone a place is, blurred, on a coarse grid along the world's
    axes, and the centre of its first voxel, mm. Next to the border of the image what is
    seen of it counts."""
    corners_mm = _corners_mm(bone)
    low = corners_mm.min(axis=0) - _MARGIN_MM
    shape = np.ceil((corners_mm.max(axis=0) + _MARGIN_MM - low) / _COARSE_MM)
    places = low + _COARSE_MM * np.moveaxis(np.indices(shape.astype(int)), 0, -1)
    share, seen = bone.at(places)
    # Bone that the border of the image cuts goes on behind it.
    solid = (share > 0.5) | ~seen
    depth = (
        np.asarray(ndimage.distance_transform_edt(solid, sampling=_COARSE_MM)) * seen
    )
    depth, seen = (
        ndimage.gaussian_filter(
            f.astype(np.float32), [b / _COARSE_MM for b in _BLUR_MM], mode="constant"
        )
        for f in (np.minimum(depth, _DEEPEST_MM), seen)
    )
    depth = np.where(seen > _LEAST_SEEN, depth / np.maximum(seen, _LEAST_SEEN), 0.0)
    return depth / _TYPICAL_DEPTH_MM, low


def _corners_mm(bone: Bone) -> np.ndarray:
    """Of the box around the bone, [8, 3]."""
    ends = ([0, n - 1] for n in bone.mask.shape)
    corners = np.array(list(itertools.product(*ends)))
    return vox_to_mm(bone.affine_vox_to_mm, corners)


def _fullest_path(fullness: np.ndarray) -> np.ndarray:
    """Index [Z, 2] in every slice of the way with the largest sum of squares."""
    reward = fullness**2
    steps = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    costs = _BEND_COST * np.array([dx**2 + dy**2 for dx, dy in steps])
    best, came = reward[:, :, 0], []
    for z in range(1, fullness.shape[2]):
        padded = np.pad(best, 1, constant_values=-np.inf)
        nx, ny = best.shape
        moved = [
            padded[1 - dx : 1 - dx + nx, 1 - dy : 1 - dy + ny] - cost
            for (dx, dy), cost in zip(steps, costs)
        ]
        choice = np.argmax(moved, axis=0)
        came.append(choice)
        best = np.max(moved, axis=0) + reward[:, :, z]
    path = [np.unravel_index(np.argmax(best), best.shape)]
    for choice in reversed(came):
        dx, dy = steps[choice[path[-1]]]
        path.append((path[-1][0] - dx, path[-1][1] - dy))
    return np.array(path[::-1])


def _recentred(
    fullness: np.ndarray, origin_mm: np.ndarray, points_mm: np.ndarray
) -> np.ndarray:
    """Points [N, 3] moved to the middle of the fullness around them, square to the
    line."""
    down = _down(points_mm)
    front = _unit(np.array([0.0, 1, 0]) - down[:, 1:2] * down)
    u, v = _disc(_RECENTRE_MM, 2.0)
    side = np.cross(down, front)[:, None]
    places = points_mm[:, None] + u[:, None] * side + v[:, None] * front[:, None]
    weight = _coarsely_at(fullness, origin_mm, places)[..., None] ** 2
    return np.sum(weight * places, 1) / np.maximum(np.sum(weight, 1), 1e-9)


def _coarsely_at(
    fullness: np.ndarray, origin_mm: np.ndarray, points_mm: np.ndarray
) -> np.ndarray:
    place = np.moveaxis((points_mm - origin_mm) / _COARSE_MM, -1, 0)
    return ndimage.map_coordinates(fullness, place, order=1, mode="nearest")


def _disc(radius_mm: float, step_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """Offsets [N] and [N] of a disc's points."""
    steps = np.arange(-radius_mm, radius_mm + step_mm / 2, step_mm)
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    inside = np.hypot(u, v) <= radius_mm
    return u[inside], v[inside]


def _smooth(values: np.ndarray, sigma: float) -> np.ndarray:
    """Values [N, 3] averaged along the line; its ends stay where they are."""
    reach = min(int(4 * sigma) + 1, len(values) - 1)
    ends = [2 * values[0] - values[reach:0:-1], values]
    ends.append(2 * values[-1] - values[-2 : -reach - 2 : -1])
    whole = ndimage.gaussian_filter1d(np.concatenate(ends), sigma, axis=0)
    return whole[reach : reach + len(values)]


def _down(points_mm: np.ndarray) -> np.ndarray:
    return _unit(np.gradient(_smooth(points_mm, 4.0), axis=0))


def _evenly(points_mm: np.ndarray) -> np.ndarray:
    """A curve's points 1 mm apart."""
    along = np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(points_mm, axis=0), axis=1))]
    )
    wanted = np.arange(0.0, along[-1] + 1e-9)
    return np.stack([np.interp(wanted, along, c) for c in points_mm.T], axis=1)


def _lengthened(
    points_mm: np.ndarray, down: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The curve with straight pieces at both ends, along its mean direction there."""
    steps = np.arange(1, BEYOND_MM + 1)[:, None]
    first, last = _unit(down[:12].mean(axis=0)), _unit(down[-12:].mean(axis=0))
    points = [points_mm[0] - steps[::-1] * first, points_mm]
    points.append(points_mm[-1] + steps * last)
    ends = [np.tile(first, (BEYOND_MM, 1)), down, np.tile(last, (BEYOND_MM, 1))]
    return np.concatenate(points), np.concatenate(ends)


def _forward(
    fullness: np.ndarray, origin_mm: np.ndarray, points_mm: np.ndarray, down: np.ndarray
) -> np.ndarray:
    """Unit direction [S, 3] from the arches to the bodies, averaged along the line."""
    start = _unit(np.array([0.0, 1, 0]) - down[:, 1:2] * down)
    side = np.cross(down, start)[:, None]
    u, v = _disc(_ARCH_REACH_MM, 5.0)
    places = points_mm[:, None] + u[:, None] * side + v[:, None] * start[:, None]
    weight = _coarsely_at(fullness, origin_mm, places)[..., None]
    to_mass = np.mean(weight * (places - points_mm[:, None]), axis=1)
    mean = ndimage.gaussian_filter1d(-to_mass, _TURN_MM, axis=0, mode="nearest")
    # Where little of the arches is seen, the patient lies as the world does.
    mean = mean + _UPRIGHT * start
    return _unit(mean - np.sum(mean * down, axis=1, keepdims=True) * down)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
