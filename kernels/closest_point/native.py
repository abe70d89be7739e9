"""Closest point on the CPU, in C++ (`kernels/native`): exact, float32.

Depth-first search, nearest box first, over the hierarchy refitted to the vertices.
Eight boxes or eight faces are tested at a time, and queries are shared among all cores.
The face is chosen in float32, the position on it computed in float64.
"""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.native.call import call_native


def closest_point_native(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """See `closest_point`."""
    n = points.shape[0]
    count = jnp.asarray(n if count is None else count, jnp.int32)
    results = (
        jax.ShapeDtypeStruct((n,), jnp.int32),
        jax.ShapeDtypeStruct((n, 3), jnp.float32),
    )
    queries = (points, mesh_index.astype(jnp.int32), count)
    return call_native("closest_point", queries, vertices, hierarchy, results)
