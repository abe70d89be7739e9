"""Nearest of many meshes in plain XLA: list the pairs that can matter, ask those.

For a point p a mesh whose bounding box is farther than a surface point already known is
neither the nearest nor does it hold p, so most (point, mesh) pairs are never evaluated.
"""

import jax
import jax.numpy as jnp

from spine_jax.kernels.closest_point.tiled import closest_point_tiled
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.nearest_mesh.pairs import two_smallest, unsigned_distance
from spine_jax.kernels.winding_number.inside import find_inside
from spine_jax.kernels.winding_number.tiled import winding_number_tiled


def nearest_mesh_tiled(
    points: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    bound: jax.Array | None,
    accuracy: float,
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """See `nearest_mesh`."""
    n_points, n_meshes = points.shape[0], vertices.shape[0]
    wanted = _pairs_that_matter(points, vertices, hierarchy, bound)
    n_pairs = n_points * n_meshes
    pair = jnp.nonzero(wanted.reshape(-1), size=n_pairs, fill_value=0)[0]
    count = wanted.sum(dtype=jnp.int32)
    asked, mesh = points[pair // n_meshes], (pair % n_meshes).astype(jnp.int32)
    face, barycentric = closest_point_tiled(asked, mesh, vertices, hierarchy, count)
    inside = find_inside(
        winding_number_tiled, asked, mesh, vertices, hierarchy, count, accuracy
    )
    distance = unsigned_distance(asked, mesh, vertices, hierarchy, face, barycentric)

    # Row and column of the pair list, inf where a pair was not asked.
    listed = jnp.arange(n_pairs, dtype=jnp.int32)
    slot = jnp.where(listed < count, pair, n_pairs)
    signed = jnp.full(n_pairs, jnp.inf, points.dtype)
    signed = signed.at[slot].set(jnp.where(inside, -distance, distance), mode="drop")
    entry = jnp.zeros(n_pairs, jnp.int32).at[slot].set(listed, mode="drop")
    shape = (n_points, n_meshes)
    return two_smallest(
        signed.reshape(shape), entry.reshape(shape), mesh, face, barycentric, inside
    )


def _pairs_that_matter(points, vertices, hierarchy, bound) -> jax.Array:
    """[P, B] bool: whether a mesh can be nearest to a point, or hold it."""
    n_points, n_meshes = points.shape[0], vertices.shape[0]
    if n_meshes == 1:
        return jnp.ones((n_points, 1), bool)
    low, high = vertices.min(axis=1), vertices.max(axis=1)
    outside = jnp.maximum(low - points[:, None], points[:, None] - high)
    box_distance2 = jnp.sum(jnp.maximum(outside, 0) ** 2, axis=-1)
    nearest_box = jnp.argmin(box_distance2, axis=1).astype(jnp.int32)
    if bound is None:
        face, barycentric = closest_point_tiled(
            points, nearest_box, vertices, hierarchy
        )
        bound = unsigned_distance(
            points, nearest_box, vertices, hierarchy, face, barycentric
        )
    # A little slack, so that rounding never hides the mesh that the bound comes from:
    # relative for far points, absolute for a bound of zero.
    slack = 1e-5 * jnp.abs(vertices).max()
    wanted = box_distance2 <= (1.001 * bound[:, None] + slack) ** 2
    return wanted.at[jnp.arange(n_points), nearest_box].set(True)
