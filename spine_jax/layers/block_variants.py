"""Blocks beside those of `blocks`, for methods that were built with them."""

import flax.linen as nn
import jax

from spine_jax.layers.blocks import Activation, NormMaker, cancels_constants
from spine_jax.layers.doubling import TransposedConv


class TransposedBlock(nn.Module):
    """Transposed convolution that doubles the size, norm, activation."""

    features: int
    norm: NormMaker
    activation: Activation = nn.relu

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        cancels = cancels_constants(self.norm)
        x = TransposedConv(self.features, cancels, name="conv")(x)
        return self.activation(self.norm(name="norm")(x))
