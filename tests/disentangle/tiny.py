"""The smallest networks that still have every part, and quick compilation of them."""

import dataclasses
from collections.abc import Callable

import jax
import numpy as np

from spine_jax.disentangle import DisentangleConfig, variant_config

# Compiling takes far longer than running at this size.
QUICK = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


def quick_jit(function: Callable) -> Callable:
    return jax.jit(function, compiler_options=QUICK)


def tiny_config(variant: str = "m4", *, ndim: int = 2, **changes) -> DisentangleConfig:
    config = variant_config(variant, base_channels=4, image_size=(16,) * ndim)
    smallest = {"n_down": 1, "n_residual": 1, "unet_depth": 1, "patch_layers": 1}
    return dataclasses.replace(config, **(smallest | changes))


def make_batch(config: DisentangleConfig, size: int = 2, seed: int = 0) -> dict:
    """Unlike pairs: a bright square on noise, streaked where it is x_l."""
    random = np.random.default_rng(seed)
    shape = (size, *config.image_size, 1)
    y_h, y_l = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    y_h[:, 3:9, 4:12], y_l[:, 6:13, 2:9] = 1, 1
    noise = random.normal(0, 0.1, (2, *shape)).astype(np.float32)
    streaks = 0.4 * np.cos(np.arange(16, dtype=np.float32))[:, None]
    return {
        "x_l": np.clip(y_l - 0.5 + streaks + noise[0], -1, 1),
        "x_h": np.clip(1.2 * y_h - 0.6 + noise[1], -1, 1),
        "y_h": y_h,
    }
