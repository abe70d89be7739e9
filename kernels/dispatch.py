"""What every kernel does before it runs: choose an implementation, screen the input."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp


def resolve(
    implementation: str | None, available: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any]:
    """The named implementation, or the first (fastest) one for None.

    Raises:
        ValueError: naming what there is, when a named implementation is unknown. An
            explicit choice is never replaced by another one.
    """
    if implementation is None:
        return next(iter(available.values()))
    if implementation not in available:
        raise ValueError(
            f"implementation {implementation!r} is unknown, expected one of "
            f"{', '.join(available)} or None for the fastest"
        )
    return available[implementation]


def as_floats(*arrays: Any) -> tuple[jax.Array, ...]:
    """The arrays in their common floating dtype; integers become the default float."""
    converted = [jnp.asarray(array) for array in arrays]
    dtype = jnp.result_type(float, *converted)
    return tuple(array.astype(dtype) for array in converted)


def screen(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    count: jax.Array | None,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Keep NaN and infinity out of the traversals, where comparisons would hide them.

    Returns:
        points [Q, 3] and vertices [B, V, 3] with zeros for what is not finite, and
        [Q] bool, the queries this spoils: their own point or any vertex of their mesh.
        Queries from `count` on are never spoilt.
    """
    finite_point, finite_vertex = jnp.isfinite(points), jnp.isfinite(vertices)
    spoilt = ~finite_point.all(axis=1) | ~finite_vertex.all(axis=(1, 2))[mesh_index]
    if count is not None:
        spoilt &= jnp.arange(points.shape[0]) < count
    return (
        jnp.where(finite_point, points, 0),
        jnp.where(finite_vertex, vertices, 0),
        spoilt,
    )
