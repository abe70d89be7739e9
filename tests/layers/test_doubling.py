import jax
import numpy as np
import pytest

from spine_jax.layers.block_variants import TransposedBlock
from spine_jax.layers.blocks import InstanceNorm, LayerNorm
from spine_jax.layers.doubling import TransposedConv
from spine_jax.layers.initial import draw_params


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


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
