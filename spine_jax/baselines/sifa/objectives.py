"""What generator, decoder and segmentor of SIFA are to make small.

Each takes what was made of a batch, the batch, all networks, their config and the
mapped axis over which the batch is spread, if any.
"""

import jax
import jax.numpy as jnp

from spine_jax.baselines.sifa.config import SIFAConfig
from spine_jax.baselines.sifa.forward import Made
from spine_jax.baselines.sifa.losses import half_square, task_loss
from spine_jax.baselines.sifa.nets import discriminator
from spine_jax.baselines.stepping import Batch, Metrics, apply
from spine_jax.layers.losses import l1, score_as_real_loss


def generator_terms(
    made: Made, batch: Batch, networks: dict, config: SIFAConfig, axis_name: str | None
) -> Metrics:
    """Of the generator: "generator_loss", and what it is the weighted sum of."""
    del axis_name
    cycle = _cycle(made, batch)
    adversarial = score_as_real_loss(
        apply(discriminator(config), networks["d_l"], made.x_hl)
    )
    return {
        "cycle": cycle,
        "adversarial_l": adversarial,
        "generator_loss": config.cycle_weight * cycle + adversarial,
    }


def decoder_terms(
    made: Made, batch: Batch, networks: dict, config: SIFAConfig, axis_name: str | None
) -> Metrics:
    """Of the decoder: "decoder_loss", and its adversarial part."""
    del axis_name
    adversarial = score_as_real_loss(_ct_scores(made.x_lh, networks, config)[..., :1])
    total = config.cycle_weight * _cycle(made, batch) + adversarial
    return {"adversarial_h": adversarial, "decoder_loss": total}


def segmentor_terms(
    made: Made, batch: Batch, networks: dict, config: SIFAConfig, axis_name: str | None
) -> Metrics:
    """Of encoder and heads: "segmentor_loss", and parts of it, unweighted."""
    labels = batch["y_h"].astype(jnp.float32)
    d = discriminator(config)
    scores = _ct_scores(made.x_lh, networks, config)
    terms = {
        "segmentation": task_loss(made.y_hl, labels, axis_name=axis_name),
        "low_segmentation": task_loss(made.low_y_hl, labels, axis_name=axis_name),
        "map_adversarial": score_as_real_loss(apply(d, networks["d_y"], made.y_l)),
        "low_map_adversarial": score_as_real_loss(
            apply(d, networks["d_low_y"], made.low_y_l)
        ),
        "aux_adversarial": score_as_real_loss(scores[..., 1:]),
    }
    translation = config.cycle_weight * _cycle(made, batch) + score_as_real_loss(
        scores[..., :1]
    )
    total = (
        terms["segmentation"]
        + config.low_weight * terms["low_segmentation"]
        + config.translation_weight * translation
        + config.map_weight * terms["map_adversarial"]
        + config.low_map_weight * terms["low_map_adversarial"]
        + config.aux_weight * terms["aux_adversarial"]
        + config.decay_weight * half_square(networks["segmentor"])
    )
    return terms | {"segmentor_loss": total}


def _ct_scores(x: jax.Array, networks: dict, config: SIFAConfig) -> jax.Array:
    """As CT, and as CT that was there and back rather than translated."""
    d = discriminator(config, outputs=2)
    return apply(d, networks["d_h"], x)


def _cycle(made: Made, batch: Batch) -> jax.Array:
    return l1(made.x_lhl, batch["x_l"]) + l1(made.x_hlh, batch["x_h"])
