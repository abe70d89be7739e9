"""Convolutions of the networks: one code for 2D and 3D, [B, *S, C].

Parameters decide the dtype: a layer computes in the dtype of its kernel, so casting the
parameters is all that mixed precision takes.
"""

from functools import partial
from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.kernels.convolution import (
    Window,
    convolution,
    default_implementation,
    input_gradient,
    kernel_gradient,
)
from spine_jax.layers.initial import constant, uniform_fan_in


class ConvParams(nn.Module):
    """Kernel [k, .., k, C, F] and bias [F] of a convolution.

    Attributes:
        features: Output channels F.
        kernel: Width k of the window.
        bias_init: Constant the bias starts from; None draws it like the kernel.
    """

    features: int
    kernel: int
    bias_init: float | None = None

    @nn.compact
    def __call__(self, ndim: int, channels: int) -> tuple[jax.Array, jax.Array]:
        draw = uniform_fan_in(self.kernel**ndim * channels)
        shape = (self.kernel,) * ndim + (channels, self.features)
        kernel = self.param("kernel", draw, shape)
        bias_init = draw if self.bias_init is None else constant(self.bias_init)
        return kernel, self.param("bias", bias_init, shape[-1:])


class Conv(nn.Module):
    """Padded convolution with bias.

    Attributes:
        features: Output channels.
        kernel: Width of the window.
        stride: Step of the window.
        pad: Pixels added to each side.
        reflect: Pad by reflection, else by zeros.
        bias_cancels: An instance norm follows. It takes any constant of a channel away
            again, so the bias is given no gradient: its true one is zero, and computing
            that costs a reduction and leaves rounding noise for Adam to enlarge.
    """

    features: int
    kernel: int
    stride: int = 1
    pad: int = 0
    reflect: bool = True
    bias_cancels: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        params = ConvParams(self.features, self.kernel)
        nn.share_scope(self, params)
        kernel, bias = params(x.ndim - 2, x.shape[-1])
        if self.bias_cancels:
            bias = jax.lax.stop_gradient(bias)
        if self.reflect and self.pad:
            return convolve(
                pad_spatial(x, self.pad, "reflect"), kernel, bias, self.stride
            )
        return convolve(x, kernel, bias, self.stride, self.pad)


def convolve(
    x: jax.Array, kernel: jax.Array, bias: jax.Array, stride: int = 1, zeros: int = 0
) -> jax.Array:
    """Cross-correlation in the kernel's dtype, plus bias.

    Args:
        x: [B, *S, C].
        kernel: [k, .., k, C, F].
        bias: [F].
        stride: Step of the window.
        zeros: Pixels of zeros around x.
    """
    ndim = x.ndim - 2
    window = Window(x.shape[1:-1], kernel.shape[:ndim], stride, zeros)
    y = convolution_of(x.astype(kernel.dtype), kernel, window)
    return y + bias.reshape((1,) * (ndim + 1) + (-1,))


def convolution_of(
    x: jax.Array,
    kernel: jax.Array,
    window: Window,
    implementation: str | None = None,
) -> jax.Array:
    """`kernels.convolution`, differentiable.

    Gradient: XLA differentiates its own. The native kernels are the three derivatives
    of T(x, kernel, g) = sum(g * convolution(x, kernel)), which is linear in each of its
    arguments; so the derivatives of every one of them are the other two. Reverse mode
    works to any order, forward mode (`jax.jvp`) with XLA's alone.
    """
    implementation = implementation or default_implementation(x.dtype)
    if implementation == "native":
        return cast(jax.Array, _native_convolution(x, kernel, window))
    return convolution(x, kernel, window, implementation=implementation)


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _native_convolution(x, kernel, window):
    return convolution(x, kernel, window, implementation="native")


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _native_input_gradient(g, kernel, window):
    return input_gradient(g, kernel, window, implementation="native")


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _native_kernel_gradient(x, g, window):
    return kernel_gradient(x, g, window, implementation="native")


def _saving(operation):
    """Forward pass of one of the three: it keeps its operands."""
    return lambda a, b, window: (operation(a, b, window), (a, b))


def _of_convolution(window, saved, dy):
    x, kernel = saved
    return (
        _native_input_gradient(dy, kernel, window),
        _native_kernel_gradient(x, dy, window),
    )


def _of_input_gradient(window, saved, dx):
    g, kernel = saved
    return (
        _native_convolution(dx, kernel, window),
        _native_kernel_gradient(dx, g, window),
    )


def _of_kernel_gradient(window, saved, dkernel):
    x, g = saved
    return (
        _native_input_gradient(g, dkernel, window),
        _native_convolution(x, dkernel, window),
    )


_native_convolution.defvjp(_saving(_native_convolution), _of_convolution)
_native_input_gradient.defvjp(_saving(_native_input_gradient), _of_input_gradient)
_native_kernel_gradient.defvjp(_saving(_native_kernel_gradient), _of_kernel_gradient)


def pad_spatial(x: jax.Array, width: int, mode: str) -> jax.Array:
    """Continue every spatial axis on both sides, in a mode of `jnp.pad`."""
    spatial = ((width, width),) * (x.ndim - 2)
    return jnp.pad(x, ((0, 0), *spatial, (0, 0)), mode=mode)
