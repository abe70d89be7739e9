"""Several inputs through one network in one call."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def together(network: Callable[[Any], Any] | None, *inputs: Any) -> tuple[Any, ...]:
    """(network(a), network(b), ...) for inputs of one shape, in one call.

    Example i of every input lies side by side in the joint batch. A batch sharded over
    devices so stays where it is, which end to end it would not.

    Args:
        network: Treats each example by itself. None, a network left out, gives None
            for each input.
        inputs: Pytrees of [B, ...].
    """
    n = len(inputs)
    if network is None:
        return (None,) * n
    joined = jax.tree.map(
        lambda *x: jnp.stack(x, 1).reshape(-1, *x[0].shape[1:]), *inputs
    )
    output = network(joined)
    return tuple(
        jax.tree.map(lambda y: y.reshape(-1, n, *y.shape[1:])[:, i], output)  # noqa: B023
        for i in range(n)
    )
