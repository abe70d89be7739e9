"""Convolutions of the layers on the native kernels: gradients and JAX's transforms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.convolution import Window
from spine_jax.layers import conv
from spine_jax.layers.conv import Conv, convolution_of, convolve
from tests.kernels.battery import needs_native
from tests.kernels.convolutions import operands

WINDOWS = [Window((6, 7), (4, 4), 2, 1), Window((4, 5, 6), (3, 3, 3), 1, 1)]
every_window = pytest.mark.parametrize("window", WINDOWS, ids=str)


@pytest.fixture
def native(monkeypatch):
    """What a machine of one device takes; the tests have two."""
    monkeypatch.setattr(conv, "default_implementation", lambda dtype: "native")


def energy(window, implementation):
    """A curved function of x and kernel."""

    def of(x, kernel):
        return jnp.sum(jnp.sin(convolution_of(x, kernel, window, implementation)))

    return of


@needs_native
@every_window
def test_gradients_equal_those_of_xla(window):
    x, kernel, _ = operands(window, 3, 8, batch=2)
    own, xla = (
        jax.jit(jax.grad(energy(window, which), (0, 1)))(x, kernel)
        for which in ("native", "reference")
    )
    for a, b in zip(own, xla, strict=True):
        assert np.abs(b).max() > 1
        np.testing.assert_allclose(a, b, atol=1e-4)


@needs_native
@every_window
def test_gradient_is_the_slope(window):
    x, kernel, _ = operands(window, 3, 8)
    random = np.random.default_rng(1)
    dx, dkernel = (random.normal(size=a.shape).astype("f") for a in (x, kernel))
    of = jax.jit(energy(window, "native"))
    gx, gkernel = jax.grad(of, (0, 1))(x, kernel)
    slope = np.vdot(gx, dx) + np.vdot(gkernel, dkernel)
    h = 1e-3
    there, back = (float(of(x + s * dx, kernel + s * dkernel)) for s in (h, -h))
    assert abs(slope) > 10
    np.testing.assert_allclose((there - back) / (2 * h), slope, rtol=5e-3)


@needs_native
@every_window
def test_second_derivatives_equal_those_of_xla(window):
    # Gradient penalties need them; of all three operations.
    x, kernel, g = operands(window, 2, 3)

    def penalty(which):
        first = jax.grad(energy(window, which), (0, 1))
        return lambda x, kernel: sum(jnp.sum(a**2) for a in first(x, kernel))

    own, xla = (
        jax.jit(jax.grad(penalty(which), (0, 1)))(x, kernel)
        for which in ("native", "reference")
    )
    for a, b in zip(own, xla, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())


@needs_native
def test_checkpoint_vmap_and_eval_shape():
    window = WINDOWS[1]
    x, kernel, _ = operands(window, 3, 8, batch=2)
    of = energy(window, "native")
    expected = jax.grad(of, 1)(x, kernel)
    kept = jax.jit(jax.grad(jax.checkpoint(of), 1))(x, kernel)
    np.testing.assert_allclose(kept, expected, atol=1e-5)
    each = jax.jit(jax.vmap(jax.grad(of, 1), (0, None)))(x[:, None], kernel)
    np.testing.assert_allclose(each.sum(0), expected, atol=1e-4)
    assert jax.eval_shape(jax.grad(of, 1), x, kernel).shape == kernel.shape


@needs_native
def test_pmap():
    window = WINDOWS[0]
    x, kernel, _ = operands(window, 3, 8, batch=2)
    run = jax.pmap(
        lambda x: convolution_of(x[None], kernel, window, "native")[0], axis_name="b"
    )
    np.testing.assert_array_equal(run(x), convolution_of(x, kernel, window, "native"))


@needs_native
def test_over_several_devices_the_native_kernel_still_answers(native):
    # Nothing takes it there unasked; whoever does gets the same numbers.
    window = WINDOWS[0]
    x, kernel, _ = operands(window, 3, 8, batch=2)
    mesh = jax.make_mesh((2,), ("batch",))
    spread = jax.NamedSharding(mesh, jax.P("batch"))
    found = jax.jit(lambda x: convolve(x, kernel, jnp.zeros(8), 2, 1))(
        jax.device_put(x, spread)
    )
    np.testing.assert_array_equal(found, convolution_of(x, kernel, window, "native"))


@needs_native
def test_the_layer_calls_it(native):
    x = np.ones((1, 6, 6, 2), np.float32)
    layer = Conv(4, 3, pad=1)
    params = jax.jit(layer.init)(jax.random.key(0), x)
    assert "ffi_call" in str(jax.make_jaxpr(layer.apply)(params, x))


def test_convolve_adds_the_bias_in_the_dtype_of_the_kernel():
    x, kernel = np.ones((1, 4, 4, 1), np.float32), jnp.ones((3, 3, 1, 2), jnp.bfloat16)
    y = convolve(x, kernel, jnp.array([0, 5], jnp.bfloat16), zeros=1)
    assert y.dtype == jnp.bfloat16
    # A corner sees 4 of the ones, an edge 6, the inside 9.
    np.testing.assert_array_equal(y[0, :2, :2, 0], [[4, 6], [6, 9]])
    np.testing.assert_array_equal(y[0, :2, :2, 1], [[9, 11], [11, 14]])
