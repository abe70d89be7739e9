"""Quantities of triangle meshes: normals, areas, volume, edges, surface samples."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.kernels.triangles import cross, dot, subtract


def triangle_normals(vertices: jax.Array, faces: jax.Array) -> jax.Array:
    """Face normals scaled by the face areas, [..., F, 3], outward.

    Args:
        vertices: [..., V, 3].
        faces: [F, 3] int, counter-clockwise from outside.
    """
    a, b, c = (vertices[..., faces[:, i], :] for i in range(3))
    return jnp.cross(b - a, c - a) / 2


def triangle_areas(vertices: jax.Array, faces: jax.Array) -> jax.Array:
    """Face areas, [..., F], in the squared unit of `vertices`; gradient 0 at area 0."""
    return safe_norm(triangle_normals(vertices, faces))


def safe_norm(x: jax.Array) -> jax.Array:
    """Euclidean length over the last axis with gradient 0 (not NaN) at 0."""
    squares = (component**2 for component in columns(x))
    return _safe_sqrt(functools.reduce(jnp.add, squares))


def _safe_sqrt(squared: jax.Array) -> jax.Array:
    """Square root with gradient 0 (not NaN) at 0."""
    positive = squared > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, squared, 1)), 0)


def columns(vectors: jax.Array) -> tuple:
    """Components along the last axis: XLA fuses their sums, not those of an axis."""
    return tuple(vectors[..., i] for i in range(vectors.shape[-1]))


def normalise(x: jax.Array) -> jax.Array:
    """Unit vectors along the last axis; zero vectors stay zero."""
    length = safe_norm(x)
    return x / jnp.where(length > 0, length, 1)[..., None]


def vertex_normals(vertices: jax.Array, faces: jax.Array) -> jax.Array:
    """Unit outward vertex normals weighted by the incident angles, [..., V, 3].

    The angle-weighted sum is the pseudonormal of Baerentzen and Aanaes 2005: the sign
    of (p - v) . n tells inside from outside for the points whose closest point is v.
    """
    # One array [V, meshes] per coordinate: meshes share their faces, so a gather or a
    # scatter moves whole rows, and arithmetic on coordinates needs no slices, whose
    # gradients would be padded copies.
    flat = vertices.reshape((-1,) + vertices.shape[-2:])
    x = tuple(flat[..., axis].T for axis in range(3))
    corners = [tuple(axis[faces[:, i]] for axis in x) for i in range(3)]
    edges = [subtract(corners[(i + 1) % 3], corners[i]) for i in range(3)]
    lengths = [_length(edge) for edge in edges]
    normal = cross(edges[0], edges[1])
    double_area = _length(normal)
    scale = 1 / jnp.where(double_area > 0, double_area, 1)
    total = [jnp.zeros_like(axis) for axis in x]
    for i in range(3):
        cosine = -dot(edges[i], edges[i - 1])
        angle = _angle(double_area, cosine, lengths[i] * lengths[i - 1])
        for axis in range(3):
            weighted = angle * (normal[axis] * scale)
            total[axis] = total[axis].at[faces[:, i]].add(weighted)
    length = _length(tuple(total))
    inverse = 1 / jnp.where(length > 0, length, 1)
    unit = jnp.stack([(axis * inverse).T for axis in total], axis=-1)
    return unit.reshape(vertices.shape)


def _length(vector: tuple) -> jax.Array:
    """Length of a vector given as (x, y, z) arrays, with gradient 0 (not NaN) at 0."""
    return _safe_sqrt(dot(vector, vector))


def _angle(sine: jax.Array, cosine: jax.Array, product: jax.Array) -> jax.Array:
    """Angle in [0, pi] between two vectors; 0 where one has no length.

    Twice the arc tangent of tan(angle / 2) = sine / (1 + cosine), of the angle or of
    its supplement, whichever is at most a right angle: nothing cancels, and an arc
    tangent of one argument is half the work of one of two.

    Args:
        sine, cosine: Times the product of the lengths.
        product: Of the lengths.
    """
    adjacent = product + jnp.abs(cosine)
    acute = 2 * jnp.arctan(sine / jnp.where(adjacent > 0, adjacent, 1))
    return jnp.where(cosine >= 0, acute, jnp.pi - acute)


def enclosed_volume(vertices: jax.Array, faces: jax.Array) -> jax.Array:
    """Signed volume of a closed mesh, [...]; positive when faces point outward."""
    centred = vertices - vertices.mean(axis=-2, keepdims=True)
    a, b, c = (centred[..., faces[:, i], :] for i in range(3))
    return jnp.sum(a * jnp.cross(b, c), axis=(-2, -1)) / 6


def unique_edges(faces: np.ndarray) -> np.ndarray:
    """Undirected edges of a mesh, [E, 2] int32, on the host."""
    faces = np.asarray(faces)
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return np.unique(np.sort(directed, axis=1), axis=0).astype(np.int32)


def sample_surface(
    key: jax.Array, vertices: jax.Array, faces: jax.Array, n: int
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Draw points uniformly by area over a batch of meshes that share a topology.

    Args:
        key: Random key.
        vertices: [B, V, 3].
        faces: [F, 3] int.
        n: Number of samples.

    Returns:
        mesh: [n] int32; face: [n] int32; barycentric: [n, 3], so that the position can
        be evaluated again, with gradient, by `surface_points`.
    """
    vertices = jnp.asarray(vertices)
    key_face, key_position = jax.random.split(key)
    cumulative = jnp.cumsum(triangle_areas(vertices, faces).reshape(-1))
    target = jax.random.uniform(key_face, (n,), cumulative.dtype) * cumulative[-1]
    index = jnp.searchsorted(cumulative, target, side="right")
    index = jnp.minimum(index, cumulative.shape[0] - 1).astype(jnp.int32)
    u, v = jax.random.uniform(key_position, (2, n), vertices.dtype)
    # The unit square folded along its diagonal covers the triangle evenly.
    folded = u + v > 1
    u, v = jnp.where(folded, 1 - u, u), jnp.where(folded, 1 - v, v)
    barycentric = jnp.stack([1 - u - v, u, v], axis=-1)
    return index // faces.shape[0], index % faces.shape[0], barycentric


def surface_points(
    values: jax.Array,
    faces: jax.Array,
    mesh: jax.Array,
    face: jax.Array,
    barycentric: jax.Array,
) -> jax.Array:
    """Interpolate per-vertex values [B, V, C] at surface samples, [n, C]."""
    corners = faces[face]
    # Corner by corner: XLA fuses this into one loop, but not a sum over an axis.
    a, b, c = (barycentric[:, i, None] * values[mesh, corners[:, i]] for i in range(3))
    return a + b + c
