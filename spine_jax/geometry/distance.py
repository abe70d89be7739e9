"""Signed distance to closed triangle meshes, differentiable in points and vertices.

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

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import Mesh, check_shapes
from spine_jax.geometry.mesh import normalise, triangle_normals, vertex_normals
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.dispatch import as_floats
from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy
from spine_jax.kernels.winding_number import winding_number as find_winding

SIGN_ACCURACY = 1.5
"""Barnes-Hut accuracy of the sign: error below 0.12 against a margin of 0.5."""


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
        implementation: `"tiled"`, `"reference"` or None for the fastest. Both are exact
            in the distance; the tiled winding number is Barnes-Hut.

    Returns:
        [P], or [B, P] for a batch; mm. NaN where the point, or any vertex of the mesh,
        is not finite.

    Raises:
        ValueError: for wrong shapes, an unknown implementation, or traced vertices
            without a hierarchy.

    Gradient: forward and reverse mode, in points and vertices; see the module. Second
    derivatives are those of the frozen witness and not meaningful.
    """
    points_mm, vertices = as_floats(points_mm, mesh.vertices_mm)
    batched = vertices.ndim == 3
    vertices = vertices if batched else vertices[None]
    sizes = check_shapes(points_mm=(points_mm, "P 3"), vertices_mm=(vertices, "B V 3"))
    hierarchy = hierarchy or hierarchy_of(mesh)
    points = jnp.tile(points_mm, (sizes["B"], 1))
    index = jnp.repeat(jnp.arange(sizes["B"], dtype=jnp.int32), sizes["P"])
    witness = find_witness(
        points, index, vertices, hierarchy, implementation=implementation
    )
    distance = distance_from_witness(points, vertices, hierarchy, witness)
    return distance.reshape(sizes["B"], sizes["P"]) if batched else distance


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
    sign = _find_sign(points, mesh_index, vertices, hierarchy, count, implementation)
    return Witness(mesh_index, face, barycentric, sign)


def _find_sign(points, mesh_index, vertices, hierarchy, count, implementation):
    """-1 inside, +1 outside, [Q]; asks only the queries inside their mesh's box.

    Outside the box of a closed mesh the winding number is exactly 0.
    """
    n = points.shape[0]
    low, high = vertices.min(axis=1)[mesh_index], vertices.max(axis=1)[mesh_index]
    in_box = jnp.all((points >= low) & (points <= high), axis=-1)
    if count is not None:
        in_box &= jnp.arange(n) < count
    asked = jnp.nonzero(in_box, size=n, fill_value=0)[0]
    n_asked = in_box.sum(dtype=jnp.int32)
    winding = find_winding(
        points[asked],
        mesh_index[asked],
        vertices,
        hierarchy,
        count=n_asked,
        accuracy=SIGN_ACCURACY,
        implementation=implementation,
    )
    back = jnp.where(jnp.arange(n) < n_asked, asked, n)
    inside = jnp.zeros(n, bool).at[back].set(winding > 0.5, mode="drop")
    return jnp.where(inside, -1, 1).astype(points.dtype)


def distance_from_witness(
    points: jax.Array, vertices: jax.Array, hierarchy: FaceHierarchy, witness: Witness
) -> jax.Array:
    """Signed distances [Q] of known witnesses, differentiable as the module says."""
    corners = vertices[witness.mesh[:, None], hierarchy.faces[witness.face]]
    normal = feature_normals(jax.lax.stop_gradient(vertices), hierarchy, witness)
    return _signed_length(points, corners, witness.barycentric, witness.sign, normal)


@jax.custom_jvp
def _signed_length(points, corners, barycentric, sign, surface_normal):
    closest = jnp.sum(barycentric[..., None] * corners, axis=-2)
    return sign * jnp.sqrt(jnp.sum((points - closest) ** 2, axis=-1))


@_signed_length.defjvp
def _signed_length_jvp(primals, tangents):
    points, corners, barycentric, sign, surface_normal = primals
    d_points, d_corners = tangents[:2]
    closest = jnp.sum(barycentric[..., None] * corners, axis=-2)
    offset = points - closest
    length = jnp.sqrt(jnp.sum(offset**2, axis=-1))
    # Within rounding of the surface the direction of p - c is noise.
    scale = jnp.maximum(jnp.abs(points).max(axis=-1), jnp.abs(closest).max(axis=-1))
    on_surface = length <= 4 * jnp.finfo(points.dtype).eps * scale
    direction = offset / jnp.where(on_surface, 1, length)[..., None]
    normal = jnp.where(
        on_surface[..., None], surface_normal, sign[..., None] * direction
    )
    d_closest = jnp.sum(barycentric[..., None] * d_corners, axis=-2)
    return sign * length, jnp.sum(normal * (d_points - d_closest), axis=-1)


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
    corners = on_vertex[mesh[:, None], faces[face]]
    blended = normalise(jnp.sum(witness.barycentric[..., None] * corners, axis=1))
    has_area = jnp.any(on_edge != 0, axis=-1)
    return jnp.select(
        [(n_zero == 0)[:, None], ((n_zero == 1) & has_area)[:, None]],
        [own, on_edge],
        blended,
    )
