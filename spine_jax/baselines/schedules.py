"""Learning rates that follow from how long a run is to be."""

from typing import Any

import jax
import jax.numpy as jnp


def linear_second_half(rate: float, step: jax.Array, n_steps: int) -> Any:
    """The rate in the first half of a run, then down to 0 along a line."""
    left = 1 - step / n_steps
    return rate * jnp.clip(2 * left, 0, 1)


def polynomial(rate: float, step: jax.Array, n_steps: float, power: float = 0.9) -> Any:
    """The rate times (1 - step / n_steps) to a power."""
    return rate * jnp.clip(1 - step / n_steps, 0, 1) ** power
