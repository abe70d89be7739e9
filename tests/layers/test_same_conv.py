import jax
import numpy as np
import pytest

from spine_jax.layers.initial import draw_params
from spine_jax.layers.same_conv import SameConv


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("dilation, stride", [(1, 1), (1, 2), (2, 1), (3, 1)])
def test_same_convolution_by_hand(dilation, stride):
    x = normal(1, 7, 6, 2)
    params = {"kernel": normal(3, 3, 2, 4, seed=1), "bias": normal(4, seed=2)}
    conv = SameConv(4, 3, stride, dilation, bias=True)
    found = conv.apply({"params": params}, x)
    padded = np.pad(x[0], ((dilation, dilation), (dilation, dilation), (0, 0)))
    assert found.shape == (1, -(-7 // stride), 6 // stride, 4)
    for i, j in np.ndindex(*found.shape[1:3]):
        window = padded[i * stride :: dilation, j * stride :: dilation][:3, :3]
        expected = np.tensordot(window, params["kernel"], 3) + params["bias"]
        np.testing.assert_allclose(found[0, i, j], expected, atol=1e-5)


def test_without_bias_there_is_a_kernel_only():
    x = normal(1, 4, 4, 2)
    assert set(draw_params(jax.random.key(0), SameConv(3, 1), x)) == {"kernel"}
