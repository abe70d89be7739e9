"""Point-mesh pairs: how far each is, and the two smallest of every point."""

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy


def unsigned_distance(
    points: jax.Array,
    mesh: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    face: jax.Array,
    barycentric: jax.Array,
) -> jax.Array:
    """Distance [Q] of each query to its place on a face."""
    corners = vertices[mesh[:, None], hierarchy.faces[face]]
    offset = jnp.sum(barycentric[..., None] * (points[:, None] - corners), axis=1)
    return jnp.sqrt(jnp.sum(offset**2, axis=-1))


def two_smallest(
    signed: jax.Array,
    entry: jax.Array,
    mesh: jax.Array,
    face: jax.Array,
    barycentric: jax.Array,
    inside: jax.Array,
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Places of the two smallest signed distances of every point, as `NearestMesh`.

    Args:
        signed: [P, B], inf for pairs that were not asked.
        entry: [P, B] int, where in the lists of answers a pair stands.
        mesh, face, barycentric, inside: [Q, ...], the answers.
    """
    rows = jnp.arange(signed.shape[0])
    first = jnp.argmin(signed, axis=1)
    rest = signed.at[rows, first].set(jnp.inf)
    second = jnp.argmin(rest, axis=1)
    second = jnp.where(rest[rows, second] < 0, second, first)
    at = jnp.stack([entry[rows, first], entry[rows, second]], axis=1)
    holds = inside[at] & jnp.stack([rows >= 0, second != first], axis=1)
    return mesh[at], face[at], barycentric[at], holds
