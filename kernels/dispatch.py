"""What every kernel does before it runs: choose an implementation, screen the input."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from spine_jax.kernels.native.build import native_available


def resolve(
    implementation: str | None,
    available: Mapping[str, Callable[..., Any]],
    dtype: jax.typing.DTypeLike,
) -> Callable[..., Any]:
    """The named implementation, or for None the first (fastest) one that can run here.

    `native` runs on float32 arrays on the CPU, everything else anywhere. It is built at
    the first call; what follows is a dictionary lookup.

    Raises:
        ValueError: when a named implementation is unknown or cannot run. An explicit
            choice is never replaced by another one.
    """
    if implementation is None:
        native_runs = dtype == jnp.float32 and jax.default_backend() == "cpu"
        usable = (
            name
            for name in available
            if name != "native" or (native_runs and native_available())
        )
        return available[next(usable)]
    if implementation not in available:
        raise ValueError(
            f"implementation {implementation!r} is unknown, expected one of "
            f"{', '.join(available)} or None for the fastest"
        )
    if implementation == "native" and dtype != jnp.float32:
        raise ValueError(
            f"implementation 'native' computes in float32, found {jnp.dtype(dtype)}: "
            f"cast the arrays, or take {_other(available)}"
        )
    if implementation == "native" and not native_available():
        raise ValueError(
            "implementation 'native' could not be built, see the warning: install a "
            f"C++ compiler, or take {_other(available)}"
        )
    return available[implementation]


def _other(available: Mapping[str, Any]) -> str:
    """The fastest implementation that runs anywhere, as a message names it."""
    return repr(next(name for name in available if name != "native"))


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

    Raises:
        ValueError: for points or vertices that do not have three coordinates.

    Returns:
        points [Q, 3] and vertices [B, V, 3] with zeros for what is not finite, and
        [Q] bool, the queries this spoils: their own point or any vertex of their mesh.
        Queries from `count` on are never spoilt.
    """
    if points.shape[-1] != 3 or vertices.shape[-1] != 3:
        raise ValueError(
            f"points have shape {points.shape} and vertices {vertices.shape}, expected "
            "[Q, 3] and [B, V, 3]"
        )
    finite_point, finite_vertex = jnp.isfinite(points), jnp.isfinite(vertices)
    spoilt = ~finite_point.all(axis=1) | ~finite_vertex.all(axis=(1, 2))[mesh_index]
    if count is not None:
        spoilt &= jnp.arange(points.shape[0]) < count
    return (
        jnp.where(finite_point, points, 0),
        jnp.where(finite_vertex, vertices, 0),
        spoilt,
    )
