"""Dense reference: the exact sum of solid angles, in any float dtype."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.triangles import solid_angle


def winding_number_reference(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None = None,
    accuracy: float | None = None,
) -> jax.Array:
    """See `winding_number`; exact whatever `accuracy`. Time O(Q F), memory O(256 F)."""
    del accuracy
    triangles = vertices[:, hierarchy.faces]

    def one(query):
        point, mesh = query
        corners = triangles[mesh]
        angles = solid_angle(tuple(point), *(tuple(corners[:, i].T) for i in range(3)))
        return angles.sum()

    winding = jax.lax.map(one, (points, mesh_index), batch_size=256)
    if count is None:
        return winding
    return jnp.where(jnp.arange(points.shape[0]) < count, winding, 0)
