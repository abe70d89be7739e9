"""Which of many meshes is nearest to each point, in signed distance, and where."""

import dataclasses

import jax
import jax.numpy as jnp

from spine_jax.kernels.dispatch import as_floats, resolve, screen
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.nearest_mesh.native import nearest_mesh_native
from spine_jax.kernels.nearest_mesh.reference import nearest_mesh_reference
from spine_jax.kernels.nearest_mesh.tiled import nearest_mesh_tiled

IMPLEMENTATIONS = {
    "native": nearest_mesh_native,
    "tiled": nearest_mesh_tiled,
    "reference": nearest_mesh_reference,
}


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class NearestMesh:
    """The two smallest signed distances of every point, as places on meshes.

    Column 0 is the smallest: the deepest of the meshes that hold the point, or else the
    nearest of all. Column 1 is the next deepest where a second mesh holds the point,
    and else repeats column 0 with `inside` False.

    Attributes:
        mesh: [P, 2] int32.
        face: [P, 2] int32, index into `hierarchy.faces`.
        barycentric: [P, 2, 3].
        inside: [P, 2] bool.
    """

    mesh: jax.Array
    face: jax.Array
    barycentric: jax.Array
    inside: jax.Array


def nearest_mesh(
    points: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    *,
    bound: jax.Array | None = None,
    accuracy: float = 1.2,
    implementation: str | None = None,
) -> NearestMesh:
    """Find the mesh of smallest signed distance, and a second one that holds the point.

    A mesh holds a point that lies in its bounding box and around which it winds by more
    than 1/2. Meshes whose box is too far to matter are not asked: that changes the cost
    and never the answer.

    Args:
        points: [P, 3], any length unit.
        vertices: [B, V, 3], same unit; B >= 1 meshes that share the topology.
        hierarchy: Of the shared topology.
        bound: [P], a distance within which each point surely has a surface point (of
            any mesh), such as how far a surface sample was moved: spares `"tiled"` a
            search. None finds one.
        accuracy: Of the winding number, as in `winding_number`.
        implementation: `"native"`, `"tiled"`, `"reference"` or None for the fastest.

    Returns:
        Face 0, barycentric NaN and not inside for a point that is not finite, and for
        all points when any vertex is not.

    Raises:
        ValueError: for wrong shapes, no meshes, an unknown implementation or one that
            cannot run.
    """
    points, vertices = as_floats(points, vertices)
    find = resolve(implementation, IMPLEMENTATIONS, points.dtype)
    if vertices.shape[0] == 0:
        raise ValueError("there are no meshes, expected at least one")
    any_mesh = jnp.zeros(points.shape[0], jnp.int32)
    bad_mesh = ~jnp.isfinite(vertices).all()
    points, vertices, bad_point = screen(points, any_mesh, vertices, None)
    found = find(points, vertices, hierarchy, bound, accuracy)
    mesh, face, barycentric, inside = found
    spoilt = (bad_point | bad_mesh)[:, None]
    return NearestMesh(
        mesh=mesh,
        face=jnp.where(spoilt, 0, face),
        barycentric=jnp.where(spoilt[..., None], jnp.nan, barycentric),
        inside=inside & ~spoilt,
    )


__all__ = ["IMPLEMENTATIONS", "NearestMesh", "nearest_mesh"]
