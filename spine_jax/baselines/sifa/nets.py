"""Networks of SIFA; A and B of the paper are h and l.

Beside the authors': transposed convolutions spread to both sides instead of onwards,
maps are enlarged about the centres of their pixels instead of their corners, and the
decoder's and discriminators' convolutions have biases.
"""

from collections.abc import Sequence
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.baselines.sifa.config import SIFAConfig
from spine_jax.layers.block_variants import TransposedBlock
from spine_jax.layers.blocks import ConvBlock, max_pool
from spine_jax.layers.norms import AffineInstanceNorm, BatchNorm
from spine_jax.layers.patchgan import PatchDiscriminator
from spine_jax.layers.same_conv import SameConv

CLASSES = 2

_Block = partial(ConvBlock, norm=AffineInstanceNorm, reflect=False)
_UpBlock = partial(TransposedBlock, norm=AffineInstanceNorm)


class Generator(nn.Module):
    """CT to cone-beam CT: what to add to it (g_A).

    Attributes:
        base: Channels at full resolution.
        n_residual: Residual blocks at a quarter of it.
    """

    base: int
    n_residual: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        x = _Block(self.base, 7, pad=3, name="first")(image)
        for i in (1, 2):
            x = _Block(self.base * 2**i, 3, 2, 1, name=f"down{i}")(x)
        for i in range(self.n_residual):
            x = InstanceResidual(name=f"residual{i}")(x)
        for i in (1, 0):
            x = _UpBlock(self.base * 2**i, name=f"up{i}")(x)
        return jnp.tanh(image + _change(x))


class Decoder(nn.Module):
    """Features of an image to CT: what to add to the image (de_B).

    Attributes:
        base: Channels at full resolution.
        n_residual: Residual blocks at an eighth of it.
    """

    base: int
    n_residual: int

    @nn.compact
    def __call__(self, features: jax.Array, image: jax.Array) -> jax.Array:
        x = _Block(4 * self.base, 3, pad=1, name="first")(features)
        for i in range(self.n_residual):
            x = InstanceResidual(name=f"residual{i}")(x)
        for i, times in enumerate((2, 2, 1)):
            x = _UpBlock(times * self.base, name=f"up{i}")(x)
        return jnp.tanh(image + _change(x))


class Segmentor(nn.Module):
    """Encoder (e_B) and the heads on its last and on its lower features (s_B, s_B_ll).

    Attributes:
        base: Channels of the encoder's first layer.
        widths: Those of its blocks, in multiples of base, for each resolution.
        train: Whether batch norms use the batch.
        axis_name: Mapped axis over which the batch is spread, if any.
    """

    base: int
    widths: Sequence[Sequence[int]]
    train: bool
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """Features at an eighth of the resolution; two maps of logits, [B, *S, 2]."""
        encoder = Encoder(
            self.base, self.widths, self.train, self.axis_name, name="encoder"
        )
        features, low_features = encoder(image)

        def head(name, x):
            logits = SameConv(CLASSES, 1, name=name)(x)
            size = (*image.shape[:-1], CLASSES)
            return jax.image.resize(logits, size, "linear", antialias=False)

        return features, head("head", features), head("low_head", low_features)


class Encoder(nn.Module):
    """Residual network at an eighth of the resolution, dilated at its end.

    Attributes:
        base, widths, train, axis_name: As in `Segmentor`.
    """

    base: int
    widths: Sequence[Sequence[int]]
    train: bool
    axis_name: str | None = None

    @nn.compact
    def __call__(self, image: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Last features, and those before the dilated blocks."""
        norm = partial(BatchNorm, self.train, axis_name=self.axis_name)
        x = _normed(norm, "first", image, self.base, 7)
        for scale, widths in enumerate(self.widths):
            x = max_pool(x) if scale else x
            for i, times in enumerate(widths):
                name = f"scale{scale}_block{i}"
                x = BatchResidual(times * self.base, norm, name=name)(x)
        low_features, last = x, x.shape[-1]
        for i in range(2):
            x = BatchResidual(last, norm, 2, name=f"dilated{i}")(x)
        for name in ("second_last", "last"):
            x = _normed(norm, name, x, last, 3)
        return x, low_features


class InstanceResidual(nn.Module):
    """relu(x + block(block(x))) with instance norm."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        y = _Block(x.shape[-1], 3, pad=1, name="first")(x)
        y = _Block(x.shape[-1], 3, pad=1, activation=None, name="second")(y)
        return nn.relu(x + y)


class BatchResidual(nn.Module):
    """relu(x + block(block(x))) with batch norm.

    Attributes:
        features: Output channels; where x has fewer it is put in their middle.
        norm: Makes the norm.
        dilation: Of the convolutions.
    """

    features: int
    norm: partial
    dilation: int = 1

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        kernel = (3, self.dilation)
        y = _normed(self.norm, "first", x, self.features, *kernel)
        y = _normed(self.norm, "second", y, self.features, *kernel, activate=False)
        missing = (self.features - x.shape[-1]) // 2
        around = ((0, 0),) * (x.ndim - 1) + ((missing, missing),)
        return nn.relu(jnp.pad(x, around) + y)


def segmentor_of(
    config: SIFAConfig, *, train: bool, axis_name: str | None = None
) -> Segmentor:
    """Encoder and heads of a config."""
    return Segmentor(config.encoder_channels, config.encoder_widths, train, axis_name)


def discriminator(config: SIFAConfig, outputs: int = 1) -> PatchDiscriminator:
    """d_B, d_P and d_P_ll, or, with a second output, d_A."""
    return PatchDiscriminator(
        config.patch_channels, 3, pad=2, norm=AffineInstanceNorm, outputs=outputs
    )


def _normed(
    norm: partial,
    name: str,
    x: jax.Array,
    features: int,
    kernel: int,
    dilation: int = 1,
    *,
    activate: bool = True,
) -> jax.Array:
    """Convolution, batch norm and, unless told otherwise, ReLU."""
    y = SameConv(features, kernel, dilation=dilation, name=name)(x)
    y = norm(name=f"{name}_norm")(y)
    return nn.relu(y) if activate else y


def _change(x: jax.Array) -> jax.Array:
    return ConvBlock(1, 7, 1, 3, None, None, reflect=False, name="final")(x)
