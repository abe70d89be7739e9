"""Signed distance to closed triangle meshes, differentiable in points and vertices."""

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import Mesh, check_shapes
from spine_jax.geometry.union import find_union_witness
from spine_jax.geometry.witness import distance_from_witness, find_witness
from spine_jax.kernels.dispatch import as_floats
from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy


def signed_distance(
    points_mm: jax.Array,
    mesh: Mesh,
    *,
    hierarchy: FaceHierarchy | None = None,
    implementation: str | None = None,
) -> jax.Array:
    """Signed Euclidean distance from points to closed triangle meshes.

    Negative inside, positive outside, zero on the surface.

    Args:
        points_mm: [P, 3], RAS+ mm.
        mesh: `vertices_mm` [V, 3], or [B, V, 3] for meshes that share `faces` [F, 3].
        hierarchy: `build_hierarchy(vertices, faces)` of this topology. Needed when the
            vertices are traced; else built here when absent.
        implementation: `"native"` (C++, CPU, float32), `"tiled"` (XLA, anywhere),
            `"reference"` (dense) or None for the fastest that runs here. All are exact
            in the distance; winding numbers are Barnes-Hut in the first two.

    Returns:
        [P], or [B, P] for a batch; mm. NaN where the point, or any vertex of the mesh,
        is not finite.

    Raises:
        ValueError: for wrong shapes, an unknown implementation, or traced vertices
            without a hierarchy.

    Gradient: forward and reverse mode, in points and vertices; see `witness`. Second
    derivatives are those of the frozen witness and not meaningful.
    """
    points_mm, vertices = as_floats(points_mm, mesh.vertices_mm)
    batched = vertices.ndim == 3
    vertices = vertices if batched else vertices[None]
    sizes = check_shapes(points_mm=(points_mm, "P 3"), vertices_mm=(vertices, "B V 3"))
    hierarchy = hierarchy or hierarchy_of(mesh)
    if not batched:
        found = find_union_witness(
            points_mm, vertices, hierarchy, implementation=implementation
        )
        return distance_from_witness(points_mm, vertices, hierarchy, found.first)
    points = jnp.tile(points_mm, (sizes["B"], 1))
    index = jnp.repeat(jnp.arange(sizes["B"], dtype=jnp.int32), sizes["P"])
    witness = find_witness(
        points, index, vertices, hierarchy, implementation=implementation
    )
    distance = distance_from_witness(points, vertices, hierarchy, witness)
    return distance.reshape(sizes["B"], sizes["P"])


def hierarchy_of(mesh: Mesh) -> FaceHierarchy:
    """Build the face hierarchy of a mesh (batch) from its concrete positions.

    Raises:
        ValueError: when the vertices are traced, so that no positions are at hand.
    """
    try:
        vertices = np.asarray(mesh.vertices_mm)
    except jax.errors.TracerArrayConversionError as error:
        raise ValueError(
            "the mesh is traced, expected a hierarchy beside it: call "
            "build_hierarchy(vertices, faces) once outside jit or grad and pass "
            "hierarchy=..."
        ) from error
    return build_hierarchy(vertices.reshape((-1,) + vertices.shape[-2:])[0], mesh.faces)
