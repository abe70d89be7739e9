import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.disentangle.aade import AADE, decays
from spine_jax.layers.blocks import (
    LayerNorm,
    max_pool,
    mean_pool,
    standardise,
)
from spine_jax.layers.conv import Conv, pad_spatial
from spine_jax.layers.initial import draw_params
from spine_jax.layers.unet import _Double
from tests.disentangle.tiny import quick_jit


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def zero_padded_conv3(x, kernel, bias):
    """3x3 convolution of [H, W, C] in plain numpy."""
    padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    out = np.empty((*x.shape[:2], kernel.shape[-1]))
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            window = padded[i : i + 3, j : j + 3]
            out[i, j] = np.tensordot(window, kernel, 3) + bias
    return out


def test_aade_is_equation_10():
    features, attention = normal(2, 4, 4, 3), np.abs(normal(2, 8, 8, 1, seed=1))
    module = AADE(hidden=5)
    params = draw_params(jax.random.key(3), module, features, attention)
    found = module.apply({"params": params}, features, attention)
    p = jax.tree.map(np.asarray, params)
    for b in range(2):
        # R: the mean of 2 x 2 pixels of the map.
        m = attention[b].reshape(4, 2, 4, 2, 1).mean((1, 3))
        shared = zero_padded_conv3(m, p["shared"]["kernel"], p["shared"]["bias"])
        hidden = np.maximum(shared, 0)
        gamma = zero_padded_conv3(hidden, p["gamma"]["kernel"], p["gamma"]["bias"])
        beta = zero_padded_conv3(hidden, p["beta"]["kernel"], p["beta"]["bias"])
        f = features[b]
        mu, var = f.mean((0, 1)), f.var((0, 1))
        expected = (f - mu) / np.sqrt(var + 1e-5) * gamma + beta
        np.testing.assert_allclose(found[b], expected, atol=1e-5)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_gamma_bias_starts_where_told_and_does_not_decay(start):
    features, attention = normal(1, 4, 4, 3), normal(1, 4, 4, 1)
    module = AADE(hidden=5, gamma_bias_init=start)
    params = draw_params(jax.random.key(0), module, features, attention)
    assert (params["gamma"]["bias"] == start).all()
    mask = decays({"norm": params})["norm"]
    assert mask["gamma"] == {"kernel": True, "bias": False}
    assert mask["beta"] == mask["shared"] == {"kernel": True, "bias": True}


def test_attention_gets_a_gradient_at_every_pixel():
    features, attention = normal(1, 4, 4, 3), np.full((1, 16, 16, 1), 0.5, np.float32)
    module = AADE(hidden=5)
    params = draw_params(jax.random.key(0), module, features, attention)
    weight = normal(1, 4, 4, 3, seed=2)
    gradient = quick_jit(
        jax.grad(
            lambda m: jnp.sum(weight * module.apply({"params": params}, features, m))
        )
    )
    assert (np.asarray(gradient(attention)) != 0).all()


@pytest.mark.parametrize("axes", [(1, 2), (1, 2, 3)])
def test_standardise_and_its_gradient(axes, x64):
    x, weight = normal(2, 3, 4, 5), normal(2, 3, 4, 5, seed=1)
    y = np.asarray(standardise(x, axes))
    np.testing.assert_allclose(y.mean(axes), 0, atol=1e-6)
    np.testing.assert_allclose(y.var(axes), 1, atol=1e-4)

    def plain(x):
        centred = x - jnp.mean(x, axes, keepdims=True)
        variance = jnp.mean(centred**2, axes, keepdims=True)
        return centred / jnp.sqrt(variance + 1e-5)

    def gradient(function):
        return quick_jit(jax.grad(lambda x: jnp.sum(weight * function(x))))

    found = gradient(lambda x: standardise(x, axes))
    expected = gradient(plain)(x.astype(np.float64))
    np.testing.assert_allclose(found(x), expected, atol=2e-6)
    # A constant channel is 0/0 but for epsilon.
    assert np.isfinite(found(np.ones_like(x))).all()


def test_statistics_are_float32_in_half_precision():
    # At 100 +- 1 bfloat16 keeps steps of 1/2: statistics summed in it would be noise.
    x = (100 + normal(1, 64, 64, 1)).astype(jnp.bfloat16)
    y = standardise(x, (1, 2))
    assert y.dtype == jnp.float32
    np.testing.assert_allclose(jnp.mean(y), 0, atol=1e-4)
    np.testing.assert_allclose(jnp.var(y), 1, atol=1e-3)


