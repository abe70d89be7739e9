"""A vertebra as an implicit function, negative inside."""

import functools

import numpy as np

from spine_jax.anatomy.arch import arch_distance, on_the_right
from spine_jax.anatomy.body import body_distance
from spine_jax.anatomy.primitives import limb_distance, smooth_max, smooth_min
from spine_jax.anatomy.shape import AtlasShape, AxisShape, VertebraShape

_HOLE_EDGE_MM = 1.0


def vertebra_distance(points_mm: np.ndarray, shape: VertebraShape) -> np.ndarray:
    """Approximate signed distance to a vertebra in its own frame.

    The sign is exact; the value is a distance to first order near the surface.

    Args:
        points_mm: [..., 3], frame of the shape: x right, y anterior, z cranial.
        shape: The vertebra.

    Returns:
        [...] mm, negative inside.
    """
    points = _symmetrised(np.asarray(points_mm, dtype=float), shape)
    body, arch = _whole_parts(points, shape)
    # Holes come last, so that no fillet narrows them.
    return _pierced(smooth_min(body, arch, shape.body_fillet_mm), points, shape)


def parts_distance(
    points_mm: np.ndarray, shape: VertebraShape
) -> tuple[np.ndarray, np.ndarray]:
    """Approximate signed distances to the body and to the arch, [...] mm each.

    The two overlap: the pedicles begin inside the body. The dens belongs to the body.
    """
    points = _symmetrised(np.asarray(points_mm, dtype=float), shape)
    body, arch = _whole_parts(points, shape)
    return _pierced(body, points, shape), _pierced(arch, points, shape)


def body_part_distance(points_mm: np.ndarray, shape: VertebraShape) -> np.ndarray:
    """The first of `parts_distance`, at a fraction of its cost."""
    points = _symmetrised(np.asarray(points_mm, dtype=float), shape)
    return _pierced(_body_distance(points, shape), points, shape)


def _whole_parts(points: np.ndarray, shape: VertebraShape):
    """Body and arch without the holes through both."""
    body = _body_distance(points, shape)
    arch = arch_distance(points, shape.arch, shape.canal, shape.canal_edge_mm)
    return body, arch


def _body_distance(points: np.ndarray, shape: VertebraShape) -> np.ndarray:
    distance = body_distance(points, shape.body)
    if isinstance(shape, AxisShape):
        dens = limb_distance(points, shape.dens, shape.arch.joint_mm)
        distance = smooth_min(distance, dens, shape.body_fillet_mm)
    return distance


def _pierced(distance: np.ndarray, points: np.ndarray, shape: VertebraShape):
    """A part with the holes of the arch cut out."""
    for hole in shape.arch.holes():
        inside = limb_distance(on_the_right(points), hole, shape.arch.joint_mm)
        distance = smooth_max(distance, -inside, _HOLE_EDGE_MM)
    return distance


@functools.lru_cache(maxsize=64)
def body_centre_of_shape(shape: VertebraShape, step_mm: float = 0.75) -> np.ndarray:
    """Volume centroid [3] mm of the body alone, without its arch; of a whole atlas.

    A second call is free; the array is read-only.
    """
    whole = isinstance(shape, AtlasShape)
    low, high = shape_bounds_mm(shape)
    if not whole:
        low[1] = shape.body.posterior_wall_y_mm - 10.0
    half = np.ceil(high[0] / step_mm)
    axes = [
        (np.arange(-half, half) + 0.5) * step_mm,
        *(np.arange(l, h, step_mm) for l, h in zip(low[1:], high[1:])),
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    if whole:
        distance = vertebra_distance(points, shape)
    else:
        distance = _body_distance(_symmetrised(points, shape), shape)
    # A cell cut by the surface counts by the share of it that lies inside.
    weight = np.clip(0.5 - distance / step_mm, 0.0, 1.0)
    centre_mm = np.einsum("xyz,xyzc->c", weight, points) / weight.sum()
    if shape.is_symmetric:
        centre_mm = centre_mm * [0, 1, 1]
    centre_mm.flags.writeable = False
    return centre_mm


def shape_bounds_mm(shape: VertebraShape) -> tuple[np.ndarray, np.ndarray]:
    """Corners [3], [3] of a box that holds the vertebra with room to spare."""
    limbs = shape.arch.limbs()
    if isinstance(shape, AxisShape):
        limbs = (*limbs, shape.dens)
    nodes = np.concatenate([np.array(limb.nodes_mm) for limb in limbs])
    size = nodes[:, 3:].max(axis=1, keepdims=True)
    low, high = (nodes[:, :3] - size).min(axis=0), (nodes[:, :3] + size).max(axis=0)
    body = shape.body
    half_width = max(body.width_upper_mm, body.width_lower_mm) / 2 + 3
    front = body.posterior_wall_y_mm + max(body.depth_upper_mm, body.depth_lower_mm)
    half_height = max(body.height_anterior_mm, body.height_posterior_mm) / 2
    reach = max(high[0], half_width) * (1 + abs(shape.side_growth))
    reach = reach + abs(shape.spinous_deviation_mm)
    top = max(high[2], body.centre_z_mm + half_height)
    bottom = min(low[2], body.centre_z_mm - half_height)
    margin = 4.0
    return (
        np.array([-reach, low[1], bottom]) - margin,
        np.array([reach, front, top]) + margin,
    )


def _symmetrised(points_mm: np.ndarray, shape: VertebraShape) -> np.ndarray:
    """Undo the left-right differences of the shape."""
    if shape.is_symmetric:
        return points_mm
    x, y, z = np.moveaxis(points_mm, -1, 0)
    behind = np.clip((shape.canal.centre_y_mm - y) / 45.0, 0.0, 1.0)
    x = x - shape.spinous_deviation_mm * behind
    x = x / (1.0 + shape.side_growth * np.tanh(x / 15.0))
    return np.stack([x, y, z], axis=-1)
