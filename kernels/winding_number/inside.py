"""Inside or outside: the winding number against 1/2, asked only where it can exceed it.

Outside the bounding box of a closed mesh the winding number is exactly 0.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy


def in_box(points: jax.Array, mesh_index: jax.Array, vertices: jax.Array) -> jax.Array:
    """Whether points [Q, 3] lie in the boxes of their meshes, [Q] bool."""
    low, high = vertices.min(axis=1)[mesh_index], vertices.max(axis=1)[mesh_index]
    return jnp.all((points >= low) & (points <= high), axis=-1)


def find_inside(
    find_winding: Callable[..., jax.Array],
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None,
    accuracy: float,
) -> jax.Array:
    """Whether meshes hold their points, [Q] bool; False from `count` on.

    Args:
        find_winding: An implementation of `winding_number`.
    """
    n = points.shape[0]
    candidate = in_box(points, mesh_index, vertices)
    if count is not None:
        candidate &= jnp.arange(n) < count
    asked = jnp.nonzero(candidate, size=n, fill_value=0)[0]
    n_asked = candidate.sum(dtype=jnp.int32)
    winding = find_winding(
        points[asked], mesh_index[asked], vertices, hierarchy, n_asked, accuracy
    )
    back = jnp.where(jnp.arange(n) < n_asked, asked, n)
    return jnp.zeros(n, bool).at[back].set(winding > 0.5, mode="drop")
