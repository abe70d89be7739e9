"""Closest point of triangle meshes to points: which face, and where on it."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.closest_point.native import closest_point_native
from spine_jax.kernels.closest_point.reference import closest_point_reference
from spine_jax.kernels.closest_point.tiled import closest_point_tiled
from spine_jax.kernels.dispatch import as_floats, resolve, screen
from spine_jax.kernels.hierarchy import FaceHierarchy

IMPLEMENTATIONS = {
    "native": closest_point_native,
    "tiled": closest_point_tiled,
    "reference": closest_point_reference,
}


def closest_point(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    *,
    count: jax.Array | None = None,
    implementation: str | None = None,
) -> tuple[jax.Array, jax.Array]:
    """Face and barycentric coordinates of the closest point, query by query.

    A query is one point against one of B meshes that share a topology. Finds only:
    nothing here is differentiated (see `spine_jax.geometry.distance`). Many meshes
    belong into B: under `vmap` the tiled kernel also runs its dense fallback.

    Args:
        points: [Q, 3], any length unit.
        mesh_index: [Q] int32 in [0, B).
        vertices: [B, V, 3], same unit.
        hierarchy: Of the shared topology.
        count: Only the first `count` queries are asked, the rest is left zero; None
            asks all.
        implementation: `"native"` (C++, CPU, float32), `"tiled"` (XLA), `"reference"`
            (dense), all exact, or None for the fastest that runs here.

    Returns:
        face: [Q] int32, index into `hierarchy.faces`. Ties go to either face.
        barycentric: [Q, 3], non-negative, sum 1. NaN, with face 0, for a query whose
            point, or any vertex of whose mesh, is not finite.

    Raises:
        ValueError: for wrong shapes, an unknown implementation or one that cannot run.
    """
    points, vertices = as_floats(points, vertices)
    find = resolve(implementation, IMPLEMENTATIONS, points.dtype)
    mesh_index = jnp.asarray(mesh_index)
    points, vertices, spoilt = screen(points, mesh_index, vertices, count)
    face, barycentric = find(points, mesh_index, vertices, hierarchy, count)
    return (
        jnp.where(spoilt, 0, face),
        jnp.where(spoilt[:, None], jnp.nan, barycentric),
    )


__all__ = ["IMPLEMENTATIONS", "closest_point"]
