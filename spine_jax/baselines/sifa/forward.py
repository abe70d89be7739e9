"""Which images and maps a step of SIFA makes."""

import dataclasses
from typing import Any

import jax

from spine_jax.baselines.sifa.config import SIFAConfig
from spine_jax.baselines.sifa.nets import Decoder, Generator, segmentor_of
from spine_jax.baselines.stepping import apply


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Made:
    """Images [B, *S, 1] in [-1, 1] and logits [B, *S, 2].

    Attributes:
        x_hl, x_lh: Images in the other domain.
        x_lhl, x_hlh: And back again.
        y_l, low_y_l: Maps of x_l, of the encoder's last and of its lower features.
        y_hl, low_y_hl: Those of x_hl.
    """

    x_hl: jax.Array
    x_lh: jax.Array
    x_lhl: jax.Array
    x_hlh: jax.Array
    y_l: jax.Array
    low_y_l: jax.Array
    y_hl: jax.Array
    low_y_hl: jax.Array


def make(
    networks: dict,
    statistics: dict,
    x_l: jax.Array,
    x_h: jax.Array,
    config: SIFAConfig,
    axis_name: str | None = None,
) -> tuple[Made, dict]:
    """Everything made of a pair, and the segmentor's running averages after it.

    Args:
        networks: "generator", "segmentor" and "decoder".
        statistics: Running averages before.
        x_l, x_h: [B, *S, 1].
        config: Of the networks.
        axis_name: Mapped axis over which the batch is spread, if any.
    """
    generator = Generator(config.base_channels, config.n_residual)
    decoder = Decoder(config.base_channels, config.n_decoder_residual)
    segmentor = segmentor_of(config, train=True, axis_name=axis_name)

    def segment(x, statistics) -> Any:
        variables = {"params": networks["segmentor"], "statistics": statistics}
        made, changed = segmentor.apply(variables, x, mutable=["statistics"])
        return made, changed["statistics"]

    # One by one: the statistics of a batch are those of one domain.
    x_hl = apply(generator, networks["generator"], x_h)
    (features_l, y_l, low_y_l), statistics = segment(x_l, statistics)
    (features_hl, y_hl, low_y_hl), statistics = segment(x_hl, statistics)
    x_lh = apply(decoder, networks["decoder"], features_l, x_l)
    x_hlh = apply(decoder, networks["decoder"], features_hl, x_hl)
    x_lhl = apply(generator, networks["generator"], x_lh)
    made = Made(x_hl, x_lh, x_lhl, x_hlh, y_l, low_y_l, y_hl, low_y_hl)
    return made, statistics
