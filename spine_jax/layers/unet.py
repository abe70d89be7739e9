"""U-Net from an image to a probability per pixel: the segmentors of A3DSegNet."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import ConvBlock, max_pool
from spine_jax.layers.doubling import interleave
from spine_jax.layers.initial import constant, uniform_fan_in

SLOPE = 0.01
FIRST_LOGIT, HELD_AT = -2.0, 10.0


class UNet(nn.Module):
    """U-Net with instance norm: training sees three kinds of images one by one.

    Attributes:
        base: Channels at full resolution; they double at each halving.
        depth: Halvings.
    """

    base: int
    depth: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        """Foreground probability [B, *S, 1] float32 of an image [B, *S, 1]."""
        x = _Pair(self.base, name="down0")(image)
        skips = []
        for i in range(1, self.depth + 1):
            skips.append(x)
            x = _Pair(self.base * 2**i, name=f"down{i}")(max_pool(x))
        for i in reversed(range(self.depth)):
            x = _Double(self.base * 2**i, name=f"double{i}")(x)
            x = jnp.concatenate([skips[i], x], axis=-1)
            x = _Pair(self.base * 2**i, name=f"up{i}")(x)
        logit = _Logit(name="final")(x)
        return nn.sigmoid(logit.astype(jnp.float32))


class _Logit(nn.Module):
    """One number per pixel, of all channels.

    Starts near -2: most pixels are background, and with a Dice loss alone pixels that
    start at a probability of one half take thousands of steps to get there.
    Parameters are held at a tenth: Adam moves each by about the learning rate, and
    these few have to grow tenfold before a probability nears 0 or 1.
    """

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        channels = x.shape[-1]
        draw = uniform_fan_in(channels * HELD_AT**2)
        kernel = self.param("kernel", draw, (channels, 1))
        bias = self.param("bias", constant(FIRST_LOGIT / HELD_AT), (1,))
        return HELD_AT * (x @ kernel + bias)


class _Pair(nn.Module):
    """Twice convolution, norm, activation."""

    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for name in ("first", "second"):
            x = ConvBlock(
                self.features,
                3,
                pad=1,
                activation=_leaky_relu,
                reflect=False,
                name=name,
            )(x)
        return x


class _Double(nn.Module):
    """Transposed convolution of width and stride 2.

    Its windows do not overlap, so it is one matrix product per pixel whose result is
    laid out as a cube of 2 pixels a side.
    """

    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        ndim, channels = x.ndim - 2, x.shape[-1]
        draw = uniform_fan_in(2**ndim * self.features)
        shape = (2,) * ndim + (channels, self.features)
        kernel = self.param("kernel", draw, shape)
        bias = self.param("bias", draw, (self.features,))
        y = interleave(jnp.tensordot(x, kernel, axes=((-1,), (ndim,))))
        return y + bias.reshape((1,) * (ndim + 1) + (-1,))


def _leaky_relu(x: jax.Array) -> jax.Array:
    return nn.leaky_relu(x, SLOPE)
