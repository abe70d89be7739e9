"""Discriminator of overlapping patches, as in ADN and pix2pix."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import ConvBlock, leaky_relu


class PatchDiscriminator(nn.Module):
    """Scores of overlapping patches, unbounded; 1 is meant for real, 0 for made.

    Attributes:
        base: Channels after the first layer; they double at each further one.
        n_layers: Layers of stride 2.
    """

    base: int
    n_layers: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        """Scores [B, *T, 1] float32 of an image [B, *S, 1]."""
        x = ConvBlock(
            self.base, 4, 2, 1, None, leaky_relu, reflect=False, name="layer0"
        )(image)
        for i in range(1, self.n_layers + 1):
            stride = 2 if i < self.n_layers else 1
            x = ConvBlock(
                self.base * 2**i,
                4,
                stride,
                1,
                activation=leaky_relu,
                reflect=False,
                name=f"layer{i}",
            )(x)
        x = ConvBlock(1, 4, 1, 1, None, None, reflect=False, name="score")(x)
        return x.astype(jnp.float32)
