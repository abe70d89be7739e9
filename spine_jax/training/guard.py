"""Take an update only where its gradient is finite."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def all_finite(tree: Any) -> jax.Array:
    """Whether every number of every leaf is finite, a bool scalar."""
    flags = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
    return jnp.all(jnp.stack(flags))


def update_if_finite(
    update: Callable[[Any, Any], Any], gradients: Any, state: Any
) -> tuple[Any, jax.Array]:
    """update(gradients, state), or the state itself bit for bit.

    A branch and not a `where` per leaf: XLA would work out the flag, which depends on
    every gradient, again inside each of them.

    Returns:
        The next state, and whether the update was taken.
    """
    finite = all_finite(gradients)
    return jax.lax.cond(finite, update, _keep, gradients, state), finite


def _keep(gradients: Any, state: Any) -> Any:
    del gradients
    return state
