"""Building blocks of implicit shapes: smooth blends and swept limbs, numpy only.

Every function here returns an approximate signed distance in mm, negative inside. It is
exact in sign and first-order accurate near the surface, which is what marching cubes
and the Newton steps of the remesher need.
"""

import dataclasses

import numpy as np

_TINY = 1e-9


def smooth_min(a: np.ndarray, b: np.ndarray, width_mm: float) -> np.ndarray:
    """Union of two shapes with a fillet; the fillet reaches where |a - b| < width."""
    gap = np.maximum(width_mm - np.abs(a - b), 0.0)
    return np.minimum(a, b) - gap * gap / (4.0 * width_mm)


def smooth_max(a: np.ndarray, b: np.ndarray, width_mm: float) -> np.ndarray:
    """Intersection of two shapes with a rounded edge."""
    return -smooth_min(-a, -b, width_mm)


@dataclasses.dataclass(frozen=True)
class Limb:
    """A bar swept along a polyline, with a rounded elliptic section that may taper.

    Attributes:
        nodes_mm: One `(x, y, z, half_width, half_thickness)` per node, all mm.
        wide_axis: Direction of the half width; made perpendicular to each segment.
        squareness: Exponent of the section: 2 an ellipse, larger ones boxier.
    """

    nodes_mm: tuple[tuple[float, float, float, float, float], ...]
    wide_axis: tuple[float, float, float]
    squareness: float = 2.0


def limb_distance(points_mm: np.ndarray, limb: Limb, joint_mm: float) -> np.ndarray:
    """Approximate signed distance to a limb, [...] for points [..., 3].

    Args:
        points_mm: Query points, mm.
        limb: The limb.
        joint_mm: Fillet width where two segments meet.
    """
    nodes = np.asarray(limb.nodes_mm, dtype=float)
    distance = _segment_distance(points_mm, nodes[0], nodes[1], limb)
    for start, end in zip(nodes[1:-1], nodes[2:]):
        segment = _segment_distance(points_mm, start, end, limb)
        distance = smooth_min(distance, segment, joint_mm)
    return distance


def _segment_distance(
    points_mm: np.ndarray, start: np.ndarray, end: np.ndarray, limb: Limb
) -> np.ndarray:
    """Distance to one tapered segment whose ends are capped by half ellipsoids."""
    axis = end[:3] - start[:3]
    length = np.linalg.norm(axis)
    axis = axis / length
    wide = np.asarray(limb.wide_axis, dtype=float)
    wide = wide - axis * (wide @ axis)
    wide = wide / np.linalg.norm(wide)
    thin = np.cross(axis, wide)
    local = points_mm - start[:3]
    along = local @ axis
    fraction = np.clip(along / length, 0.0, 1.0)
    half_width, half_thickness = (
        start[i] + fraction * (end[i] - start[i]) for i in (3, 4)
    )
    radii = (half_thickness, half_width, half_thickness)
    offsets = (along - fraction * length, local @ wide, local @ thin)
    return superellipsoid_distance(offsets, radii, limb.squareness)


def superellipsoid_distance(offsets, radii, exponent: float) -> np.ndarray:
    """First-order distance to `sum |offset / radius|^n = 1`: (k - 1) / |grad k|."""
    ratios = [np.abs(o) / r + _TINY for o, r in zip(offsets, radii)]
    level = sum(ratio**exponent for ratio in ratios) ** (1.0 / exponent)
    slope = np.sqrt(
        sum(((q / level) ** (exponent - 1) / r) ** 2 for q, r in zip(ratios, radii))
    )
    return (level - 1.0) / slope
