"""Generalized winding number, differentiable in points and vertices.

Derivation of the gradient. The winding number of a closed oriented surface is an
integer away from the surface, so its derivative is zero. A mesh with boundary edges e
becomes closed when a fan of triangles (o, e_1, e_0) is added, for any apex o. Hence

    dw = d sum_e Omega(p; o, e_0, e_1) / 4 pi

with Omega the solid angle of a fan triangle: the exact derivative touches the boundary
edges alone, costs nothing for closed meshes, and needs no derivative of the tree. On
the boundary curve itself w has no derivative.
"""

import functools

import jax
import jax.numpy as jnp

from spine_jax.core import Mesh, check_shapes
from spine_jax.geometry.distance import hierarchy_of
from spine_jax.kernels.dispatch import as_floats
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.triangles import solid_angle
from spine_jax.kernels.winding_number import winding_number as find_winding


def winding_number(
    points_mm: jax.Array,
    mesh: Mesh,
    *,
    hierarchy: FaceHierarchy | None = None,
    implementation: str | None = None,
) -> jax.Array:
    """Generalized winding number of points: 1 inside a closed mesh, 0 outside.

    Args:
        points_mm: [P, 3], RAS+ mm.
        mesh: `vertices_mm` [V, 3], or [B, V, 3] for meshes that share `faces` [F, 3].
            May be open or self-intersecting.
        hierarchy: As in `signed_distance`.
        implementation: `"tiled"` (Barnes-Hut, error below 0.07), `"reference"` (exact)
            or None for the fastest.

    Returns:
        [P], or [B, P] for a batch.

    Raises:
        ValueError: as `signed_distance`.

    Reference: Jacobson, Kavan, Sorkine-Hornung, ACM TOG 32(4), 2013.
    """
    points_mm, vertices = as_floats(points_mm, mesh.vertices_mm)
    batched = vertices.ndim == 3
    vertices = vertices if batched else vertices[None]
    sizes = check_shapes(points_mm=(points_mm, "P 3"), vertices_mm=(vertices, "B V 3"))
    hierarchy = hierarchy or hierarchy_of(mesh)
    winding = _winding(implementation, points_mm, vertices, hierarchy)
    return winding.reshape(sizes["B"], sizes["P"]) if batched else winding


@functools.partial(jax.custom_jvp, nondiff_argnums=(0,))
def _winding(implementation, points, vertices, hierarchy):
    n_meshes, n_points = vertices.shape[0], points.shape[0]
    return find_winding(
        jnp.tile(points, (n_meshes, 1)),
        jnp.repeat(jnp.arange(n_meshes, dtype=jnp.int32), n_points),
        vertices,
        hierarchy,
        implementation=implementation,
    )


@_winding.defjvp
def _winding_jvp(implementation, primals, tangents):
    points, vertices, hierarchy = primals
    winding = _winding(implementation, points, vertices, hierarchy)
    if hierarchy.boundary.shape[0] == 0:
        return winding, jnp.zeros_like(winding)

    def fan(points, vertices):
        p = tuple(points[None, :, None, axis] for axis in range(3))
        ends = vertices[:, None, hierarchy.boundary]  # [B, 1, E, 2, 3]
        apex = vertices.mean(axis=1)[:, None, None]
        o = tuple(apex[..., axis] for axis in range(3))
        e0, e1 = (tuple(ends[..., i, axis] for axis in range(3)) for i in range(2))
        return solid_angle(p, o, e0, e1).sum(axis=-1).reshape(-1)

    return winding, jax.jvp(fan, (points, vertices), tangents[:2])[1]
