"""The smallest settings of each method that still have every part, and short runs."""

import dataclasses
import functools
from typing import Any

import jax
import numpy as np
import optax

from spine_jax.baselines import adaptsegnet, cyclegan, drit, sifa, unet
from tests.disentangle.tiny import QUICK

MODULES = {
    "unet": unet,
    "cyclegan": cyclegan,
    "adaptsegnet": adaptsegnet,
    "drit": drit,
    "sifa": sifa,
}
# Halves the time to compile these steps.
QUICKER = QUICK | {"xla_cpu_use_fusion_emitters": False}
N_STEPS = 10
CONFIGS = {
    "unet": unet.UNetConfig((16, 16), unet_channels=4, unet_depth=1, n_steps=N_STEPS),
    "cyclegan": cyclegan.CycleGANConfig(
        (16, 16),
        base_channels=4,
        n_residual=1,
        patch_channels=4,
        patch_layers=1,
        pool_size=3,
        n_steps=N_STEPS,
    ),
    "adaptsegnet": adaptsegnet.AdaptSegNetConfig(
        (32, 32),
        base_channels=4,
        blocks=(1, 1, 1, 1),
        patch_channels=4,
        n_steps=N_STEPS,
    ),
    "drit": drit.DRITConfig(
        (16, 16),
        base_channels=2,
        n_residual=0,
        n_attributes=2,
        scales=1,
        patch_layers=1,
        patch_channels=2,
        content_layers=0,
        n_steps=N_STEPS,
    ),
    "sifa": sifa.SIFAConfig(
        (16, 16),
        base_channels=2,
        encoder_channels=2,
        encoder_widths=((1,), (2,), (2,), (4,)),
        patch_channels=2,
        n_residual=0,
        n_decoder_residual=0,
        pool_size=3,
        n_steps=N_STEPS,
    ),
}


@dataclasses.dataclass(frozen=True)
class Run:
    """A few steps of a method.

    Attributes:
        step: `train_step`, jitted without donation.
        states: Before the first step and after each one.
        metrics: Of each step.
    """

    module: Any
    config: Any
    step: Any
    states: tuple
    metrics: tuple


@functools.cache
def run_of(name: str, n_steps: int = 4) -> Run:
    """Steps of a method on other images each, compiled once for all tests."""
    module, config = MODULES[name], CONFIGS[name]
    step = jax.jit(module.train_step, compiler_options=QUICKER)
    states, metrics = [module.init_state(jax.random.key(0), config)], []
    for i in range(n_steps):
        state, figures = step(states[-1], make_batch(config, seed=i))
        states.append(jax.device_get(state))
        metrics.append(jax.device_get(figures))
    return Run(module, config, step, tuple(states), tuple(metrics))


def make_batch(config, size=2, seed=0):
    """Unlike pairs: a bright square on noise, with streaks where it is cone-beam CT."""
    random = np.random.default_rng(seed)
    side = config.image_size[0]
    y_h, y_l = np.zeros((2, size, side, side, 1), np.float32)
    y_h[:, side // 4 : side // 2, side // 3 : -2] = 1
    y_l[:, side // 3 : -3, 2 : side // 2] = 1
    noise = random.normal(0, 0.1, (2, *y_h.shape)).astype(np.float32)
    streaks = 0.4 * np.cos(np.arange(side, dtype=np.float32))[:, None]
    return {
        "x_l": np.clip(y_l - 0.5 + streaks + noise[0], -1, 1),
        "x_h": np.clip(1.2 * y_h - 0.6 + noise[1], -1, 1),
        "y_l": y_l,
        "y_h": y_h,
    }


def assert_same_bits(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(x, y)


def moved(before, after):
    """Which networks of two states differ at all, by name."""
    old, new = before.params.networks, after.params.networks
    assert old.keys() == new.keys()
    pairs = {name: zip(*map(jax.tree.leaves, (old[name], new[name]))) for name in old}
    return {name for name in pairs if any((x != y).any() for x, y in pairs[name])}


def updates(state, name):
    """How often an Adam was used."""
    return int(optax.tree_utils.tree_get(state.optimizers[name], "count"))
