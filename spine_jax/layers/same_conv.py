"""Convolutions beside those of `conv`, for methods that were built with them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.layers.conv import convolve, interleave
from spine_jax.layers.initial import uniform_fan_in


class SameConv(nn.Module):
    """Convolution padded with zeros so that stride 1 keeps the size.

    Attributes:
        features: Output channels.
        kernel: Width of the window, odd.
        stride: Step of the window.
        dilation: Distance of the window's taps.
        bias: Whether there is one.
    """

    features: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    bias: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        ndim, channels = x.ndim - 2, x.shape[-1]
        draw = uniform_fan_in(self.kernel**ndim * channels)
        shape = (self.kernel,) * ndim + (channels, self.features)
        kernel = self.param("kernel", draw, shape)
        zeros = jnp.zeros(self.features, kernel.dtype)
        bias = self.param("bias", draw, (self.features,)) if self.bias else zeros
        pad = self.dilation * (self.kernel // 2)
        if self.dilation == 1:
            return convolve(x, kernel, bias, self.stride, pad)
        axes = "DHW"[-ndim:]
        y = jax.lax.conv_general_dilated(
            x,
            kernel,
            window_strides=(self.stride,) * ndim,
            padding=((pad, pad),) * ndim,
            rhs_dilation=(self.dilation,) * ndim,
            dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        )
        return y + bias.reshape((1,) * (ndim + 1) + (-1,))


class TransposedConv(nn.Module):
    """Transposed convolution of width 3 and stride 2, which doubles the size.

    Pixel i is spread over pixels 2i - 1, 2i and 2i + 1 (PyTorch's padding 1 and output
    padding 1). Each of the 2^n pixels a pixel becomes sees up to 2 of the old pixels a
    side, so all together are one convolution of width 2 before the doubling.

    Attributes:
        features: Output channels.
        bias_cancels: As in `conv.Conv`.
    """

    features: int
    bias_cancels: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        ndim, channels = x.ndim - 2, x.shape[-1]
        draw = uniform_fan_in(3**ndim * self.features)
        shape = (3,) * ndim + (channels, self.features)
        kernel = self.param("kernel", draw, shape)
        bias = self.param("bias", draw, (self.features,))
        if self.bias_cancels:
            bias = jax.lax.stop_gradient(bias)
        unfolded = _unfold(kernel)
        flat = unfolded.reshape(*unfolded.shape[: ndim + 1], -1)
        padded = jnp.pad(x, ((0, 0), *((0, 1),) * ndim, (0, 0)))
        cubes = convolve(padded, flat, jnp.tile(bias, 2**ndim))
        return interleave(cubes.reshape(*x.shape[:-1], *(2,) * ndim, -1))


# [tap, this or the next pixel, even or odd]: an even pixel is the middle tap's of its
# own, an odd one the last tap's of its own and the first tap's of the next.
_SPREADING = np.zeros((3, 2, 2), np.float32)
_SPREADING[1, 0, 0] = _SPREADING[2, 0, 1] = _SPREADING[0, 1, 1] = 1


def _unfold(kernel: jax.Array) -> jax.Array:
    """[3, .., 3, C, F] to [2, .., 2, C, 2, .., 2, F]."""
    spreading = jnp.asarray(_SPREADING, kernel.dtype)
    ndim = kernel.ndim - 2
    for _ in range(ndim):
        # Takes the first tap axis away, adds pixel and parity at the end.
        kernel = jnp.tensordot(kernel, spreading, axes=((0,), (0,)))
    pixels = range(2, 2 + 2 * ndim, 2)
    parities = range(3, 3 + 2 * ndim, 2)
    return kernel.transpose(*pixels, 0, *parities, 1)
