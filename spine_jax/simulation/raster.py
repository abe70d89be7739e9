"""Closed meshes on voxel grids, on the host: inside, and distance near the surface.

`geometry` does the same with gradients on any device, after compiling for each
topology. A phantom has another topology for every bone and needs no gradient.
"""

import dataclasses

import numpy as np
from scipy import ndimage
from scipy.spatial import KDTree

from spine_jax.core import Mesh, mm_to_vox, spacing_mm, vox_to_mm

_SUBDIVISIONS = 2
"""Surface samples per face edge: about 0.5 mm apart on faces of 1.25 mm."""


@dataclasses.dataclass(frozen=True)
class Band:
    """Voxels near a surface.

    Attributes:
        voxels: [N, 3] int, indices.
        distance_mm: [N], signed distance, negative inside.
        normal: [N, 3], unit outward normal of the closest face.
    """

    voxels: np.ndarray
    distance_mm: np.ndarray
    normal: np.ndarray


def inside_voxels(
    mesh: Mesh, shape: tuple[int, int, int], affine_vox_to_mm: np.ndarray
) -> np.ndarray:
    """Voxels whose centres a closed mesh winds around, [X, Y, Z] bool.

    The winding number of a point is the number of faces above it that look up, less
    those that look down. Exact unless a voxel column meets an edge of the mesh to the
    last bit.
    """
    corners = mm_to_vox(affine_vox_to_mm, np.asarray(mesh.vertices_mm))[mesh.faces]
    face, x, y = _columns_below(corners, shape)
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = np.moveaxis(corners[face], 0, -1)
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    v = (x - ax) * (cy - ay) - (y - ay) * (cx - ax)
    w = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
    hit = (v * area >= 0) & (w * area >= 0) & ((area - v - w) * area >= 0) & (area != 0)
    v, w, area = v[hit], w[hit], area[hit]
    height = az[hit] + (v * (bz - az)[hit] + w * (cz - az)[hit]) / area
    highest_below = np.minimum(np.ceil(height).astype(int) - 1, shape[2] - 1)
    on_grid = highest_below >= 0
    crossings = np.zeros(shape, np.int8)
    place = x[hit][on_grid], y[hit][on_grid], highest_below[on_grid]
    np.add.at(crossings, place, np.sign(area[on_grid]).astype(np.int8))
    winding = np.cumsum(crossings[..., ::-1], axis=2, dtype=np.int8)[..., ::-1]
    return winding > 0


def _columns_below(corners: np.ndarray, shape: tuple[int, int, int]):
    """Voxel columns under the box of each face: face, x and y, [N] each."""
    last = np.array(shape[:2]) - 1
    low = np.maximum(np.ceil(corners[..., :2].min(axis=1)), 0).astype(int)
    high = np.minimum(np.floor(corners[..., :2].max(axis=1)), last).astype(int)
    size = np.maximum(high - low + 1, 0)
    count = size.prod(axis=1)
    face = np.repeat(np.arange(len(corners)), count)
    rank = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    depth = size[face, 1]
    return face, low[face, 0] + rank // depth, low[face, 1] + rank % depth


def surface_band(
    mesh: Mesh,
    inside: np.ndarray,
    affine_vox_to_mm: np.ndarray,
    inner_mm: float,
    outer_mm: float,
) -> Band:
    """Signed distances of the voxels within `inner_mm` and `outer_mm` of a surface.

    Args:
        mesh: Closed mesh.
        inside: [X, Y, Z] bool, of `inside_voxels`.
        affine_vox_to_mm: [4, 4] of the grid.
        inner_mm: How deep the band reaches.
        outer_mm: How far out it reaches.
    """
    voxels = _candidates(mesh, inside, affine_vox_to_mm, inner_mm, outer_mm)
    points = vox_to_mm(affine_vox_to_mm, voxels)
    samples, normals, step = _surface_samples(mesh)
    reach = max(inner_mm, outer_mm) + step
    # Samples on shared edges coincide; which of them is found follows the leaf size.
    tree = KDTree(samples, leafsize=16)
    away, nearest = tree.query(points, distance_upper_bound=reach)
    found = np.isfinite(away)
    voxels, points, away = voxels[found], points[found], away[found]
    nearest = np.asarray(nearest)[found]
    normal = normals[nearest]
    # The face goes on around its sample: only what exceeds the sample's own patch
    # counts as sideways distance.
    across = np.sum((points - samples[nearest]) * normal, axis=1)
    along = np.sqrt(np.maximum(away**2 - across**2, 0.0))
    distance = np.hypot(across, np.maximum(along - step, 0.0))
    distance *= np.where(inside[tuple(voxels.T)], -1.0, 1.0)
    kept = (distance > -inner_mm) & (distance < outer_mm)
    return Band(voxels[kept], distance[kept], normal[kept])


def _candidates(mesh, inside, affine_vox_to_mm, inner_mm, outer_mm) -> np.ndarray:
    """Voxels [N, 3] that can lie in the band, by the distance to the mask's edge."""
    spacing = spacing_mm(affine_vox_to_mm)
    corners = mm_to_vox(affine_vox_to_mm, np.asarray(mesh.vertices_mm))
    margin = np.ceil(outer_mm / spacing).astype(int) + 1
    low = np.clip(np.floor(corners.min(axis=0)).astype(int) - margin, 0, inside.shape)
    high = np.clip(np.ceil(corners.max(axis=0)).astype(int) + margin, 0, inside.shape)
    crop = inside[tuple(slice(l, h) for l, h in zip(low, high))]
    slack = np.linalg.norm(spacing)
    deep = ndimage.distance_transform_edt(crop, sampling=spacing) > inner_mm + slack
    far = ndimage.distance_transform_edt(~crop, sampling=spacing) > outer_mm + slack
    return np.argwhere(~(deep | far)) + low


def _surface_samples(mesh: Mesh) -> tuple[np.ndarray, np.ndarray, float]:
    """Points [N, 3] all over a surface, unit normals [N, 3], their typical spacing."""
    corners = np.asarray(mesh.vertices_mm)[mesh.faces]
    a, b, c = np.moveaxis(corners, 1, 0)
    normal = np.cross(b - a, c - a)
    double_area = np.linalg.norm(normal, axis=1)
    solid = double_area > 0
    corners, normal = corners[solid], (normal[solid].T / double_area[solid]).T
    weights = _barycentric_grid(_SUBDIVISIONS)
    samples = np.einsum("sk,fkx->fsx", weights, corners).reshape(-1, 3)
    edge_mm = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    step_mm = float(np.percentile(edge_mm, 95)) / (2 * _SUBDIVISIONS)
    return samples, np.repeat(normal, len(weights), axis=0), step_mm


def _barycentric_grid(n: int) -> np.ndarray:
    """Centroids [n * n, 3] of the triangles that cutting each edge in n makes."""
    upright = [(3 * i + 1, 3 * j + 1) for i in range(n) for j in range(n - i)]
    inverted = [(3 * i + 2, 3 * j + 2) for i in range(n) for j in range(n - 1 - i)]
    first_two = np.array(upright + inverted) / (3.0 * n)
    return np.column_stack([first_two, 1 - first_two.sum(axis=1)])
