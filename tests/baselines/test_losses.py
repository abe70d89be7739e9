"""Losses by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.baselines.drit.losses import divergence, mode_seeking
from spine_jax.baselines.sifa.losses import (
    class_dice_loss,
    half_square,
    task_loss,
    weighted_cross_entropy,
)
from spine_jax.baselines.stepping import draw_normal
from spine_jax.layers.losses import logistic_loss

# Four pixels, one of them vertebra; probability of background and of vertebra.
TARGET = jnp.array([[1, 0], [1, 0], [1, 0], [0, 1]], jnp.float32).reshape(1, 2, 2, 2)
PROBABILITY = jnp.array([[0.5, 0.5], [1, 0], [1, 0], [0.001, 0.999]]).reshape(
    1, 2, 2, 2
)


def test_cross_entropy_weighs_a_class_by_what_is_not_of_it():
    # Background weighs 1/4, vertebra 3/4; pixel 0 costs ln 2, pixel 3 -ln 0.999.
    expected = (0.25 * np.log(2) - 0.75 * np.log(0.999)) / 4
    found = weighted_cross_entropy(PROBABILITY, TARGET)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    # All wrong costs no more than ln(1 / 0.005).
    expected = (3 * 0.25 + 0.75) * np.log(200) / 4
    worst = weighted_cross_entropy(1 - TARGET, TARGET)
    np.testing.assert_allclose(worst, expected, rtol=1e-5)


def test_class_dice_has_squares_below():
    background = 2 * 2.5 / (0.25 + 1 + 1 + 1e-6 + 3)
    vertebra = 2 * 0.999 / (0.25 + 0.998001 + 1)
    expected = 1 - (background + vertebra) / 2
    np.testing.assert_allclose(
        class_dice_loss(PROBABILITY, TARGET), expected, rtol=1e-5
    )


def test_task_loss_is_both_of_the_softmax():
    logits, labels = jnp.log(jnp.clip(PROBABILITY, 1e-20)), TARGET[..., 1:]
    expected = weighted_cross_entropy(PROBABILITY, TARGET) + class_dice_loss(
        PROBABILITY, TARGET
    )
    np.testing.assert_allclose(task_loss(logits, labels), expected, rtol=1e-5)


def test_task_loss_over_devices_knows_the_whole_batch():
    random = np.random.default_rng(0)
    logits = random.normal(size=(4, 3, 3, 2)).astype(np.float32)
    labels = (random.random((4, 3, 3, 1)) < 0.3).astype(np.float32)
    labels[:2] = 0
    shares = jax.vmap(
        lambda x, y: task_loss(x, y, axis_name="batch"), axis_name="batch"
    )(logits.reshape(2, 2, 3, 3, 2), labels.reshape(2, 2, 3, 3, 1))
    np.testing.assert_allclose(shares.mean(), task_loss(logits, labels), rtol=1e-5)


def test_half_square():
    assert half_square({"a": jnp.array([3.0]), "b": {"c": jnp.array([[1.0, 2]])}}) == 7


def test_divergence_from_the_standard_normal():
    # N(2, 4) from N(0, 1): (4 + 4 - 1 - ln 4) / 2 = 2.806853; N(0, 1) from itself: 0.
    mean, log_variance = (
        jnp.array([[2.0, 0], [0, 0]]),
        jnp.log(jnp.array([[4.0, 1], [1, 1]])),
    )
    np.testing.assert_allclose(divergence(mean, log_variance), 2.806853 / 2, rtol=1e-6)


def test_mode_seeking_by_hand():
    x, other = jnp.zeros((1, 2, 2, 1)), jnp.full((1, 2, 2, 1), 0.5)
    z, other_z = jnp.array([[0.0, 0]]), jnp.array([[1.0, -3]])
    # Images differ by 1/2, attributes by 2 on average.
    np.testing.assert_allclose(mode_seeking((x, other), (z, other_z)), 1 / 0.25001)


@pytest.mark.parametrize("target", [0.0, 0.5, 1.0])
def test_logistic_loss_is_the_cross_entropy(target):
    logits = jnp.array([-3.0, 0.0, 2.0])
    p = 1 / (1 + np.exp(-np.asarray(logits)))
    expected = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))
    np.testing.assert_allclose(logistic_loss(logits, target), expected, rtol=1e-5)
    # Far from 0 it is a line, not an infinity.
    np.testing.assert_allclose(
        logistic_loss(jnp.array([500.0]), target), 500 * (1 - target)
    )


def test_noise_of_devices_is_that_of_the_whole_batch():
    key = jax.random.key(3)
    shares = jax.vmap(lambda _: draw_normal(key, (2, 3), "batch"), axis_name="batch")(
        jnp.zeros(2)
    )
    np.testing.assert_array_equal(shares.reshape(4, 3), draw_normal(key, (4, 3)))
