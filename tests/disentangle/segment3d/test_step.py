"""Training of the 3D stage on volumes small enough to see through."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.disentangle.segment3d import (
    Segment3DConfig,
    init_state,
    segment_high,
    segment_low,
    train_step,
)
from spine_jax.disentangle.segment3d.step import network, objective
from spine_jax.layers.losses import dice_loss
from tests.disentangle.tiny import quick_jit

CONFIG = Segment3DConfig(
    patch_size=(8, 8, 8), unet_channels=2, unet_depth=2, learning_rate=1e-2
)
NAMES = ("x_l", "x_lh", "x_h", "x_hl")


def batch(seed=0):
    rng = np.random.default_rng(seed)
    truth = np.zeros((1, 8, 8, 8, 1), np.float32)
    truth[:, 2:6, 2:6, 2:6] = 1
    images = {
        name: (0.8 * truth - 0.4 + 0.1 * rng.normal(size=truth.shape)).astype("f4")
        for name in NAMES
    }
    return images | {"y_h": truth}


def test_objective_is_the_papers_sum():
    state, given = init_state(jax.random.key(0), CONFIG), batch()
    s_l = jax.tree.map(lambda x: 1.5 * x, state.params.s_l)
    s_h = state.params.s_h

    def y(params, name):
        return network(CONFIG).apply({"params": params}, given[name])

    y_l, y_hl, y_h, y_lh = y(s_l, "x_l"), y(s_l, "x_hl"), y(s_h, "x_h"), y(s_h, "x_lh")
    segmentation = dice_loss(y_h, given["y_h"]) + dice_loss(y_hl, given["y_h"])
    anatomy = jnp.abs(y_l - y_lh).mean() + jnp.abs(y_h - y_hl).mean()
    config = dataclasses.replace(CONFIG, segmentation_weight=2.0, anatomy_weight=3.0)
    total, metrics = objective((s_l, s_h), given, config)
    np.testing.assert_allclose(metrics["segmentation"], segmentation, rtol=1e-5)
    np.testing.assert_allclose(metrics["anatomy"], anatomy, rtol=1e-5)
    np.testing.assert_allclose(total, 2 * segmentation + 3 * anatomy, rtol=1e-5)


def test_training_separates_a_cube_from_noise():
    state = init_state(jax.random.key(0), CONFIG)
    step = quick_jit(train_step)
    losses = []
    for k in range(40):
        state, metrics = step(state, batch(k))
        losses.append(float(metrics["segmentation"]))
    assert losses[-1] < 0.3 < losses[0]
    assert int(state.step) == 40 and int(state.skipped) == 0
    unseen = batch(99)
    for segment, name in ((segment_low, "x_l"), (segment_high, "x_lh")):
        made = segment(state.params, unseen[name][0])
        assert made.shape == (8, 8, 8, 1)
        assert np.mean((made > 0.5) == (unseen["y_h"][0] > 0.5)) > 0.95


def test_a_batch_that_is_not_finite_changes_nothing():
    state = init_state(jax.random.key(0), CONFIG)
    broken = batch() | {"x_lh": np.full((1, 8, 8, 8, 1), np.nan, np.float32)}
    after, metrics = quick_jit(train_step)(state, broken)
    assert metrics["skipped"] == 1 and int(after.skipped) == int(after.step) == 1
    for a, b in zip(jax.tree.leaves(after.params), jax.tree.leaves(state.params)):
        np.testing.assert_array_equal(a, b)


def test_a_falling_rate_halves_the_step_at_three_quarters_and_ends_at_none():
    def moved(falling_steps, done):
        config = dataclasses.replace(CONFIG, falling_steps=falling_steps)
        state = init_state(jax.random.key(0), config)
        state = dataclasses.replace(state, step=jnp.asarray(done, jnp.int32))
        after, _ = quick_jit(train_step)(state, batch())
        return after.params.s_l["final"]["kernel"] - state.params.s_l["final"]["kernel"]

    held = moved(0, 6)
    assert np.abs(held).min() > 1e-3
    np.testing.assert_allclose(moved(8, 3), held, rtol=1e-4)
    np.testing.assert_allclose(moved(8, 6), held / 2, rtol=1e-4)
    assert not np.any(moved(8, 8))


def test_volumes_larger_than_a_patch_are_covered():
    state = init_state(jax.random.key(0), CONFIG)
    image = np.tile(batch()["x_l"][0], (2, 1, 2, 1))
    made = segment_low(state.params, image)
    assert made.shape == image.shape
    alone = segment_low(state.params, image[:8, :, :8])
    # Corners are seen by one window only.
    np.testing.assert_allclose(made[0, 0, 0], alone[0, 0, 0], atol=1e-5)


def test_patches_that_cannot_be_halved_are_refused():
    for size in ((8, 8, 6), (8, 8), (4, 4, 4)):
        with pytest.raises(InputError, match="multiple of 4"):
            dataclasses.replace(CONFIG, patch_size=size)
