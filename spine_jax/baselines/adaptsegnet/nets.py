"""Networks of AdaptSegNet: DeepLab v2 with a map from each of two depths."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import ConvBlock, leaky_relu
from spine_jax.layers.norms import FrozenGroupNorm
from spine_jax.layers.same_conv import SameConv

Features = tuple[jax.Array, jax.Array]

STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 2, 4)


class Trunk(nn.Module):
    """ResNet of bottlenecks at an eighth of the image, its last stages dilated.

    Norms are of groups of channels of one example. The authors' batch norms, at their
    batch of 1, see one example too while they train, and afterwards use averages over
    both domains.

    Attributes:
        base: Width of the first layer; the stages give 4, 8, 16 and 32 times as much.
        blocks: Bottlenecks per stage.
    """

    base: int
    blocks: Sequence[int]

    @nn.compact
    def __call__(self, image: jax.Array) -> Features:
        """What the third and the fourth stage give, [B, *T, C]."""
        x = SameConv(self.base, 7, 2, name="first")(image)
        x = nn.relu(FrozenGroupNorm(name="first_norm")(x))
        x = max_pool_overlapping(x)
        stages = []
        for i, count in enumerate(self.blocks):
            for j in range(count):
                x = Bottleneck(
                    self.base * 2**i,
                    stride=STRIDES[i] if j == 0 else 1,
                    dilation=DILATIONS[i],
                    project=j == 0,
                    name=f"stage{i}_block{j}",
                )(x)
            stages.append(x)
        return stages[2], stages[3]


class Bottleneck(nn.Module):
    """Residual block of three convolutions; the first one takes the stride.

    Attributes:
        width: Inner channels; it gives 4 times as many.
        stride, dilation: Of its convolutions.
        project: Whether the shortcut is a convolution.
    """

    width: int
    stride: int
    dilation: int
    project: bool

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        def normed(name, x, features, *conv):
            y = SameConv(features, *conv, name=name)(x)
            return FrozenGroupNorm(name=f"{name}_norm")(y)

        features, stride = 4 * self.width, self.stride
        y = nn.relu(normed("reduce", x, self.width, 1, stride))
        y = nn.relu(normed("spread", y, self.width, 3, 1, self.dilation))
        y = normed("expand", y, features, 1)
        short = normed("shortcut", x, features, 1, stride) if self.project else x
        return nn.relu(short + y)


class Heads(nn.Module):
    """Features of both depths to logits of vertebrae, at the features' resolution.

    Attributes:
        rates: Dilations of the convolutions whose sum is a map.
    """

    rates: Sequence[int]

    @nn.compact
    def __call__(self, features: Features) -> Features:
        """Of the third and of the fourth stage, [B, *T, 1]."""
        return self._sum("aux", features[0]), self._sum("main", features[1])

    def _sum(self, name: str, x: jax.Array) -> jax.Array:
        logits = [
            SameConv(1, 3, dilation=rate, bias=True, name=f"{name}_rate{rate}")(x)
            for rate in self.rates
        ]
        return sum(logits[1:], logits[0])


class Discriminator(nn.Module):
    """Logits that a map is one of cone-beam CT; five layers of stride 2, no norm."""

    base: int

    @nn.compact
    def __call__(self, probability: jax.Array) -> jax.Array:
        x = probability
        for i in range(4):
            width = self.base * 2**i
            x = ConvBlock(
                width, 4, 2, 1, None, leaky_relu, reflect=False, name=f"layer{i}"
            )(x)
        return ConvBlock(1, 4, 2, 1, None, None, reflect=False, name="score")(x)


def max_pool_overlapping(x: jax.Array) -> jax.Array:
    """Maximum around every other pixel, 3 a side, from the first to beyond the last."""
    ndim = x.ndim - 2
    return jax.lax.reduce_window(
        x,
        -jnp.inf,
        jax.lax.max,
        window_dimensions=(1, *(3,) * ndim, 1),
        window_strides=(1, *(2,) * ndim, 1),
        padding=((0, 0), *((1, 2),) * ndim, (0, 0)),
    )
