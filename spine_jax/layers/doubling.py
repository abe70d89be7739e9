"""Convolutions that double an image.

Each of the 2^n pixels that a pixel becomes is a weighted sum of few old ones. All of
them together are one narrow convolution of the old image, whose channels are then laid
out as pixels.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.layers.conv import ConvParams, convolve, pad_spatial
from spine_jax.layers.initial import uniform_fan_in


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
        params = ConvParams(self.features, 5)
        nn.share_scope(self, params)
        kernel, bias = params(x.ndim - 2, x.shape[-1])
        if self.bias_cancels:
            bias = jax.lax.stop_gradient(bias)
        return _convolve_doubling(pad_spatial(x, 1, "edge"), kernel, bias, _FOLDING)


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
        padded = jnp.pad(x, ((0, 0), *((0, 1),) * ndim, (0, 0)))
        return _convolve_doubling(padded, kernel, bias, _SPREADING)


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

# [tap, this or the next pixel, even or odd]: an even pixel is the middle tap's of its
# own, an odd one the last tap's of its own and the first tap's of the next.
_SPREADING = np.zeros((3, 2, 2), np.float32)
_SPREADING[1, 0, 0] = _SPREADING[2, 0, 1] = _SPREADING[0, 1, 1] = 1


def _convolve_doubling(
    padded: jax.Array, kernel: jax.Array, bias: jax.Array, table: np.ndarray
) -> jax.Array:
    """The doubled image.

    Args:
        padded: [B, *(S + P - 1), C].
        kernel: [T, .., T, C, F].
        bias: [F].
        table: Which tap of an even or odd pixel falls on which old one, [T, P, 2].
    """
    ndim = padded.ndim - 2
    narrow = _narrow(kernel, table)
    flat = narrow.reshape(*narrow.shape[: ndim + 1], -1)
    cubes = convolve(padded, flat, jnp.tile(bias, 2**ndim))
    return interleave(cubes.reshape(*cubes.shape[:-1], *(2,) * ndim, -1))


def _narrow(kernel: jax.Array, table: np.ndarray) -> jax.Array:
    """[T, .., T, C, F] to [P, .., P, C, 2, .., 2, F]."""
    weights = jnp.asarray(table, kernel.dtype)
    ndim = kernel.ndim - 2
    for _ in range(ndim):
        # Takes the first tap axis away, adds pixel and parity at the end.
        kernel = jnp.tensordot(kernel, weights, axes=((0,), (0,)))
    pixels = range(2, 2 + 2 * ndim, 2)
    parities = range(3, 3 + 2 * ndim, 2)
    return kernel.transpose(*pixels, 0, *parities, 1)
