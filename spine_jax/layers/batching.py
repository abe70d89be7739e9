"""Networks in batches: several inputs in one call, many images in calls of one size."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


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


def in_batches(
    run: Callable[[jax.Array], Any], images: np.ndarray, batch_size: int
) -> Any:
    """run(images) on the host, a few at a time.

    The last batch is filled up with zeros, so that one size compiles.

    Args:
        run: From [B, *S, C] to a pytree of [B, ...]; treats each image by itself.
        images: [N, *S, C], N at least 1.
        batch_size: Largest B.
    """
    n = len(images)
    outputs = []
    for start in range(0, n, batch_size):
        chunk = np.asarray(images[start : start + batch_size], np.float32)
        missing = min(batch_size, n) - len(chunk)
        filled = np.pad(chunk, ((0, missing),) + ((0, 0),) * (chunk.ndim - 1))
        output = run(jnp.asarray(filled))
        outputs.append(jax.tree.map(lambda y: np.asarray(y)[: len(chunk)], output))  # noqa: B023
    return jax.tree.map(lambda *parts: np.concatenate(parts), *outputs)
