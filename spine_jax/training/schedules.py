"""Learning rates that follow from how long a run is to be."""

from typing import Any

import jax
import jax.numpy as jnp


def linear_second_half(rate: float, step: jax.Array | int, n_steps: int) -> Any:
    """The rate in the first half of a run, then down to 0 along a line."""
    left = 1 - step / n_steps
    return rate * jnp.clip(2 * left, 0, 1)


def held_or_falling(rate: float, step: jax.Array | int, run_steps: int) -> Any:
    """`linear_second_half` of a run of `run_steps`; the rate itself where that is 0."""
    return linear_second_half(rate, step, run_steps) if run_steps else rate


def polynomial(rate: float, step: jax.Array, n_steps: float, power: float = 0.9) -> Any:
    """The rate times (1 - step / n_steps) to a power."""
    return rate * jnp.clip(1 - step / n_steps, 0, 1) ** power
