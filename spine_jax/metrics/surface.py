"""How far apart the surfaces of two masks are, in mm.

Definition:
    The surface of a mask is its marching-cubes triangulation at 0.5, with a layer of
    background added on every side, so that a mask cut by the image border is closed
    there. A triangle counts with its area and sits at its centre; its distance to the
    other surface is the distance to the nearest triangle centre of that surface.
    Both masks share one grid, so equal pieces of surface are at distance exactly 0.

Why triangle centres: on spheres, boxes and a lumbar vertebra of known distance their
mean distances came closest. Spheres of radius 10 and 12 mm at 1 mm voxels give 1.94 mm
this way, 1.88 mm with voxel faces as elements, and 1.88 mm with exact distances to the
triangles, which find the nearest step of the staircase. Their HD95 is 2.23 mm.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.spatial import KDTree
from skimage.measure import marching_cubes

from spine_jax.metrics.overlap import check_masks

# Voxel grids produce distances equal to the tolerance (one voxel of 1 mm), and headers
# store spacing in float32: without this slack rounding would decide.
TOLERANCE_SLACK_MM = 1e-4


@dataclasses.dataclass(frozen=True)
class SurfaceDistances:
    """Distances from each of two surfaces to the other.

    Attributes:
        prediction_mm: From the elements of the prediction to the truth, [N] mm.
        prediction_area_mm2: Area of those elements, [N] mm2.
        truth_mm: From the elements of the truth to the prediction, [M] mm.
        truth_area_mm2: Area of those elements, [M] mm2.
    """

    prediction_mm: np.ndarray
    prediction_area_mm2: np.ndarray
    truth_mm: np.ndarray
    truth_area_mm2: np.ndarray


@dataclasses.dataclass(frozen=True)
class SurfaceScores:
    """Surface agreement of two masks; distances are None where one mask is empty.

    Attributes:
        assd_mm: Average symmetric surface distance.
        hd95_mm: 95th percentile Hausdorff distance.
        nsd: Normalised surface Dice at the tolerance asked for, 0 to 1.
    """

    assd_mm: float | None
    hd95_mm: float | None
    nsd: float


def surface_scores(
    prediction: np.ndarray,
    truth: np.ndarray,
    *,
    spacing_mm: Sequence[float] | np.ndarray,
    tolerance_mm: float = 1.0,
) -> SurfaceScores:
    """ASSD, HD95 and NSD of two masks, defined for empty masks too.

    No distance exists to an empty mask, so ASSD and HD95 are then None, never 0, NaN or
    a large number. NSD is 0 if one mask is empty and 1 if both are.

    Args:
        prediction: Mask, [X, Y, Z] bool.
        truth: Mask, [X, Y, Z] bool.
        spacing_mm: Voxel size along each array axis, [3] mm.
        tolerance_mm: Distance up to which surface counts as agreeing in the NSD.

    Raises:
        ValueError: if the shapes differ, a mask is not boolean or the spacing is not
            three positive numbers.
    """
    distances = surface_distances(prediction, truth, spacing_mm=spacing_mm)
    if distances is None:
        both_empty = not prediction.any() and not truth.any()
        return SurfaceScores(None, None, 1.0 if both_empty else 0.0)
    return SurfaceScores(
        assd_mm(distances),
        hd95_mm(distances),
        normalised_surface_dice(distances, tolerance_mm),
    )


def surface_distances(
    prediction: np.ndarray,
    truth: np.ndarray,
    *,
    spacing_mm: Sequence[float] | np.ndarray,
) -> SurfaceDistances | None:
    """Distances between the surfaces of two masks, or None if one of them is empty.

    Args and Raises as in `surface_scores`. Work grows with the surfaces, not with the
    image: everything outside the box around both masks is cut away first.
    """
    check_masks(prediction, truth)
    spacing = np.asarray(spacing_mm, np.float64)
    if spacing.shape != (3,) or not np.all(spacing > 0):
        raise ValueError(f"spacing_mm must be three positive numbers, got {spacing_mm}")
    if not prediction.any() or not truth.any():
        return None
    box = _bounding_box(prediction | truth)
    centres_p_mm, area_p_mm2 = _surface_elements(prediction[box], spacing)
    centres_t_mm, area_t_mm2 = _surface_elements(truth[box], spacing)
    return SurfaceDistances(
        _nearest_mm(centres_p_mm, centres_t_mm),
        area_p_mm2,
        _nearest_mm(centres_t_mm, centres_p_mm),
        area_t_mm2,
    )


def _nearest_mm(points_mm: np.ndarray, others_mm: np.ndarray) -> np.ndarray:
    """Distance of each point to the nearest of the others, [N]."""
    # Triangles of a voxel grid lie in planes, on which cells of equal counts, shrunk to
    # their content, degenerate: several times slower where surfaces are far apart.
    tree = KDTree(others_mm, balanced_tree=False, compact_nodes=False)
    return tree.query(points_mm)[0]


def assd_mm(distances: SurfaceDistances) -> float:
    """Average symmetric surface distance.

    The mean over the area of both surfaces together: a surface twice as large counts
    twice, so this is not the mean of the two directed means.
    """
    d, area = _pooled(distances)
    return float(np.sum(d * area) / np.sum(area))


def hd95_mm(distances: SurfaceDistances) -> float:
    """95th percentile Hausdorff distance: the larger of the two directed percentiles.

    A directed percentile is the smallest distance within which at least 95 % of the
    area of one surface lies from the other.
    """
    return max(
        _percentile(distances.prediction_mm, distances.prediction_area_mm2, 0.95),
        _percentile(distances.truth_mm, distances.truth_area_mm2, 0.95),
    )


def normalised_surface_dice(distances: SurfaceDistances, tolerance_mm: float) -> float:
    """Share of the area of both surfaces that lies within the tolerance of the other.

    A distance equal to the tolerance is within it.
    """
    d, area = _pooled(distances)
    within = d <= tolerance_mm + TOLERANCE_SLACK_MM
    return float(np.sum(area[within]) / np.sum(area))


def triangle_areas_mm2(triangles_mm: np.ndarray) -> np.ndarray:
    """Areas [N] mm2 of triangles [N, 3 corners, 3] mm."""
    first, second, third = np.moveaxis(triangles_mm, 1, 0)
    return 0.5 * np.linalg.norm(np.cross(second - first, third - first), axis=1)


def _surface_elements(
    mask: np.ndarray, spacing_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Triangle centres [N, 3] mm from the first voxel and areas [N] mm2."""
    padded = np.pad(mask, 1).astype(np.float32)
    # Unit spacing inside: the vertices are then halves, exact in float32.
    vertices_vox, faces, _, _ = marching_cubes(padded, 0.5)
    triangles_mm = vertices_vox[faces].astype(np.float64) * spacing_mm
    return triangles_mm.mean(axis=1), triangle_areas_mm2(triangles_mm)


def _bounding_box(mask: np.ndarray) -> tuple[slice, ...]:
    box = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        used = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(used[0]), int(used[-1]) + 1))
    return tuple(box)


def _pooled(distances: SurfaceDistances) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.concatenate([distances.prediction_mm, distances.truth_mm]),
        np.concatenate([distances.prediction_area_mm2, distances.truth_area_mm2]),
    )


def _percentile(d: np.ndarray, area: np.ndarray, share: float) -> float:
    order = np.argsort(d)
    cumulative = np.cumsum(area[order])
    # The slack keeps a share met exactly (19 of 20 equal triangles) met after rounding.
    index = np.searchsorted(cumulative, share * cumulative[-1] * (1.0 - 1e-9))
    return float(d[order][index])
