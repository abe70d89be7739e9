import jax
import numpy as np
import pytest

from spine_jax.layers.block_variants import TransposedBlock
from spine_jax.layers.blocks import InstanceNorm, LayerNorm
from spine_jax.layers.conv import Conv, convolve, pad_spatial
from spine_jax.layers.doubling import TransposedConv, UpConv
from spine_jax.layers.initial import draw_params


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def repeat(x):
    for axis in range(1, x.ndim - 1):
        x = np.repeat(x, 2, axis)
    return x


@pytest.mark.parametrize("sides", [(4, 6), (3, 4, 5)])
def test_up_convolution_is_doubling_then_convolution(sides):
    x, module = normal(2, *sides, 3), UpConv(4)
    params = draw_params(jax.random.key(0), module, x)
    found = module.apply({"params": params}, x)
    # Doubled with its continuation; one of the doubled pixels each side is too many.
    around = repeat(np.asarray(pad_spatial(x, 2, "edge")))
    inside = (slice(None), *[slice(2, -2)] * len(sides))
    expected = convolve(around[inside], params["kernel"], params["bias"])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    # ADN's reflection differs in the outermost pixels only.
    adn = Conv(4, 5, pad=2).apply({"params": params}, repeat(x))
    inner = (slice(None), *[slice(1, -1)] * len(sides))
    np.testing.assert_allclose(found[inner], adn[inner], atol=1e-5)


@pytest.mark.parametrize("sides", [(3, 4), (2, 3, 2)])
def test_transposed_convolution_spreads_every_pixel(sides):
    x, ndim = normal(1, *sides, 2), len(sides)
    params = {"kernel": normal(*(3,) * ndim, 2, 5, seed=1), "bias": normal(5, seed=2)}
    found = TransposedConv(5).apply({"params": params}, x)
    spread = np.zeros((*(2 * s + 1 for s in sides), 5))
    for at in np.ndindex(*sides):
        # Pixel i gives to 2i - 1, 2i and 2i + 1; -1 is cut off.
        around = tuple(slice(2 * i, 2 * i + 3) for i in at)
        spread[around] += np.tensordot(x[(0, *at)], params["kernel"], ((0,), (ndim,)))
    inside = spread[(slice(1, None),) * ndim]
    assert found.shape == (1, *(2 * s for s in sides), 5)
    np.testing.assert_allclose(found[0], inside + params["bias"], atol=1e-4)


def test_transposed_block_gives_its_bias_a_gradient_only_where_it_matters():
    x = normal(1, 3, 3, 2)
    for norm, matters in ((InstanceNorm, False), (LayerNorm, True)):
        block = TransposedBlock(3, norm)
        params = draw_params(jax.random.key(0), block, x)
        loss = lambda p: (block.apply({"params": p}, x) ** 2).sum()  # noqa: B023, E731
        gradient = jax.grad(loss)(params)["conv"]
        assert bool((gradient["bias"] != 0).any()) == matters
        assert (gradient["kernel"] != 0).any()
