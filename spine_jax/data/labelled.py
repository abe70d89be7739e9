"""Which slices show no vertebra without a label.

Vertebrae beyond a label map are in view without a label. Slices that one of them may
reach are left out: the neighbour above the uppermost whole labelled vertebra is taken
to reach down as far as that vertebra does, one level higher up; likewise below, except
below L5 and L6, where the sacrum is background in every label map. Slices that leave
the label map are left out too.
"""

import numpy as np
from scipy import ndimage

from spine_jax.core import InputError, LabelVolume, mm_to_vox, vox_to_mm
from spine_jax.core.labels import anatomical_rank, is_vertebra, segment
from spine_jax.data.framing import (
    Framing,
    middle_slices,
    up_axis,
    view_radius_mm,
)

_MARGIN_MM = 2.0
"""Beyond where an unlabelled neighbour is taken to reach."""
_LEAST_SLICES = 8
_RIM_POINTS = 32
_FIRST, _LAST = 1, (24, 25)
"""C1 has no vertebra above it, L5 and L6 the sacrum below."""
_LEVEL_SHARE = 0.7
"""From one level to the next, in heights of a vertebra with its processes."""


def check_lumbar(labels: LabelVolume) -> None:
    """Check that there is a lumbar vertebra to aim at.

    Raises:
        InputError: where there is none.
    """
    numbers = [int(n) for n in np.unique(labels.array) if is_vertebra(int(n))]
    if not any(segment(number) == "lumbar" for number in numbers):
        raise InputError(
            "NO-LUMBAR",
            "labels",
            f"vertebrae {numbers}",
            "a lumbar vertebra (20-25)",
            "another case",
        )


def labelled_slices(
    labels: LabelVolume, grid_to_mm: np.ndarray, framing: Framing
) -> np.ndarray:
    """Those of `middle_slices` in which every vertebra in view has its label.

    Raises:
        InputError: where they are fewer than 8.
    """
    slices = middle_slices(framing)
    low, high = _labelled_heights(labels, grid_to_mm, framing)
    inside = _inside_map(labels, grid_to_mm, framing, slices)
    kept = slices[(slices >= low) & (slices <= high) & inside]
    if len(kept) < _LEAST_SLICES:
        raise InputError(
            "FEW-SLICES",
            "labels",
            f"{len(kept)} slices without unlabelled vertebrae in view",
            f"{_LEAST_SLICES} or more",
            "a scan that shows more of the lumbar spine",
        )
    return kept


def _labelled_heights(
    labels: LabelVolume, grid_to_mm: np.ndarray, framing: Framing
) -> tuple[float, float]:
    """Lowest and highest grid index that no unlabelled vertebra reaches in view."""
    array = np.asarray(labels.array)
    numbers = [int(n) for n in np.unique(array) if is_vertebra(int(n))]
    numbers.sort(key=anatomical_rank)
    boxes = ndimage.find_objects(array)
    heights = {
        n: _heights_in_view(labels, n, boxes[n - 1], grid_to_mm, framing)
        for n in numbers
    }
    whole = [n for n in numbers if not _is_cut(labels, boxes[n - 1])] or numbers
    means = [heights[n][1] for n in whole]
    if len(whole) > 1:
        steps = -np.diff(means)
        above, below = steps[0], steps[-1]
    else:
        bottom, _, top = heights[whole[0]]
        above = below = _LEVEL_SHARE * (top - bottom)
    margin = _MARGIN_MM / framing.pixel_mm
    first, last = whole[0], whole[-1]
    low, high = -np.inf, np.inf
    if first != _FIRST:
        high = heights[first][0] + above - margin
    if last not in _LAST:
        low = heights[last][2] - below + margin
    return float(low), float(high)


def _heights_in_view(
    labels: LabelVolume,
    number: int,
    box: tuple[slice, ...],
    grid_to_mm: np.ndarray,
    framing: Framing,
) -> tuple[float, float, float]:
    """Lowest, mean and highest grid index of a vertebra, as far as it is in view."""
    voxels = np.argwhere(labels.array[box] == number) + [part.start for part in box]
    at = mm_to_vox(grid_to_mm, vox_to_mm(labels.affine_vox_to_mm, voxels))
    from_axis = (at[:, :2] - (framing.size - 1) / 2) * framing.pixel_mm
    seen = np.sum(from_axis**2, axis=1) <= view_radius_mm(framing) ** 2
    z = at[seen, 2] if seen.any() else at[:, 2]
    return float(z.min()), float(at[:, 2].mean()), float(z.max())


def _is_cut(labels: LabelVolume, box: tuple[slice, ...]) -> bool:
    """Whether a vertebra touches the upper or lower border of its map."""
    axis = up_axis(labels)
    return box[axis].start == 0 or box[axis].stop == labels.array.shape[axis]


def _inside_map(
    labels: LabelVolume, grid_to_mm: np.ndarray, framing: Framing, slices: np.ndarray
) -> np.ndarray:
    """Which slices lie between the upper and lower border of the map, [Z] bool."""
    turn = np.linspace(0.0, 2 * np.pi, _RIM_POINTS, endpoint=False)
    radius = view_radius_mm(framing) / framing.pixel_mm
    middle = (framing.size - 1) / 2
    points = np.empty((len(slices), _RIM_POINTS, 3))
    points[..., 0] = middle + radius * np.cos(turn)
    points[..., 1] = middle + radius * np.sin(turn)
    points[..., 2] = slices[:, None]
    axis = up_axis(labels)
    at = mm_to_vox(labels.affine_vox_to_mm, vox_to_mm(grid_to_mm, points))[..., axis]
    last = labels.array.shape[axis] - 0.5
    return np.all((at >= -0.5) & (at <= last), axis=1)
