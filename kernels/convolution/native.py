"""Convolution on the CPU, in C++ (`kernels/native`), float32.

Every thread works on a few rows at a time and sums up some pixels times some channels
in its registers; `kernels/native/convolution*.h` say how.
"""

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.kernels.convolution.window import Window


def convolution_native(x: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """See `convolution`."""
    shape = (x.shape[0], *window.out, kernel.shape[-1])
    return _call("convolution", x, kernel, window, shape)


def input_gradient_native(g: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """See `input_gradient`."""
    shape = (g.shape[0], *window.size, kernel.shape[-2])
    return _call("convolution_input_gradient", g, kernel, window, shape)


def kernel_gradient_native(x: jax.Array, g: jax.Array, window: Window) -> jax.Array:
    """See `kernel_gradient`."""
    shape = (*window.taps, x.shape[-1], g.shape[-1])
    return _call("convolution_kernel_gradient", x, g, window, shape)


def _call(
    target: str, a: jax.Array, b: jax.Array, window: Window, shape: tuple[int, ...]
) -> jax.Array:
    run = jax.ffi.ffi_call(
        f"spine_jax_{target}",
        jax.ShapeDtypeStruct(shape, jnp.float32),
        vmap_method="sequential",
    )
    return run(a, b, stride=np.int64(window.stride), pad=np.int64(window.pad))
