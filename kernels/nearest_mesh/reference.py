"""Dense reference: every point asks every mesh, in any float dtype."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.closest_point.reference import closest_point_reference
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.nearest_mesh.pairs import two_smallest, unsigned_distance
from spine_jax.kernels.winding_number.inside import in_box
from spine_jax.kernels.winding_number.reference import winding_number_reference


def nearest_mesh_reference(
    points: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    bound: jax.Array | None,
    accuracy: float,
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """See `nearest_mesh`; exact whatever `bound` and `accuracy`. Time O(P B F)."""
    del bound, accuracy
    n_points, n_meshes = points.shape[0], vertices.shape[0]
    asked = jnp.repeat(points, n_meshes, axis=0)
    mesh = jnp.tile(jnp.arange(n_meshes, dtype=jnp.int32), n_points)
    face, barycentric = closest_point_reference(asked, mesh, vertices, hierarchy)
    winding = winding_number_reference(asked, mesh, vertices, hierarchy)
    inside = in_box(asked, mesh, vertices) & (winding > 0.5)
    distance = unsigned_distance(asked, mesh, vertices, hierarchy, face, barycentric)
    shape = (n_points, n_meshes)
    entry = jnp.arange(n_points * n_meshes).reshape(shape)
    signed = jnp.where(inside, -distance, distance).reshape(shape)
    return two_smallest(signed, entry, mesh, face, barycentric, inside)
