"""Networks of CycleGAN."""

import dataclasses
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.baselines.cyclegan.config import CycleGANConfig
from spine_jax.layers.batching import together
from spine_jax.layers.block_variants import TransposedBlock
from spine_jax.layers.blocks import ConvBlock, InstanceNorm, Residual
from spine_jax.layers.patchgan import PatchDiscriminator


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Translations:
    """Images [B, *S, 1] in [-1, 1].

    Attributes:
        x_lh, x_hl: In the other domain.
        x_lhl, x_hlh: And back again.
        x_hh, x_ll: By the generator that gives images of the domain they are of.
    """

    x_lh: jax.Array
    x_hl: jax.Array
    x_lhl: jax.Array
    x_hlh: jax.Array
    x_hh: jax.Array
    x_ll: jax.Array


class Generators(nn.Module):
    """Everything the generators' optimiser trains."""

    config: CycleGANConfig

    def setup(self) -> None:
        generator = partial(
            Generator, self.config.base_channels, self.config.n_residual
        )
        self.g_lh = generator()
        self.g_hl = generator()

    def __call__(self, x_l: jax.Array, x_h: jax.Array) -> Translations:
        x_lh, x_hh = together(self.g_lh, x_l, x_h)
        x_hl, x_ll = together(self.g_hl, x_h, x_l)
        return Translations(
            x_lh, x_hl, self.g_hl(x_lh), self.g_lh(x_hl), x_hh=x_hh, x_ll=x_ll
        )

    def translate(self, x_l: jax.Array) -> jax.Array:
        """Clean image x_lh of x_l."""
        return self.g_lh(x_l)


class Generator(nn.Module):
    """Image to image of the other domain.

    Attributes:
        base: Channels at full resolution.
        n_residual: Residual blocks at a quarter of it.
    """

    base: int
    n_residual: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        x = ConvBlock(self.base, 7, pad=3, name="first")(image)
        for i in (1, 2):
            width = self.base * 2**i
            x = ConvBlock(width, 3, 2, 1, reflect=False, name=f"down{i}")(x)
        for i in range(self.n_residual):
            x = Residual(InstanceNorm, nn.relu, name=f"residual{i}")(x)
        for i in (1, 0):
            x = TransposedBlock(self.base * 2**i, InstanceNorm, name=f"up{i}")(x)
        return jnp.tanh(ConvBlock(1, 7, 1, 3, None, None, name="final")(x))


def discriminator(config: CycleGANConfig) -> PatchDiscriminator:
    """D_l and D_h, alike."""
    return PatchDiscriminator(config.patch_channels, config.patch_layers)
