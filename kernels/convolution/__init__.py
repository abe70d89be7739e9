"""Convolution of channels-last images and its two gradients, 2D and 3D.

All three are derivatives of one number, T(x, kernel, g) = sum(g * convolution of x),
which is linear in each argument: `convolution` is dT/dg, `input_gradient` dT/dx and
`kernel_gradient` dT/dkernel.
"""

import jax
import jax.numpy as jnp

from spine_jax.kernels.convolution.native import (
    convolution_native,
    input_gradient_native,
    kernel_gradient_native,
)
from spine_jax.kernels.convolution.reference import (
    convolution_reference,
    input_gradient_reference,
    kernel_gradient_reference,
)
from spine_jax.kernels.convolution.window import Window
from spine_jax.kernels.dispatch import resolve

IMPLEMENTATIONS = {"native": convolution_native, "reference": convolution_reference}
INPUT_GRADIENTS = {
    "native": input_gradient_native,
    "reference": input_gradient_reference,
}
KERNEL_GRADIENTS = {
    "native": kernel_gradient_native,
    "reference": kernel_gradient_reference,
}


def convolution(
    x: jax.Array,
    kernel: jax.Array,
    window: Window,
    *,
    implementation: str | None = None,
) -> jax.Array:
    """Cross-correlation [B, *O, F] of x [B, *S, C] with a kernel [*K, C, F].

    y[b, o] = sum over taps t of x[b, o stride + t - pad] kernel[t], zeros around x.

    Args:
        x: Of `window.size` pixels, 2D or 3D; same dtype as the kernel.
        kernel: Of `window.taps` taps.
        window: Sizes, stride and padding.
        implementation: `"native"` (C++, CPU, float32), `"reference"` (XLA) or None for
            the faster one that runs here.

    Raises:
        ValueError: for shapes that do not fit, an unknown implementation or one that
            cannot run.
    """
    _expect("x", x, (None, *window.size, None))
    _expect("kernel", kernel, (*window.taps, x.shape[-1], None))
    return _resolve(implementation, IMPLEMENTATIONS, x, kernel)(x, kernel, window)


def input_gradient(
    g: jax.Array,
    kernel: jax.Array,
    window: Window,
    *,
    implementation: str | None = None,
) -> jax.Array:
    """Gradient [B, *S, C] of sum(g * convolution(x, kernel)) in x, g being [B, *O, F].

    Arguments and errors as of `convolution`.
    """
    _expect("g", g, (None, *window.out, None))
    _expect("kernel", kernel, (*window.taps, None, g.shape[-1]))
    return _resolve(implementation, INPUT_GRADIENTS, g, kernel)(g, kernel, window)


def kernel_gradient(
    x: jax.Array,
    g: jax.Array,
    window: Window,
    *,
    implementation: str | None = None,
) -> jax.Array:
    """Gradient [*K, C, F] of sum(g * convolution(x, kernel)) in the kernel.

    The native sums are taken in an order that the sizes alone decide: same bits for any
    number of threads. Arguments and errors as of `convolution`.
    """
    _expect("x", x, (None, *window.size, None))
    _expect("g", g, (x.shape[0], *window.out, None))
    return _resolve(implementation, KERNEL_GRADIENTS, x, g)(x, g, window)


def default_implementation(dtype: jax.typing.DTypeLike) -> str:
    """The implementation that None stands for.

    Beside what `resolve` asks for, the native one needs a machine of a single device:
    XLA spreads its own convolutions over devices, and would collect the operands of
    foreign ones on each.
    """
    if jax.device_count() > 1:
        return "reference"
    chosen = resolve(None, IMPLEMENTATIONS, jnp.dtype(dtype))
    return "native" if chosen is convolution_native else "reference"


def _resolve(implementation, available, a, b):
    if a.dtype != b.dtype:
        raise ValueError(f"operands are {a.dtype} and {b.dtype}, expected one dtype")
    if implementation is None:
        implementation = default_implementation(a.dtype)
    return resolve(implementation, available, a.dtype)


def _expect(name: str, array: jax.Array, shape: tuple[int | None, ...]) -> None:
    fits = array.ndim == len(shape) and array.ndim in (4, 5)
    if not fits or any(n not in (None, m) for n, m in zip(shape, array.shape)):
        wanted = ", ".join("any" if n is None else str(n) for n in shape)
        raise ValueError(f"{name} has shape {array.shape}, expected [{wanted}]")


__all__ = [
    "IMPLEMENTATIONS",
    "INPUT_GRADIENTS",
    "KERNEL_GRADIENTS",
    "Window",
    "convolution",
    "default_implementation",
    "input_gradient",
    "kernel_gradient",
]
