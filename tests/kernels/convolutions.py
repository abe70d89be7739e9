"""Brute force for the tests of the convolution: plain numpy, float64, tap by tap."""

import itertools

import numpy as np

from spine_jax.kernels.convolution import Window

# A running sum of n products of numbers around 1 reaches sqrt(n), and each addition
# rounds by some 6e-8 of that: 6e-8 n all told, three times as much at worst.
F32_SUM = 2e-7


def operands(window: Window, channels: int, features: int, batch: int = 1):
    """Random x [B, *S, C], kernel [*K, C, F] and g [B, *O, F], float32."""
    random = np.random.default_rng(0)
    shapes = (
        (batch, *window.size, channels),
        (*window.taps, channels, features),
        (batch, *window.out, features),
    )
    return tuple(random.normal(size=shape).astype(np.float32) for shape in shapes)


def brute_force(window: Window, x, kernel, g):
    """Convolution, and the gradients of sum(g * convolution) in x and in the kernel."""
    x, kernel, g = (np.asarray(a, np.float64) for a in (x, kernel, g))
    ndim, pad = len(window.size), window.pad
    wide = np.pad(x, ((0, 0), *((pad, pad),) * ndim, (0, 0)))
    y, d_wide, d_kernel = np.zeros(g.shape), np.zeros(wide.shape), 0 * kernel
    for tap in itertools.product(*map(range, window.taps)):
        # The input pixels that the outputs see through this tap.
        seen = (slice(None),) + tuple(
            slice(t, t + n * window.stride, window.stride)
            for t, n in zip(tap, window.out)
        )
        y += wide[seen] @ kernel[tap]
        d_wide[seen] += g @ kernel[tap].T
        axes = tuple(range(ndim + 1))
        d_kernel[tap] = np.tensordot(wide[seen], g, (axes, axes))
    inside = (slice(None),) + tuple(slice(pad, pad + n) for n in window.size)
    return y, d_wide[inside], d_kernel


def assert_close(found, expected, terms: int):
    """Equal up to the rounding of a sum of this many terms."""
    assert found.shape == expected.shape and found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=F32_SUM * (terms + 10))