def test_layer_norm_takes_the_example_as_a_whole():
    x = np.stack([normal(4, 4, 2), 5 + 3 * normal(4, 4, 2, seed=1)])
    params = {"gain": jnp.array([1.0, 2.0]), "shift": jnp.array([0.0, 1.0])}
    found = LayerNorm().apply({"params": params}, x)
    for b in range(2):
        expected = (x[b] - x[b].mean()) / np.sqrt(x[b].var() + 1e-5)
        expected = expected * np.array([1, 2]) + np.array([0, 1])
        np.testing.assert_allclose(found[b], expected, atol=1e-5)


def test_bias_before_an_instance_norm_gets_no_gradient():
    x = normal(1, 6, 6, 2)
    for cancels in (False, True):
        conv = Conv(3, 3, pad=1, bias_cancels=cancels)
        params = draw_params(jax.random.key(0), conv, x)
        gradient = jax.grad(lambda p: conv.apply({"params": p}, x).sum())(params)  # noqa: B023
        np.testing.assert_allclose(gradient["bias"], 0 if cancels else 36)
        assert (gradient["kernel"] != 0).all()


def test_strided_convolution_by_hand():
    # Row 1 2 3 4 5 of ones-high, window 3, stride 2, reflected: 2 1 2 3 4 5 4.
    x = jnp.arange(1.0, 6).reshape(1, 1, 5, 1) * jnp.ones((1, 5, 1, 1))
    params = {"kernel": jnp.ones((3, 3, 1, 1)), "bias": jnp.array([0.5])}
    y = Conv(1, 3, 2, 1).apply({"params": params}, x)
    np.testing.assert_allclose(y[0, 0, :, 0], [3 * 5 + 0.5, 3 * 9 + 0.5, 3 * 13 + 0.5])
    y = Conv(1, 3, 2, 1, reflect=False).apply({"params": params}, x)
    np.testing.assert_allclose(y[0, 0, :, 0], [2 * 3 + 0.5, 2 * 9 + 0.5, 2 * 9 + 0.5])


def test_transposed_convolution_by_hand():
    x = normal(1, 2, 3, 4)
    params = {"kernel": normal(2, 2, 4, 5, seed=1), "bias": normal(5, seed=2)}
    y = np.asarray(_Double(5).apply({"params": params}, x))
    assert y.shape == (1, 4, 6, 5)
    for i, j in np.ndindex(4, 6):
        expected = x[0, i // 2, j // 2] @ params["kernel"][i % 2, j % 2]
        np.testing.assert_allclose(y[0, i, j], expected + params["bias"], atol=1e-5)


def test_pools_and_padding_in_2d_and_3d():
    row = jnp.array([1.0, 4.0, 2.0, 3.0])
    for ndim in (2, 3):
        # The row along the first spatial axis, constant along the others.
        x = row.reshape(1, 4, *(1,) * ndim) * jnp.ones((1, 4, *(4,) * (ndim - 1), 1))
        line = (0, slice(None), *(0,) * ndim)
        np.testing.assert_array_equal(max_pool(x)[line], [4, 3])
        np.testing.assert_array_equal(mean_pool(x, 2)[line], [2.5, 2.5])
        padded = pad_spatial(x, 2, "reflect")
        assert padded.shape == (1, *(8,) * ndim, 1)
        np.testing.assert_array_equal(padded[line], [2, 4, 1, 4, 2, 3, 2, 4])


def test_draws_are_torchs_and_belong_to_the_key():
    x = normal(1, 8, 8, 7)
    conv = Conv(50, 3, pad=1)
    params = draw_params(jax.random.key(1), conv, x)
    bound = (9 * 7) ** -0.5
    for leaf in (params["kernel"], params["bias"]):
        assert 0.9 * bound < jnp.abs(leaf).max() <= bound
    np.testing.assert_allclose(jnp.std(params["kernel"]), bound / 3**0.5, rtol=0.05)
    again = draw_params(jax.random.key(1), conv, x)
    other = draw_params(jax.random.key(2), conv, x)
    np.testing.assert_array_equal(params["kernel"], again["kernel"])
    assert (params["kernel"] != other["kernel"]).mean() > 0.99
