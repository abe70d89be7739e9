"""Convolutions of the networks: one code for 2D and 3D, [B, *S, C].

Parameters decide the dtype: a layer computes in the dtype of its kernel, so casting the
parameters is all that mixed precision takes.
"""

from functools import partial
from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

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


class UpConv(nn.Module):
    """Nearest-neighbour doubling and a convolution of width 5, in one.

    Each of the 2^n pixels a pixel becomes sees 3 instead of 5 pixels a side, with the
    weights of equal pixels added up. All of them together are one convolution of
    width 3 before the doubling: 2.8 times less work in 2D, and on wider channels.

    At the border the image is continued by its last pixel. ADN doubles first and then
    reflects, which differs in one of the 5 taps of the outermost pixels.

    Attributes:
        features: Output channels.
        bias_cancels: As in `Conv`.
    """

    features: int
    bias_cancels: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        ndim = x.ndim - 2
        params = ConvParams(self.features, 5)
        nn.share_scope(self, params)
        kernel, bias = params(ndim, x.shape[-1])
        if self.bias_cancels:
            bias = jax.lax.stop_gradient(bias)
        folded = _fold(kernel)
        flat = folded.reshape(*folded.shape[: ndim + 1], -1)
        padded = pad_spatial(x, 1, "edge")
        cubes = convolve(padded, flat, jnp.tile(bias, 2**ndim))
        return interleave(cubes.reshape(*x.shape[:-1], *(2,) * ndim, -1))


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


def interleave(cubes: jax.Array) -> jax.Array:
    """Lay [B, *S, 2, .., 2, C] out as an image: every pixel a cube of 2 a side."""
    ndim = (cubes.ndim - 2) // 2
    order = [0]
    for axis in range(ndim):
        order += [1 + axis, 1 + ndim + axis]
    sides = [2 * side for side in cubes.shape[1 : 1 + ndim]]
    image = cubes.transpose(*order, 2 * ndim + 1)
    return image.reshape(cubes.shape[0], *sides, cubes.shape[-1])


# Taps 0..4 around the even or odd one of a doubled pixel fall on its left neighbour,
# itself and its right neighbour: [tap, neighbour, even or odd].
_FOLDING = np.zeros((5, 3, 2), np.float32)
for _tap, (_even, _odd) in enumerate([(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]):
    _FOLDING[_tap, _even, 0] = _FOLDING[_tap, _odd, 1] = 1


def _fold(kernel: jax.Array) -> jax.Array:
    """[5, .., 5, C, F] to [3, .., 3, C, 2, .., 2, F]."""
    folding = jnp.asarray(_FOLDING, kernel.dtype)
    ndim = kernel.ndim - 2
    for _ in range(ndim):
        # Takes the first tap axis away, adds neighbour and parity at the end.
        kernel = jnp.tensordot(kernel, folding, axes=((0,), (0,)))
    neighbours = range(2, 2 + 2 * ndim, 2)
    parities = range(3, 3 + 2 * ndim, 2)
    return kernel.transpose(*neighbours, 0, *parities, 1)
