"""The battery of the convolution kernels: values, adjoints, threads, odd input."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.convolution import (
    IMPLEMENTATIONS,
    Window,
    convolution,
    default_implementation,
    input_gradient,
    kernel_gradient,
)
from tests.kernels.battery import every, needs_native
from tests.kernels.convolutions import assert_close, brute_force, operands

every_implementation = every(IMPLEMENTATIONS)
CHANNELS = (1, 3, 8, 16, 17, 32)
REFUSED = (ValueError, jax.errors.JaxRuntimeError)


def all_three(window, x, kernel, g, implementation="native"):
    """Convolution, gradient in x, gradient in the kernel."""
    return (
        convolution(x, kernel, window, implementation=implementation),
        input_gradient(g, kernel, window, implementation=implementation),
        kernel_gradient(x, g, window, implementation=implementation),
    )


def terms_of(window, channels, features, batch):
    """How many products each number of the three is the sum of, at most."""
    taps = int(np.prod(window.taps))
    pixels = batch * int(np.prod(window.out))
    return taps * channels, taps * features, pixels


def check(window, channels, features, batch=1, implementation="native"):
    arrays = operands(window, channels, features, batch)
    found = all_three(window, *arrays, implementation)
    expected = brute_force(window, *arrays)
    for terms, a, b in zip(
        terms_of(window, channels, features, batch), found, expected, strict=True
    ):
        assert_close(a, b, terms)


# Values


@needs_native
@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("taps", [1, 2, 3, 4, 5, 7])
def test_native_equals_brute_force(ndim, taps):
    # Sizes from a single output pixel on; channels differ from case to case.
    pairs = itertools.cycle(itertools.product(CHANNELS, reversed(CHANNELS)))
    random = np.random.default_rng(taps)
    for stride, pad, batch in itertools.product((1, 2), (0, 1, 3), (1, 2)):
        least = max(taps - 2 * pad, 1)
        size = tuple(int(n) for n in least + random.integers(0, 6, ndim))
        for n in (size, (least,) * ndim):
            window = Window(n, (taps,) * ndim, stride, pad)
            check(window, *next(pairs), batch=batch)


@needs_native
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("features", (*CHANNELS, 2, 28, 40, 56))
def test_every_pair_of_channels(channels, features):
    # Rows that take blocks of several sizes, and windows that do.
    check(Window((3, 51), (3, 3), 1, 1), channels, features)


@needs_native
def test_many_pieces_and_ranges():
    # More rows than a piece holds, in both directions, and a few pixels of many
    # channels, whose work is shared by taps and channels.
    check(Window((9, 40, 33), (3, 3, 3), 1, 1), 4, 5, batch=2)
    check(Window((21, 67), (4, 4), 2, 1), 8, 16, batch=2)
    check(Window((3, 4, 4), (3, 3, 3), 1, 1), 96, 80)
    check(Window((260, 9), (3, 3), 1, 0), 3, 1)


@needs_native
@pytest.mark.parametrize("stride", [3, 4])
def test_strides_wider_than_the_window(stride):
    # Pixels that no window sees have no gradient.
    window = Window((9, 10), (2, 2), stride, 0)
    check(window, 3, 8)
    _, dx, _ = all_three(window, *operands(window, 3, 8))
    assert not np.any(dx[:, 2]) and np.any(dx[:, 1])


@needs_native
def test_axes_of_their_own():
    check(Window((4, 9, 5), (1, 5, 2), 1, 1), 3, 9)


@every_implementation
@pytest.mark.parametrize(
    "window, channels, features",
    [
        (Window((7, 9), (3, 3), 1, 1), 3, 17),
        (Window((8, 8), (4, 4), 2, 1), 16, 8),
        (Window((5, 6, 7), (3, 3, 3), 1, 1), 8, 1),
        (Window((6, 6, 6), (2, 2, 2), 2, 0), 1, 16),
    ],
)
def test_implementations_agree(implementation, window, channels, features):
    check(window, channels, features, 2, implementation)


# What the three are of each other


@needs_native
@pytest.mark.parametrize("stride, pad", [(1, 1), (2, 0)])
def test_adjoints(stride, pad):
    window = Window((12, 11, 13), (3, 3, 3), stride, pad)
    x, kernel, g = operands(window, 16, 8)
    y, dx, dkernel = all_three(window, x, kernel, g)
    products = [np.vdot(np.float64(a), b) for a, b in ((y, g), (x, dx))]
    products.append(np.vdot(np.float64(kernel), dkernel))
    assert abs(products[0]) > 10
    np.testing.assert_allclose(products, products[0], rtol=1e-5)


# Threads


@needs_native
def test_bits_do_not_depend_on_the_number_of_threads():
    told = {n: probe(NPROC=str(n)) for n in (1, 2)}
    for n, seen in told.items():
        assert seen["threads"] in (n, None)
        assert seen["default"] == {"float32": "native", "bfloat16": "reference"}
    assert told[1]["digest"] == told[2]["digest"]


def probe(**environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernels.convolution_probe"],
        env={**os.environ, "JAX_PLATFORMS": "cpu", "XLA_FLAGS": "", **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Which implementation


def test_several_devices_are_left_to_xla():
    assert jax.device_count() == 2
    assert default_implementation(jnp.float32) == "reference"


@needs_native
def test_other_dtypes_are_left_to_xla(monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda: 1)
    assert default_implementation(jnp.float32) == "native"
    assert default_implementation(jnp.bfloat16) == "reference"
    assert default_implementation(jnp.float64) == "reference"
    x = jnp.zeros((1, 3, 3, 1), jnp.bfloat16)
    with pytest.raises(ValueError, match="found bfloat16: cast.*'reference'"):
        kernel = jnp.zeros((3, 3, 1, 1), jnp.bfloat16)
        convolution(x, kernel, Window((3, 3), (3, 3), 1, 0), implementation="native")


# Transforms


@needs_native
def test_jit_and_vmap():
    window = Window((5, 6), (3, 3), 1, 1)
    x, kernel, g = operands(window, 3, 8, batch=4)
    own = convolution(x, kernel, window, implementation="native")

    def one(x):
        return convolution(x[None], kernel, window, implementation="native")[0]

    np.testing.assert_array_equal(jax.jit(jax.vmap(one))(x), own)
    shape = jax.eval_shape(lambda: convolution(x, kernel, window))
    assert shape.shape == own.shape


# Odd input


@needs_native
def test_an_empty_batch():
    window = Window((5, 6), (3, 3), 2, 1)
    y, dx, dkernel = all_three(window, *operands(window, 3, 8, batch=0))
    assert y.shape == (0, 3, 3, 8) and dx.shape == (0, 5, 6, 3)
    np.testing.assert_array_equal(dkernel, np.zeros((3, 3, 3, 8)))


@needs_native
@pytest.mark.parametrize("size", [(2, 9), (9, 2)])
def test_a_window_wider_than_the_image(size):
    window = Window(size, (3, 3), 1, 0)
    arrays = operands(window, 3, 8)
    y, dx, dkernel = all_three(window, *arrays)
    assert y.size == 0
    np.testing.assert_array_equal(dx, np.zeros((1, *size, 3)))
    np.testing.assert_array_equal(dkernel, np.zeros((3, 3, 3, 8)))


@needs_native
@pytest.mark.parametrize("features", [1, 8, 17])
def test_what_is_not_finite_stays_where_it_is_seen(features):
    # Vectors reach over a window's end, what lies there must not count.
    window = Window((6, 21), (3, 3), 1, 1)
    x, kernel, g = operands(window, 3, features)
    clean = all_three(window, x, kernel, g)
    x[0, 2, 10] = np.nan
    y, _, _ = all_three(window, x, kernel, g)
    seen = np.zeros((6, 21), bool)
    seen[1:4, 9:12] = True
    assert np.isnan(y[0, seen]).all()
    np.testing.assert_array_equal(y[0, ~seen], np.asarray(clean[0])[0, ~seen])


@pytest.mark.parametrize(
    "x, kernel, message",
    [
        ((1, 5, 6, 3), (3, 3, 4, 8), r"kernel has shape .*expected \[3, 3, 3, any\]"),
        ((1, 5, 7, 3), (3, 3, 3, 8), r"x has shape .*expected \[any, 5, 6, any\]"),
        ((5, 6, 3), (3, 3, 3, 8), "x has shape"),
    ],
)
def test_shapes_that_do_not_fit(x, kernel, message):
    with pytest.raises(ValueError, match=message):
        convolution(np.zeros(x), np.zeros(kernel), Window((5, 6), (3, 3), 1, 0))


@needs_native
def test_the_handler_refuses_what_does_not_fit():
    # Were the checks above passed by, memory must still not be read beyond its end.
    call = jax.ffi.ffi_call(
        "spine_jax_convolution", jax.ShapeDtypeStruct((1, 4, 4, 8), jnp.float32)
    )
    one = np.int64(1)
    with pytest.raises(REFUSED, match="do not fit together"):
        x, kernel = np.zeros((1, 4, 4, 2), "f"), np.zeros((3, 3, 3, 8), "f")
        jax.block_until_ready(call(x, kernel, stride=one, pad=one))
