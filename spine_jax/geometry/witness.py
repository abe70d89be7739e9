"""Where the closest points are, and signed distances differentiated through them.

The kernels find, this module differentiates. For a point p whose closest surface point
is c = sum_i b_i v_i on the face (v_0, v_1, v_2) with barycentric coordinates b,

    d(p) = s |p - c|,   s = -1 where the winding number exceeds 1/2, else +1.

Derivation of the gradient. b minimises |p - sum_i b_i v_i| over the face, and c is a
minimum over faces, so to first order b and the face do not move (envelope theorem);
s is piecewise constant. With n = s (p - c) / |p - c| this leaves

    dd = n . (dp - sum_i b_i dv_i),    that is   dd/dp = n,   dd/dv_i = -b_i n,

the rule of Kim and Park 2024 (section 2.2). On the surface n is 0/0; its limit from
either side inside a face is the outward face normal, and on an edge or a vertex we take
the angle-weighted pseudonormal of that feature, an element of the generalised gradient.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp

from spine_jax.geometry.mesh import (
    columns,
    normalise,
    surface_points,
    triangle_normals,
    vertex_normals,
)
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.triangles import dot
from spine_jax.kernels.winding_number import winding_number
from spine_jax.kernels.winding_number.inside import find_inside

SIGN_ACCURACY = 1.2
"""Barnes-Hut accuracy of the sign: error below 0.2 against a margin of 0.5."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Witness:
    """Where the closest points are: all a distance needs to be evaluated again.

    Attributes:
        mesh: [Q] int32, which mesh of the batch.
        face: [Q] int32.
        barycentric: [Q, 3].
        sign: [Q], -1 inside, +1 outside.
    """

    mesh: jax.Array
    face: jax.Array
    barycentric: jax.Array
    sign: jax.Array


def find_witness(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    *,
    count: jax.Array | None = None,
    implementation: str | None = None,
) -> Witness:
    """Closest face, position on it and side, without gradient.

    Args:
        points: [Q, 3]; mesh_index: [Q] int32; vertices: [B, V, 3], same unit.
        hierarchy: Of the shared topology.
        count: Only the first `count` queries are asked; None asks all.
        implementation: As in `signed_distance`.
    """
    points = jax.lax.stop_gradient(points)
    vertices = jax.lax.stop_gradient(vertices)
    face, barycentric = closest_point(
        points,
        mesh_index,
        vertices,
        hierarchy,
        count=count,
        implementation=implementation,
    )
    inside = find_inside(
        functools.partial(_find_winding, implementation),
        points,
        mesh_index,
        vertices,
        hierarchy,
        count,
        SIGN_ACCURACY,
    )
    return Witness(mesh_index, face, barycentric, sign_of(inside, points.dtype))


def _find_winding(implementation, points, mesh, vertices, hierarchy, count, accuracy):
    return winding_number(
        points,
        mesh,
        vertices,
        hierarchy,
        count=count,
        accuracy=accuracy,
        implementation=implementation,
    )


def sign_of(inside: jax.Array, dtype: jax.typing.DTypeLike) -> jax.Array:
    """-1 inside, +1 outside."""
    return jnp.where(inside, -1, 1).astype(dtype)


@jax.custom_jvp
def distance_from_witness(
    points: jax.Array, vertices: jax.Array, hierarchy: FaceHierarchy, witness: Witness
) -> jax.Array:
    """Signed distances [Q] of known witnesses, differentiable as the module says.

    Args:
        points: [Q, 3]; vertices: [B, V, 3].
    """
    offset = columns(_offset(points, vertices, hierarchy, witness))
    return witness.sign * jnp.sqrt(dot(offset, offset))


@distance_from_witness.defjvp
def _distance_jvp(primals, tangents):
    points, vertices, hierarchy, witness = primals
    offset = _offset(points, vertices, hierarchy, witness)
    length = jnp.sqrt(dot(columns(offset), columns(offset)))
    # Within rounding of the surface the direction of p - c is noise.
    scale = jnp.abs(points).max(axis=-1)
    on_surface = length <= 4 * jnp.finfo(points.dtype).eps * scale
    outward = (witness.sign / jnp.where(on_surface, 1, length))[:, None] * offset
    # Points on the surface are rare: features are looked at only if there are any.
    normal = jax.lax.cond(
        jnp.any(on_surface),
        lambda: jnp.where(
            on_surface[:, None], feature_normals(vertices, hierarchy, witness), outward
        ),
        lambda: outward,
    )
    d_points, d_vertices = tangents[:2]
    moved = _offset(d_points, d_vertices, hierarchy, witness)
    return witness.sign * length, dot(columns(normal), columns(moved))


def _offset(points, vertices, hierarchy, witness):
    """p - c [Q, 3], as sum_i b_i (p - v_i): far from the origin p - v_i is exact where
    p and c would have been rounded."""
    corners = hierarchy.faces[witness.face]
    offset = jnp.zeros_like(points)
    # Corner by corner: XLA fuses this into one loop, but not a sum over an axis.
    for i in range(3):
        corner = vertices[witness.mesh, corners[:, i]]
        offset += witness.barycentric[:, i, None] * (points - corner)
    return offset


def feature_normals(
    vertices: jax.Array, hierarchy: FaceHierarchy, witness: Witness
) -> jax.Array:
    """Unit outward pseudonormal of the face, edge or vertex each witness lies on.

    Args:
        vertices: [B, V, 3].

    Returns:
        [Q, 3]; zero only where the normals that meet there cancel.
    """
    faces = hierarchy.faces
    face_normal = normalise(triangle_normals(vertices, faces))
    on_vertex = vertex_normals(vertices, faces)
    mesh, face, zero = witness.mesh, witness.face, witness.barycentric <= 0
    n_zero = zero.sum(axis=-1)
    own = face_normal[mesh, face]
    # Corner i is opposite the edge from corner i + 1 to i + 2.
    edge = (jnp.argmax(zero, axis=-1) + 1) % 3
    across = face_normal[mesh, hierarchy.neighbours[face, edge]]
    on_edge = normalise(own + across)
    # On a vertex the weights are one-hot; else this is for edges without any area.
    blended = normalise(
        surface_points(on_vertex, faces, mesh, face, witness.barycentric)
    )
    has_area = jnp.any(on_edge != 0, axis=-1)
    return jnp.select(
        [(n_zero == 0)[:, None], ((n_zero == 1) & has_area)[:, None]],
        [own, on_edge],
        blended,
    )
