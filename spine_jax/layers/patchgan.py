"""Discriminator of overlapping patches, as in ADN and pix2pix."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import ConvBlock, InstanceNorm, NormMaker, leaky_relu


class PatchDiscriminator(nn.Module):
    """Scores of overlapping patches, unbounded; 1 is meant for real, 0 for made.

    Attributes:
        base: Channels after the first layer; they double at each further one.
        n_layers: Layers of stride 2.
        pad: Zeros on each side of what a layer sees.
        norm: Of all layers but the first and the last.
        outputs: Scores of each patch.
    """

    base: int
    n_layers: int
    pad: int = 1
    norm: NormMaker = InstanceNorm
    outputs: int = 1

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        """Scores [B, *T, outputs] float32 of an image [B, *S, C]."""
        pad = self.pad
        x = ConvBlock(
            self.base, 4, 2, pad, None, leaky_relu, reflect=False, name="layer0"
        )(image)
        for i in range(1, self.n_layers + 1):
            stride = 2 if i < self.n_layers else 1
            x = ConvBlock(
                self.base * 2**i,
                4,
                stride,
                pad,
                self.norm,
                leaky_relu,
                reflect=False,
                name=f"layer{i}",
            )(x)
        x = ConvBlock(self.outputs, 4, 1, pad, None, None, reflect=False, name="score")(
            x
        )
        return x.astype(jnp.float32)
