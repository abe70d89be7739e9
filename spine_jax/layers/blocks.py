"""Norms and blocks the networks are built of: one code for 2D and 3D, [B, *S, C].

Statistics are float32, whatever the features.
"""

from collections.abc import Callable
from functools import partial
from typing import cast

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.conv import Conv
from spine_jax.layers.doubling import UpConv
from spine_jax.layers.initial import constant, uniform

NormMaker = Callable[..., nn.Module]
Activation = Callable[[jax.Array], jax.Array]

EPSILON = 1e-5
LEAK = 0.2


def standardise(x: jax.Array, axes: tuple[int, ...]) -> jax.Array:
    """Zero mean and unit (biased) variance over axes, in float32 whatever x is.

    Gradient (custom VJP): with y the result, s the root of variance + EPSILON and the
    means over the axes, dx = (dy - mean(dy) - y mean(dy y)) / s. It keeps x instead of
    float32 intermediates, and takes fewer passes than the derivative of the code.
    """
    return cast(jax.Array, _standardise(x, axes))


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def _standardise(x, axes):
    return _standardise_saving(x, axes)[0]


def _standardise_saving(x, axes):
    wide = x.astype(jnp.float32)
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean((wide - mean) ** 2, axes, keepdims=True)
    scale = jax.lax.rsqrt(variance + EPSILON)
    return (wide - mean) * scale, (x, mean, scale)


def _standardise_gradient(axes, saved, dy):
    x, mean, scale = saved
    y = (x.astype(jnp.float32) - mean) * scale
    along_constant = jnp.mean(dy, axes, keepdims=True)
    along_y = jnp.mean(dy * y, axes, keepdims=True)
    return (((dy - along_constant - y * along_y) * scale).astype(x.dtype),)


_standardise.defvjp(_standardise_saving, _standardise_gradient)


def spatial_axes(x: jax.Array) -> tuple[int, ...]:
    """The axes between batch and channels."""
    return tuple(range(1, x.ndim - 1))


class InstanceNorm(nn.Module):
    """Each channel of each example to zero mean and unit variance; no parameters."""

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        del attention
        return standardise(x, spatial_axes(x)).astype(x.dtype)


class LayerNorm(nn.Module):
    """Each example as a whole to zero mean and unit variance, then gain and shift.

    The gain of each channel starts from U(0, 1), as in ADN.
    """

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        del attention
        shape = (1,) * (x.ndim - 1) + (x.shape[-1],)
        gain = self.param("gain", uniform(0, 1), shape[-1:]).reshape(shape)
        shift = self.param("shift", constant(0), shape[-1:]).reshape(shape)
        return (standardise(x, tuple(range(1, x.ndim))) * gain + shift).astype(x.dtype)


class ConvBlock(nn.Module):
    """Convolution, norm, activation.

    Attributes:
        norm: Makes the norm, called with the features and the attention map; None for
            no norm.
        activation: None for none.
    """

    features: int
    kernel: int
    stride: int = 1
    pad: int = 0
    norm: NormMaker | None = InstanceNorm
    activation: Activation | None = nn.relu
    reflect: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        x = Conv(
            self.features,
            self.kernel,
            self.stride,
            self.pad,
            self.reflect,
            bias_cancels=cancels_constants(self.norm),
            name="conv",
        )(x)
        if self.norm is not None:
            x = self.norm(name="norm")(x, attention)
        return x if self.activation is None else self.activation(x)


class UpBlock(nn.Module):
    """Doubling and convolution, norm, activation."""

    features: int
    norm: NormMaker
    activation: Activation

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        cancels = cancels_constants(self.norm)
        x = UpConv(self.features, cancels, name="conv")(x)
        return self.activation(self.norm(name="norm")(x, attention))


class Residual(nn.Module):
    """x + block(block(x)); nothing after the sum."""

    norm: NormMaker
    activation: Activation

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        c = x.shape[-1]
        y = ConvBlock(c, 3, 1, 1, self.norm, self.activation, name="first")(
            x, attention
        )
        return x + ConvBlock(c, 3, 1, 1, self.norm, None, name="second")(y, attention)


def cancels_constants(norm: NormMaker | None) -> bool:
    """Whether a norm takes away what is added to a whole channel."""
    # All others work channel by channel.
    return norm not in (None, LayerNorm)


def leaky_relu(x: jax.Array) -> jax.Array:
    """ADN's decoder and discriminator activation."""
    return nn.leaky_relu(x, LEAK)


def blocks_of(x: jax.Array, size: int) -> tuple[jax.Array, tuple[int, ...]]:
    """View as cubes of `size` pixels a side: [B, s0, size, s1, size, ..., C].

    Returns:
        The view, and its axes that run inside a cube.
    """
    shape = [x.shape[0]]
    for side in x.shape[1:-1]:
        shape += [side // size, size]
    return x.reshape(*shape, x.shape[-1]), tuple(range(2, len(shape), 2))


def mean_pool(x: jax.Array, size: int) -> jax.Array:
    """Mean of every cube of `size` pixels a side."""
    view, inside = blocks_of(x, size)
    return jnp.mean(view, inside)


def max_pool(x: jax.Array) -> jax.Array:
    """Maximum of every cube of 2 pixels a side."""
    view, inside = blocks_of(x, 2)
    return jnp.max(view, inside)
