"""Surfaces of the whole vertebrae of a label map, each in its own frame."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from spine_jax.core import LabelVolume, Mesh
from spine_jax.simulation.bone import Frame
from spine_jax.simulation.label_sites import find_sites
from spine_jax.simulation.scan_grid import scan_grid
from spine_jax.simulation.surface_nets import smooth_surface

THICKEST_MM = 4.0
"""Thicker slices do not show the processes."""
VOLUME_RANGE = (0.4, 2.5)
"""Plausible volumes, as multiples of the level template's."""
_LEAST_SHARE = 0.95
"""Of a vertebra's voxels, in its largest piece."""


@dataclasses.dataclass(frozen=True)
class VertebraSurface:
    """A vertebra of a label map.

    Attributes:
        source: Name of the map.
        label: VerSe number.
        mesh: Closed and smooth; x right, y anterior, z cranial in mm, origin near the
            centre of the body.
    """

    source: str
    label: int
    mesh: Mesh


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A vertebra that cannot be used.

    Attributes:
        source: Name of the map.
        label: VerSe number.
        reason: A few words, such as `"cut by the border of the volume"`.
    """

    source: str
    label: int
    reason: str


def vertebra_surfaces(
    labels: LabelVolume, source: str, usual_volumes_mm3: Mapping[int, float]
) -> tuple[list[VertebraSurface], list[LeftOut]]:
    """The usable vertebrae of a label map, and the others with the reason.

    Args:
        labels: VerSe numbers, axes in any order and direction.
        source: Name of the map.
        usual_volumes_mm3: Of each level asked for.
    """
    array = np.asarray(labels.array)
    grid = scan_grid(array.shape, np.asarray(labels.affine_vox_to_mm))
    array = np.ascontiguousarray(grid.reordered(array))
    boxes = ndimage.find_objects(array, max_label=max(usual_volumes_mm3))
    usable, left_out = [], []
    for label, usual in usual_volumes_mm3.items():
        reason = _reason_against(array, label, boxes[label - 1], grid.spacing_mm, usual)
        if reason:
            left_out.append(LeftOut(source, label, reason))
        else:
            usable.append(label)
    if not usable:
        return [], left_out
    frames = {site.label: site.frame for site in find_sites(array, grid.spacing_mm)}
    surfaces = [
        VertebraSurface(
            source,
            label,
            _surface(array, label, boxes[label - 1], grid.spacing_mm, frames[label]),
        )
        for label in usable
    ]
    return surfaces, left_out


def _surface(
    array: np.ndarray,
    label: int,
    box: tuple[slice, ...],
    spacing_mm: np.ndarray,
    frame: Frame,
) -> Mesh:
    """Smooth surface of a vertebra, mm in its frame."""
    mask = np.pad(_main_piece(array[box] == label), 1)
    mesh = smooth_surface(mask, spacing_mm)
    first = np.array([axis.start for axis in box]) - 1
    return Mesh(frame.to_local(mesh.vertices_mm + first * spacing_mm), mesh.faces)


def _reason_against(
    array: np.ndarray,
    label: int,
    box: tuple[slice, ...] | None,
    spacing_mm: np.ndarray,
    usual_mm3: float,
) -> str | None:
    """Why a vertebra cannot be used, None where it can."""
    if box is None:
        return "not in the label map"
    if any(axis.start == 0 or axis.stop == n for axis, n in zip(box, array.shape)):
        return "cut by the border of the volume"
    mask = array[box] == label
    if spacing_mm.max() > THICKEST_MM:
        return f"slices of {spacing_mm.max():.1f} mm, at most {THICKEST_MM} mm"
    volume_mm3 = np.count_nonzero(mask) * float(np.prod(spacing_mm))
    low, high = (factor * usual_mm3 for factor in VOLUME_RANGE)
    if not low <= volume_mm3 <= high:
        return (
            f"volume {volume_mm3 / 1000:.1f} cm3, plausible are {low / 1000:.0f} to "
            f"{high / 1000:.0f} cm3"
        )
    share = np.count_nonzero(_main_piece(mask) & mask) / np.count_nonzero(mask)
    if share < _LEAST_SHARE:
        return f"in pieces, the largest has {100 * share:.0f} % of it"
    return None


def _main_piece(mask: np.ndarray) -> np.ndarray:
    """The largest connected piece without cavities."""
    parts = np.empty(mask.shape, np.int32)
    ndimage.label(mask, output=parts)
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return np.asarray(ndimage.binary_fill_holes(parts == largest))
