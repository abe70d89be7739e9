"""Encoders and generators: ADN's, with AADE where the generator is told to carry it."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import (
    Activation,
    ConvBlock,
    InstanceNorm,
    LayerNorm,
    NormMaker,
    Residual,
    UpBlock,
    leaky_relu,
)
from spine_jax.layers.conv import Conv


class ArtifactEncoder(nn.Module):
    """Image to features at every scale, finest first: the artifact a.

    Attributes:
        base: Channels at full resolution; they double at each halving.
        n_down: Halvings.
    """

    base: int
    n_down: int

    @nn.compact
    def __call__(self, image: jax.Array) -> tuple[jax.Array, ...]:
        scales = [ConvBlock(self.base, 7, 1, 3, name="scale0")(image)]
        for i in range(1, self.n_down + 1):
            block = ConvBlock(self.base * 2**i, 4, 2, 1, name=f"scale{i}")
            scales.append(block(scales[-1]))
        return tuple(scales)


class ContentEncoder(nn.Module):
    """Image to content code: the coarsest scale, refined by residual blocks.

    Attributes:
        base: Channels at full resolution; the code has base * 2**n_down.
        n_down: Halvings.
        n_residual: Residual blocks.
    """

    base: int
    n_down: int
    n_residual: int

    @nn.compact
    def __call__(self, image: jax.Array) -> jax.Array:
        code = ArtifactEncoder(self.base, self.n_down, name="scales")(image)[-1]
        for i in range(self.n_residual):
            code = Residual(InstanceNorm, nn.relu, name=f"residual{i}")(code)
        return code


class Generator(nn.Module):
    """Content code to image, or to a map.

    Attributes:
        base: Channels at full resolution.
        n_up: Doublings.
        n_residual: Residual blocks.
        output: Last activation.
        residual_norm, upsampling_norm: Norms of these blocks.
        final_norm: Norm of the features before the last convolution; None for none.
        output_norm: Norm after the last convolution; None for none.
    """

    base: int
    n_up: int
    n_residual: int
    output: Activation = jnp.tanh
    residual_norm: NormMaker = InstanceNorm
    upsampling_norm: NormMaker = LayerNorm
    final_norm: NormMaker | None = None
    output_norm: NormMaker | None = None

    @nn.compact
    def __call__(
        self,
        code: jax.Array,
        artifact: Sequence[jax.Array] | None = None,
        attention: jax.Array | None = None,
    ) -> jax.Array:
        """Decode [B, *S, C], with the artifact's scales or under an attention map."""
        x, width = code, self.base * 2**self.n_up
        if x.shape[-1] != width:
            x = Conv(width, 1, name="narrow")(x)
        for i in range(self.n_residual):
            norm = self.residual_norm
            x = Residual(norm, leaky_relu, name=f"residual{i}")(x, attention)
        for i in range(self.n_up):
            x = self._merge(x, artifact, scale=self.n_up - i)
            width //= 2
            norm = self.upsampling_norm
            x = UpBlock(width, norm, leaky_relu, name=f"up{i}")(x, attention)
        x = self._merge(x, artifact, scale=0)
        if self.final_norm is not None:
            x = leaky_relu(self.final_norm(name="final_norm")(x, attention))
        x = ConvBlock(1, 7, 1, 3, self.output_norm, None, name="final")(x, attention)
        return self.output(x.astype(jnp.float32))

    def _merge(
        self, x: jax.Array, artifact: Sequence[jax.Array] | None, scale: int
    ) -> jax.Array:
        if artifact is None:
            return x
        both = jnp.concatenate([x, artifact[scale]], axis=-1)
        return Conv(x.shape[-1], 1, name=f"merge{scale}")(both)
