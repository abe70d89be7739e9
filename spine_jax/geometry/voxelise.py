"""Meshes to a label map: a voxel belongs to the mesh that winds around its centre."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import mm_to_vox, vox_to_mm
from spine_jax.geometry.witness import distance_from_witness, find_witness
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.winding_number import winding_number

BLOCK = 4
"""Voxels per side of the blocks that are decided together."""
QUERY_BUCKET = 1 << 16
"""Queries are padded to multiples of this, so that few shapes are compiled."""


def voxelise(
    meshes: Sequence[tuple[np.ndarray, FaceHierarchy]],
    shape: tuple[int, int, int],
    affine_vox_to_mm: np.ndarray,
    values: tuple[int, ...],
) -> np.ndarray:
    """Rasterise closed meshes onto a voxel grid.

    A voxel is inside when the winding number of its centre exceeds 1/2. Where two
    meshes hold a voxel it goes to the one it lies deeper in.

    Args:
        meshes: B of them: vertices [V, 3] in RAS+ mm, and the hierarchy of their faces.
        shape: Of the grid.
        affine_vox_to_mm: [4, 4].
        values: B label numbers to write.

    Returns:
        [X, Y, Z] uint8, 0 outside all meshes.
    """
    labels = np.zeros(shape, np.uint8)
    for mesh, value in zip(meshes, values, strict=True):
        inside = _inside_voxels(*mesh, shape, affine_vox_to_mm)
        owner = labels[tuple(inside.T)]
        won = owner == 0
        for rival in np.unique(owner[~won]):
            contested = np.flatnonzero(owner == rival)
            own_depth, rival_depth = (
                _depth_mm(*each, inside[contested], affine_vox_to_mm)
                for each in (mesh, meshes[values.index(int(rival))])
            )
            won[contested] = own_depth > rival_depth
        labels[tuple(inside[won].T)] = value
    return labels


def _inside_voxels(
    vertices_mm: np.ndarray,
    hierarchy: FaceHierarchy,
    shape: tuple[int, int, int],
    affine_vox_to_mm: np.ndarray,
) -> np.ndarray:
    """Voxel indices [N, 3] whose centres lie inside one mesh [V, 3].

    A block of voxels whose centre is farther from the surface than its own half
    diagonal lies on one side; only the other blocks are asked voxel by voxel.
    """
    corners_vox = mm_to_vox(affine_vox_to_mm, vertices_mm)
    low = np.clip(np.floor(corners_vox.min(axis=0)).astype(int), 0, shape)
    high = np.clip(np.ceil(corners_vox.max(axis=0)).astype(int) + 1, 0, shape)
    if np.any(high <= low):
        return np.zeros((0, 3), int)
    starts = _grid(low, high, BLOCK)
    centres = starts + (BLOCK - 1) / 2
    half_diagonal = np.abs(
        _box_corners((BLOCK - 1) / 2) @ np.asarray(affine_vox_to_mm)[:3, :3].T
    )
    reach_mm = np.linalg.norm(half_diagonal, axis=1).max()
    distance = -_depth_mm(vertices_mm, hierarchy, centres, affine_vox_to_mm)

    offsets = _grid(np.zeros(3, int), np.full(3, BLOCK), 1)
    whole = (starts[distance < -reach_mm][:, None] + offsets).reshape(-1, 3)
    cut = (starts[np.abs(distance) <= reach_mm][:, None] + offsets).reshape(-1, 3)
    cut = cut[np.all(cut < shape, axis=1)]
    points = vox_to_mm(affine_vox_to_mm, cut)
    winding = _in_buckets(_winding, points, vertices_mm, hierarchy)
    inside = np.concatenate([whole, cut[winding > 0.5]])
    return inside[np.all(inside < shape, axis=1)]


def _box_corners(half: float) -> np.ndarray:
    return half * (2.0 * np.array(list(np.ndindex(2, 2, 2))) - 1)


def _grid(low: np.ndarray, high: np.ndarray, step: int) -> np.ndarray:
    axes = [np.arange(a, b, step) for a, b in zip(low, high)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def _depth_mm(vertices_mm, hierarchy, points_vox, affine_vox_to_mm) -> np.ndarray:
    """How deep inside one mesh voxel positions [N, 3] lie, mm; negative outside."""
    points_mm = vox_to_mm(affine_vox_to_mm, points_vox)
    return -_in_buckets(_distance, points_mm, vertices_mm, hierarchy)


def _in_buckets(function, points_mm, vertices_mm, hierarchy) -> np.ndarray:
    """Evaluate `function(points, vertices, hierarchy)` in pieces of one fixed size."""
    # Positions relative to the mesh keep float32 exact far from the world's origin.
    origin = vertices_mm.mean(axis=0, dtype=np.float64)
    local = (points_mm - origin).astype(np.float32)
    vertices = jnp.asarray(vertices_mm - origin, jnp.float32)[None]
    values = [np.zeros(0, np.float32)]
    for start in range(0, len(local), QUERY_BUCKET):
        piece = local[start : start + QUERY_BUCKET]
        count = jnp.asarray(len(piece), jnp.int32)
        padded = np.pad(piece, ((0, QUERY_BUCKET - len(piece)), (0, 0)))
        result = function(jnp.asarray(padded), count, vertices, hierarchy)
        values.append(np.asarray(result)[: len(piece)])
    return np.concatenate(values)


@jax.jit
def _winding(points, count, vertices, hierarchy):
    mesh = jnp.zeros(points.shape[0], jnp.int32)
    return winding_number(points, mesh, vertices, hierarchy, count=count)


@jax.jit
def _distance(points, count, vertices, hierarchy):
    mesh = jnp.zeros(points.shape[0], jnp.int32)
    witness = find_witness(points, mesh, vertices, hierarchy, count=count)
    return distance_from_witness(points, vertices, hierarchy, witness)
