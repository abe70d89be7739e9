"""Point-triangle arithmetic shared by the references and the culled kernels."""

import jax
import jax.numpy as jnp


def dot(a: tuple, b: tuple) -> jax.Array:
    """Dot product of vectors given as (x, y, z) tuples: no axis, so loops fuse."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: tuple, b: tuple) -> tuple:
    """Cross product of vectors given as (x, y, z) tuples."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


def subtract(a: tuple, b: tuple) -> tuple:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _edge_parameter(point_from_start: tuple, edge: tuple) -> jax.Array:
    """Parameter in [0, 1] of the closest point on an edge; 0 on a zero-length edge."""
    length2 = dot(edge, edge)
    t = dot(point_from_start, edge) / jnp.where(length2 > 0, length2, 1)
    return jnp.clip(t, 0, 1)


def _squared(a: tuple) -> jax.Array:
    return dot(a, a)


def _residual(point_from_start: tuple, edge: tuple, t: jax.Array) -> tuple:
    return tuple(p - t * e for p, e in zip(point_from_start, edge))


def _off_plane(pa: tuple, ab: tuple, ca: tuple, b: jax.Array, c: jax.Array) -> tuple:
    """From the point a + b ab + c ac of a triangle's plane to a point, given from a."""
    return tuple(x - b * e + c * f for x, e, f in zip(pa, ab, ca))


def closest_on_triangle(
    p: tuple, a: tuple, b: tuple, c: tuple
) -> tuple[jax.Array, tuple[jax.Array, jax.Array, jax.Array]]:
    """Squared distance and barycentric coordinates of the closest point of a triangle.

    The closest point is the orthogonal projection when that falls inside the triangle,
    else the nearest of the three edges' closest points. Degenerate triangles have no
    inside and are answered by their edges.

    Args:
        p, a, b, c: Point and corners as (x, y, z) tuples of broadcastable arrays.
    """
    ab, bc, ca = subtract(b, a), subtract(c, b), subtract(a, c)
    pa, pb, pc = subtract(p, a), subtract(p, b), subtract(p, c)
    normal = cross(ab, subtract(c, a))
    normal2 = _squared(normal)
    # Twice the signed sub-areas over |n|^2 are the barycentric coordinates of the
    # projection: this is the Gram system over the two edge vectors, solved exactly.
    # The third is the remainder, so that they sum to one however thin the triangle is.
    scale = 1 / jnp.where(normal2 > 0, normal2, 1)
    plane_b = dot(cross(ca, pc), normal) * scale
    plane_c = dot(cross(ab, pa), normal) * scale
    off = _off_plane(pa, ab, ca, plane_b, plane_c)
    # Once more for what remains: on thin faces the first solution is rounded.
    plane_b += dot(cross(ca, off), normal) * scale
    plane_c += dot(cross(ab, off), normal) * scale
    plane_a = 1 - plane_b - plane_c
    inside = (plane_a >= 0) & (plane_b >= 0) & (plane_c >= 0) & (normal2 > 0)

    t_ab, t_bc, t_ca = (
        _edge_parameter(pa, ab),
        _edge_parameter(pb, bc),
        _edge_parameter(pc, ca),
    )
    d_ab = _squared(_residual(pa, ab, t_ab))
    d_bc = _squared(_residual(pb, bc, t_bc))
    d_ca = _squared(_residual(pc, ca, t_ca))
    d_plane = _squared(_off_plane(pa, ab, ca, plane_b, plane_c))
    d_edge = jnp.minimum(jnp.minimum(d_ab, d_bc), d_ca)
    # On slivers the normal is rounding noise and the projection with it. Every weight
    # triple here is a point of the triangle, so the nearer one is never wrong.
    inside &= d_plane <= d_edge
    on_ab = d_ab <= d_edge
    on_bc = ~on_ab & (d_bc <= d_edge)

    def pick(plane, ab_value, bc_value, ca_value):
        edge = jnp.where(on_ab, ab_value, jnp.where(on_bc, bc_value, ca_value))
        return jnp.where(inside, plane, edge)

    weights = (
        pick(plane_a, 1 - t_ab, 0, t_ca),
        pick(plane_b, t_ab, 1 - t_bc, 0),
        pick(plane_c, 0, t_bc, 1 - t_ca),
    )
    return jnp.where(inside, d_plane, d_edge), weights


def solid_angle(p: tuple, a: tuple, b: tuple, c: tuple) -> jax.Array:
    """Signed solid angle of a triangle over 4 pi: positive seen from behind.

    Van Oosterom and Strackee's formula, with the triple product taken over differences
    (a . ((b - a) x (c - a))) so that it does not cancel for thin or far triangles. A
    point on the triangle's plane contributes 0.
    """
    ra, rb, rc = subtract(a, p), subtract(b, p), subtract(c, p)
    la, lb, lc = jnp.sqrt(_squared(ra)), jnp.sqrt(_squared(rb)), jnp.sqrt(_squared(rc))
    triple = dot(ra, cross(subtract(b, a), subtract(c, a)))
    denominator = la * lb * lc + dot(ra, rb) * lc + dot(rb, rc) * la + dot(rc, ra) * lb
    # atan2(0, 0) at a corner is 0, as wanted; a point inside the triangle has
    # triple = 0 and must not be given the +-pi of a negative denominator. Elsewhere in
    # the plane atan2 is 0 by itself, and has a derivative to keep.
    angle = 2 * jnp.arctan2(triple, denominator)
    return jnp.where((triple == 0) & (denominator <= 0), 0, angle) / (4 * jnp.pi)
