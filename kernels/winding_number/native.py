"""Barnes-Hut winding number on the CPU, in C++ (`kernels/native`), float32.

The same sums as `winding_number/tiled.py`, and so the same stated error; eight children
or eight faces are evaluated at a time, and queries are shared among all cores.
"""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.native.call import call_native


def winding_number_native(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None = None,
    accuracy: float = 2.0,
) -> jax.Array:
    """See `winding_number`."""
    n = points.shape[0]
    count = jnp.asarray(n if count is None else count, jnp.int32)
    queries = (
        points,
        mesh_index.astype(jnp.int32),
        count,
        jnp.asarray(accuracy, jnp.float32),
    )
    result = jax.ShapeDtypeStruct((n,), jnp.float32)
    return call_native("winding_number", queries, vertices, hierarchy, result)
