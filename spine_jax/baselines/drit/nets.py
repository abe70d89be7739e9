"""Networks of DRIT."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.baselines.drit.config import CONTENT_KERNEL, CONTENT_MAP, DRITConfig
from spine_jax.layers.batching import together
from spine_jax.layers.block_variants import TransposedBlock
from spine_jax.layers.blocks import (
    ConvBlock,
    InstanceNorm,
    LayerNorm,
    Residual,
    leaky_relu,
    mean_pool,
    spatial_axes,
)
from spine_jax.layers.conv import Conv
from spine_jax.layers.initial import uniform_fan_in
from spine_jax.layers.resize import mean_pool_overlapping

Pair = tuple[jax.Array, jax.Array]

residual = partial(Residual, InstanceNorm, nn.relu)


class ContentEncoder(nn.Module):
    """Images of both domains to contents, whose last block they share."""

    config: DRITConfig

    def setup(self) -> None:
        own = partial(_OwnEncoder, self.config.base_channels, self.config.n_residual)
        self.own_l = own()
        self.own_h = own()
        self.shared = residual()

    def __call__(self, x_l: jax.Array, x_h: jax.Array) -> Pair:
        """Contents [B, *T, C] at a quarter of the resolution."""
        c_l, c_h = together(self.shared, self.own_l(x_l), self.own_h(x_h))
        return c_l, c_h

    def low(self, x_l: jax.Array) -> jax.Array:
        """Content of x_l alone."""
        return self.shared(self.own_l(x_l))


class _OwnEncoder(nn.Module):
    base: int
    n_residual: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        x = ConvBlock(self.base, 7, 1, 3, None, nn.leaky_relu, name="first")(image)
        for i in (1, 2):
            x = ConvBlock(self.base * 2**i, 3, 2, 1, name=f"down{i}")(x)
        for i in range(self.n_residual):
            x = residual(name=f"residual{i}")(x)
        return x


class AttributeEncoder(nn.Module):
    """Images to the distribution of their attributes."""

    config: DRITConfig

    def setup(self) -> None:
        own = partial(
            _OwnAttributes, self.config.base_channels, self.config.n_attributes
        )
        self.own_l = own()
        self.own_h = own()

    def __call__(self, x_l: jax.Array, x_h: jax.Array) -> tuple[Pair, Pair]:
        """Mean and logarithm of the variance, [B, n_attributes], of each."""
        return self.own_l(x_l), self.own_h(x_h)

    def high(self, x_h: jax.Array) -> Pair:
        """Of x_h alone."""
        return self.own_h(x_h)


class _OwnAttributes(nn.Module):
    base: int
    n_attributes: int

    @nn.compact
    def __call__(self, image: jax.Array) -> Pair:
        x = Conv(self.base, 4, 2, 1, name="first")(image)
        for i in (2, 3, 4):
            x = _MeanPoolBlock(self.base * i, name=f"block{i}")(x)
        x = jnp.mean(leaky_relu(x), spatial_axes(x))
        mean = _Linear(self.n_attributes, name="mean")(x)
        return mean, _Linear(self.n_attributes, name="log_variance")(x)


class _MeanPoolBlock(nn.Module):
    """Residual block that halves, its activations first."""

    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        y = Conv(x.shape[-1], 3, 1, 1, name="first")(leaky_relu(x))
        y = Conv(self.features, 3, 1, 1, name="second")(leaky_relu(y))
        short = Conv(self.features, 1, name="shortcut")(mean_pool(x, 2))
        return mean_pool(y, 2) + short


class _Linear(nn.Module):
    features: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        draw = uniform_fan_in(x.shape[-1])
        matrix = self.param("matrix", draw, (x.shape[-1], self.features))
        return x @ matrix + self.param("bias", draw, (self.features,))[None]


class Generator(nn.Module):
    """Content and attributes to images; the first block is shared by both domains."""

    config: DRITConfig

    def setup(self) -> None:
        self.shared = residual()
        self.own_l = _OwnGenerator(self.config.n_residual)
        self.own_h = _OwnGenerator(self.config.n_residual)

    def __call__(self, content: jax.Array, z: jax.Array) -> Pair:
        """Run all of it once: what initialisation needs."""
        return self.low((content, z))[0], self.high((content, z))[0]

    def low(self, *codes: Pair) -> tuple[jax.Array, ...]:
        """CBCT-like images of contents and attributes."""
        return together(lambda cz: self.own_l(self.shared(cz[0]), cz[1]), *codes)

    def high(self, *codes: Pair) -> tuple[jax.Array, ...]:
        """CT-like images of contents and attributes."""
        return together(lambda cz: self.own_h(self.shared(cz[0]), cz[1]), *codes)


class _OwnGenerator(nn.Module):
    n_residual: int

    @nn.compact
    def __call__(self, x: jax.Array, z: jax.Array) -> jax.Array:
        x = _with_attributes(x, z)
        for i in range(self.n_residual):
            x = residual(name=f"residual{i}")(x)
        for i in (1, 0):
            x = _with_attributes(x, z)
            x = TransposedBlock(x.shape[-1] // 2, LayerNorm, name=f"up{i}")(x)
        return jnp.tanh(Conv(1, 1, name="final")(_with_attributes(x, z)))


def _with_attributes(x: jax.Array, z: jax.Array) -> jax.Array:
    """x and, in every pixel of it, z."""
    spread = z.reshape(z.shape[0], *(1,) * (x.ndim - 2), z.shape[-1])
    spread = jnp.broadcast_to(spread, (*x.shape[:-1], z.shape[-1]))
    return jnp.concatenate([x, spread], axis=-1)


class ImageDiscriminator(nn.Module):
    """Logits of patches that an image is real, at several resolutions; no norm.

    The authors' option for one is off unless asked for, and then has no effect either.
    """

    config: DRITConfig

    @nn.compact
    def __call__(self, image: jax.Array) -> tuple[jax.Array, ...]:
        scores = []
        for scale in range(self.config.scales):
            x = image
            for i in range(self.config.patch_layers):
                width = self.config.patch_channels * 2**i
                name = f"scale{scale}_layer{i}"
                x = ConvBlock(width, 4, 2, 1, None, nn.leaky_relu, name=name)(x)
            scores.append(Conv(1, 1, name=f"scale{scale}_score")(x))
            image = mean_pool_overlapping(image)
        return tuple(scores)


class ContentDiscriminator(nn.Module):
    """Logits of patches that a content is of CT."""

    config: DRITConfig

    @nn.compact
    def __call__(self, content: jax.Array) -> jax.Array:
        x, width = content, content.shape[-1]
        norm = InstanceNorm if self.config.content_norm else None
        for i in range(self.config.content_layers):
            x = ConvBlock(
                width, CONTENT_KERNEL, 2, 1, norm, nn.leaky_relu, name=f"layer{i}"
            )(x)
        x = ConvBlock(width, CONTENT_MAP, 1, 0, None, nn.leaky_relu, name="last")(x)
        return Conv(1, 1, name="score")(x)
