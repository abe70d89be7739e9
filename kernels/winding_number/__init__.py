"""Generalized winding number of points with respect to triangle meshes."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.dispatch import as_floats, resolve, screen
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.winding_number.native import winding_number_native
from spine_jax.kernels.winding_number.reference import winding_number_reference
from spine_jax.kernels.winding_number.tiled import winding_number_tiled

IMPLEMENTATIONS = {
    "native": winding_number_native,
    "tiled": winding_number_tiled,
    "reference": winding_number_reference,
}


def winding_number(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    *,
    count: jax.Array | None = None,
    accuracy: float = 2.0,
    implementation: str | None = None,
) -> jax.Array:
    """Winding number of each query: 1 inside a closed mesh, 0 outside.

    A query is one point against one of B meshes that share a topology. Many meshes
    belong into B: under `vmap` the tiled kernel also runs its dense fallback.

    Args:
        points: [Q, 3], any length unit.
        mesh_index: [Q] int32 in [0, B).
        vertices: [B, V, 3], same unit.
        hierarchy: Of the shared topology.
        count: Only the first `count` queries are asked, the rest is 0; None asks all.
        accuracy: Distance, in radii, from which a part of the mesh is taken as one
            moment, other than by `"reference"`; 1.2 decides inside or outside, 2 is
            good to 0.07.
        implementation: `"native"` (C++, CPU, float32) or `"tiled"` (XLA), both
            Barnes-Hut with the error stated in `tiled`, `"reference"` (dense, exact) or
            None for the fastest that runs here.

    Returns:
        [Q]. NaN for a query whose point, or any vertex of whose mesh, is not finite.

    Raises:
        ValueError: for wrong shapes, an unknown implementation or one that cannot run.
    """
    points, vertices = as_floats(points, vertices)
    find = resolve(implementation, IMPLEMENTATIONS, points.dtype)
    mesh_index = jnp.asarray(mesh_index)
    points, vertices, spoilt = screen(points, mesh_index, vertices, count)
    winding = find(points, mesh_index, vertices, hierarchy, count, accuracy)
    return jnp.where(spoilt, jnp.nan, winding)


__all__ = ["IMPLEMENTATIONS", "winding_number"]
