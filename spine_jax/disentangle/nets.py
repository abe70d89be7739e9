"""What exists, and which decodings are made of it (Fig. 2 and Eq. 1-3 of the paper)."""

import dataclasses
from functools import partial
from typing import Any

import flax.linen as nn
import jax

from spine_jax.disentangle.aade import AADE
from spine_jax.disentangle.config import DisentangleConfig
from spine_jax.disentangle.generators import ArtifactEncoder, ContentEncoder, Generator
from spine_jax.layers.batching import together
from spine_jax.layers.blocks import InstanceNorm, LayerNorm
from spine_jax.layers.patchgan import PatchDiscriminator
from spine_jax.layers.unet import UNet

Map = Any  # jax.Array, or None where its network does not exist


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Decodings:
    """Images x_ij with the content of i looking like j, and maps; [B, *S, 1] float32.

    Images lie in [-1, 1], maps in [0, 1]. Attention maps m are None without G_s,
    segmentations y without S_l and S_h.
    """

    x_ll: jax.Array
    x_lh: jax.Array
    x_hl: jax.Array
    x_hh: jax.Array
    x_hlh: jax.Array
    m_l: Map
    m_h: Map
    m_hl: Map
    y_l: Map
    y_ll: Map
    y_hl: Map
    y_h: Map
    y_hh: Map
    y_lh: Map


class Networks(nn.Module):
    """Everything the generators' optimiser trains."""

    config: DisentangleConfig

    def setup(self) -> None:
        c = self.config
        encoder = partial(ContentEncoder, c.base_channels, c.n_down, c.n_residual)
        generator = partial(Generator, n_up=c.n_down, n_residual=c.n_residual)
        self.e_l = encoder()
        self.e_h = encoder()
        self.e_a = ArtifactEncoder(c.base_channels, c.n_down)
        self.g_l = generator(c.base_channels)
        self.g_h = generator(c.base_channels, **_norms_of_g_h(c))
        shape_generator = partial(generator, c.shape_channels, output=nn.sigmoid)
        segmentor = partial(UNet, c.unet_channels, c.unet_depth)
        self.g_s = shape_generator() if c.attends else None
        self.s_l = segmentor() if c.segments else None
        self.s_h = segmentor() if c.segments else None

    def __call__(self, x_l: jax.Array, x_h: jax.Array) -> Decodings:
        """Make every decoding; calls of one network go together where they can."""
        a = self.e_a(x_l)
        c_h = self.e_h(x_h)
        x_hl = self.g_l(c_h, a)
        c_l, c_hl = together(self.e_l, x_l, x_hl)
        x_ll = self.g_l(c_l, a)
        m_l, m_h, m_hl = self.attention(c_l, c_h, c_hl)
        x_lh, x_hh, x_hlh = self.clean((c_l, m_l), (c_h, m_h), (c_hl, m_hl))
        y_l, y_ll, y_hl = self.segment_low(x_l, x_ll, x_hl)
        y_h, y_hh, y_lh = self.segment_high(x_h, x_hh, x_lh)
        images = (x_ll, x_lh, x_hl, x_hh, x_hlh)
        maps = (m_l, m_h, m_hl, y_l, y_ll, y_hl, y_h, y_hh, y_lh)
        return Decodings(*images, *maps)

    def translate(self, x_l: jax.Array) -> tuple[jax.Array, Map]:
        """Clean image x_lh and attention map m_l of x_l."""
        c_l = self.e_l(x_l)
        (m_l,) = self.attention(c_l)
        (x_lh,) = self.clean((c_l, m_l))
        return x_lh, m_l

    def spoil(self, x_l: jax.Array, x_h: jax.Array) -> jax.Array:
        """x_hl: the image x_h with the artifacts of x_l."""
        return self.g_l(self.e_h(x_h), self.e_a(x_l))

    def attention(self, *codes: jax.Array) -> tuple[Map, ...]:
        """m = G_s(c)."""
        return together(self.g_s, *codes)

    def clean(self, *codes_and_maps: tuple[jax.Array, Map]) -> tuple[jax.Array, ...]:
        """x = G_h(c, m)."""
        return together(lambda cm: self.g_h(cm[0], attention=cm[1]), *codes_and_maps)

    def segment_low(self, *images: jax.Array) -> tuple[Map, ...]:
        """y = S_l(x)."""
        return together(self.s_l, *images)

    def segment_high(self, *images: jax.Array) -> tuple[Map, ...]:
        """y = S_h(x)."""
        return together(self.s_h, *images)


class Discriminators(nn.Module):
    """Everything the discriminators' optimiser trains."""

    config: DisentangleConfig

    def setup(self) -> None:
        c = self.config
        self.d_l = PatchDiscriminator(c.patch_channels, c.patch_layers)
        self.d_h = PatchDiscriminator(c.patch_channels, c.patch_layers)

    def low(self, *images: jax.Array) -> tuple[jax.Array, ...]:
        """Scores of images as x_l."""
        return together(self.d_l, *images)

    def high(self, *images: jax.Array) -> tuple[jax.Array, ...]:
        """Scores of images as x_h."""
        return together(self.d_h, *images)

    def __call__(self, x_l: jax.Array, x_h: jax.Array) -> None:
        """Run both once: what initialisation needs."""
        self.low(x_l)
        self.high(x_h)


def apply(nets: nn.Module, params: dict, *inputs: Any, method: str = "__call__") -> Any:
    """Call networks, or one of their methods, with parameters."""
    return nets.apply({"params": params}, *inputs, method=method)


def _norms_of_g_h(config: DisentangleConfig) -> dict[str, Any]:
    aade = partial(AADE, config.aade_hidden, config.gamma_bias_init)
    at = set(config.aade)
    return {
        "residual_norm": aade if "residual" in at else InstanceNorm,
        "upsampling_norm": aade if "upsampling" in at else LayerNorm,
        "final_norm": aade if "final" in at else None,
        "output_norm": aade if "final-output" in at else None,
    }
