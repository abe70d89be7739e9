import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.layers.initial import draw_params
from spine_jax.layers.norms import (
    AffineInstanceNorm,
    BatchNorm,
    FrozenGroupNorm,
    initial_statistics,
)


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


AFFINE = {"gain": jnp.array([2.0, -1.0]), "shift": jnp.array([0.5, 3.0])}


def test_affine_instance_norm_by_hand():
    x = 4 + 3 * normal(2, 5, 6, 2)
    found = AffineInstanceNorm().apply({"params": AFFINE}, x)
    plain = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
    np.testing.assert_allclose(found, plain * [2, -1] + [0.5, 3], atol=1e-4)


def test_affine_norms_start_as_plain_ones():
    x = normal(1, 4, 4, 2)
    for norm in (AffineInstanceNorm(), FrozenGroupNorm(), BatchNorm(train=True)):
        params = draw_params(jax.random.key(0), norm, x)
        assert (params["gain"] == 1).all()
        assert (params["shift"] == 0).all()


@pytest.mark.parametrize("groups, per_group", [(3, 2), (4, 3)])
def test_group_norm_by_hand_and_where_channels_do_not_divide(groups, per_group):
    # 6 channels are no 4 groups, but 2.
    x = 2 + normal(2, 4, 5, 6)
    params = {"gain": jnp.ones(6), "shift": jnp.zeros(6)}
    found = FrozenGroupNorm(groups).apply({"params": params}, x)
    for first in range(0, 6, per_group):
        part = x[..., first : first + per_group]
        mean = part.mean((1, 2, 3), keepdims=True)
        expected = (part - mean) / part.std((1, 2, 3), keepdims=True)
        np.testing.assert_allclose(
            found[..., first : first + per_group], expected, atol=1e-4
        )


def test_no_gradient_reaches_a_frozen_affine():
    x = normal(1, 4, 4, 2)
    for norm, frozen in ((FrozenGroupNorm(2), True), (AffineInstanceNorm(), False)):
        gradient = jax.grad(lambda p: (norm.apply({"params": p}, x) ** 3).sum())(AFFINE)  # noqa: B023
        assert all((leaf == 0).all() == frozen for leaf in jax.tree.leaves(gradient))


def batch_norm(x, statistics, *, train, axis_name=None):
    norm = BatchNorm(train=train, axis_name=axis_name)
    variables = {"params": AFFINE, "statistics": statistics}
    return norm.apply(variables, x, mutable=["statistics"])


def test_batch_norm_by_hand_and_its_running_averages():
    x = 1 + 2 * normal(3, 4, 4, 2)
    start = initial_statistics(BatchNorm(train=True), x)
    np.testing.assert_array_equal(start["mean"], [0, 0])
    np.testing.assert_array_equal(start["variance"], [1, 1])
    found, changed = batch_norm(x, start, train=True)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    expected = (x - mean) / np.sqrt(variance + 1e-3) * [2, -1] + [0.5, 3]
    np.testing.assert_allclose(found, expected, atol=1e-4)
    after = changed["statistics"]
    np.testing.assert_allclose(after["mean"], 0.1 * mean, atol=1e-5)
    np.testing.assert_allclose(after["variance"], 0.9 + 0.1 * variance, atol=1e-5)


def test_batch_norm_after_training_uses_the_averages_and_keeps_them():
    x = normal(3, 4, 4, 2)
    kept = {"mean": jnp.array([1.0, 2.0]), "variance": jnp.array([4.0, 9.0])}
    found, changed = batch_norm(x, kept, train=False)
    expected = (x - [1, 2]) / np.sqrt([4.001, 9.001]) * [2, -1] + [0.5, 3]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(changed["statistics"]["mean"], [1, 2])
    # The result of one image does not depend on the others.
    alone, _ = batch_norm(x[:1], kept, train=False)
    np.testing.assert_allclose(alone[0], found[0], atol=1e-6)


def test_batch_norm_over_devices_is_that_of_the_whole_batch():
    x = normal(4, 3, 3, 2)
    start = initial_statistics(BatchNorm(train=True), x)
    whole, changed = batch_norm(x, start, train=True)
    shares, of_each = jax.vmap(
        lambda x: batch_norm(x, start, train=True, axis_name="batch"),
        axis_name="batch",
    )(x.reshape(2, 2, 3, 3, 2))
    np.testing.assert_allclose(shares.reshape(x.shape), whole, atol=1e-5)
    for name, value in changed["statistics"].items():
        for i in range(2):
            np.testing.assert_allclose(of_each["statistics"][name][i], value, rtol=1e-5)
