"""Dense reference: every point against every face of its mesh, in any float dtype."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.triangles import closest_on_triangle


def closest_point_reference(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """See `closest_point`. Time O(Q F), memory O(256 F)."""
    triangles = vertices[:, hierarchy.faces]

    def one(query):
        point, mesh = query
        corners = triangles[mesh]
        distance2, weights = closest_on_triangle(
            tuple(point), *(tuple(corners[:, i].T) for i in range(3))
        )
        face = jnp.argmin(distance2)
        return face.astype(jnp.int32), jnp.stack(weights, axis=-1)[face]

    face, barycentric = jax.lax.map(one, (points, mesh_index), batch_size=256)
    if count is None:
        return face, barycentric
    asked = jnp.arange(points.shape[0]) < count
    return jnp.where(asked, face, 0), jnp.where(asked[:, None], barycentric, 0)
