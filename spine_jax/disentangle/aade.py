"""Anatomy-aware de-normalisation: an attention map modulates normalised features."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import mean_pool, spatial_axes, standardise
from spine_jax.layers.conv import Conv, ConvParams, convolve


class AADE(nn.Module):
    """Eq. 10: (F - mu) / sigma * gamma(R(m)) + beta(R(m)).

    mu and sigma are those of each channel of each example, in training and after it:
    the statistics of a batch would tie an image's translation to its neighbours.
    gamma carries no extra 1; its bias starts at `gamma_bias_init` instead.

    Attributes:
        hidden: Channels between the map and gamma, beta.
        gamma_bias_init: Start of gamma's bias.
    """

    hidden: int
    gamma_bias_init: float = 1.0

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array) -> jax.Array:
        """Modulate x [B, *S, C] by the map [B, *T, 1] in [0, 1], T a multiple of S."""
        ndim, channels = x.ndim - 2, x.shape[-1]
        resampled = mean_pool(attention, attention.shape[1] // x.shape[1])
        hidden = nn.relu(Conv(self.hidden, 3, 1, 1, False, name="shared")(resampled))
        gamma = ConvParams(channels, 3, self.gamma_bias_init, name="gamma")
        beta = ConvParams(channels, 3, name="beta")
        # Two convolutions of one input in one call.
        both = zip(gamma(ndim, self.hidden), beta(ndim, self.hidden))
        kernel, bias = (jnp.concatenate(pair, axis=-1) for pair in both)
        scale, shift = jnp.split(convolve(hidden, kernel, bias, zeros=1), 2, axis=-1)
        normalised = standardise(x, spatial_axes(x))
        return (normalised * scale + shift).astype(x.dtype)


def decays(params: dict) -> dict:
    """Which parameters weight decay acts on: all but gamma's bias.

    Decay would pull it from its start towards 0, where the features vanish.
    """

    def is_decayed(path, _):
        return [key.key for key in path[-2:]] != ["gamma", "bias"]

    return jax.tree_util.tree_map_with_path(is_decayed, params)
