"""Steps on noise: what training costs, whatever the images."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def noise_batch(batch_size: int, image_size: tuple[int, ...]) -> dict[str, jax.Array]:
    """A batch of unpaired slices with a mask of noise, [B, *S, 1]."""
    rng = np.random.default_rng(0)
    shape = (batch_size, *image_size, 1)
    x_l, x_h = (jnp.asarray(rng.uniform(-1, 1, shape), jnp.float32) for _ in range(2))
    y_h = jnp.asarray(rng.random(shape) > 0.5, jnp.float32)
    return {"x_l": x_l, "x_h": x_h, "y_h": y_h}


def compiled_step(train_step: Callable, state: Any, batch: Any) -> tuple[Any, float]:
    """The step compiled for a state, which it gives up, and the seconds that took."""
    started = time.perf_counter()
    step = jax.jit(train_step, donate_argnums=0).lower(state, batch).compile()
    return step, time.perf_counter() - started
