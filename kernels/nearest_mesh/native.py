"""Nearest of many meshes on the CPU, in C++ (`kernels/native`), float32.

One refit serves both questions. A point first asks the meshes whose box holds it on
which side it is; only if none holds it, the surfaces are searched, nearest box first,
each search bounded by what the ones before have found.
"""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.native.call import call_native


def nearest_mesh_native(
    points: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    bound: jax.Array | None,
    accuracy: float,
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """See `nearest_mesh`; `bound` is not needed."""
    del bound
    n = points.shape[0]
    results = (
        jax.ShapeDtypeStruct((n, 2), jnp.int32),
        jax.ShapeDtypeStruct((n, 2), jnp.int32),
        jax.ShapeDtypeStruct((n, 2, 3), jnp.float32),
        jax.ShapeDtypeStruct((n, 2), jnp.bool_),
    )
    queries = (points, jnp.asarray(accuracy, jnp.float32))
    return call_native("nearest_mesh", queries, vertices, hierarchy, results)
