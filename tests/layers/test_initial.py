import jax
import numpy as np

from spine_jax.layers.conv import Conv
from spine_jax.layers.initial import (
    constant,
    draw_params,
    normal,
    truncated_normal,
)

IMAGE = jax.ShapeDtypeStruct((1, 8, 8, 16), np.float32)


def drawn(**start):
    return draw_params(jax.random.key(0), Conv(64, 5), IMAGE, start=start)


def test_normal_draws():
    kernel = drawn(kernel=normal(0.02))["kernel"]
    # 25,600 numbers: their deviation is known to 0.5 %.
    np.testing.assert_allclose(np.std(kernel), 0.02, rtol=0.02)
    assert np.abs(np.mean(kernel)) < 5e-4
    assert np.abs(kernel).max() > 0.06


def test_truncated_normal_draws():
    kernel = np.asarray(drawn(kernel=truncated_normal(0.01))["kernel"])
    assert np.abs(kernel).max() <= 0.02
    # N(0, 1) within two deviations has deviation 0.8796.
    np.testing.assert_allclose(np.std(kernel), 0.008796, rtol=0.02)
    # As much beyond one deviation as there should be: 0.3173 - 0.0455 of 0.9545.
    np.testing.assert_allclose((np.abs(kernel) > 0.01).mean(), 0.2848, atol=0.012)


def test_only_what_is_named_starts_otherwise():
    params = drawn(bias=constant(0.25))
    assert (params["bias"] == 0.25).all()
    # The kernel is PyTorch's.
    bound = (25 * 16) ** -0.5
    assert 0.99 * bound < np.abs(params["kernel"]).max() <= bound
