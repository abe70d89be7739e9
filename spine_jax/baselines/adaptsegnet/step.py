"""One training step of AdaptSegNet: both gradients at the same parameters."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from spine_jax.baselines.adaptsegnet.config import AdaptSegNetConfig
from spine_jax.baselines.adaptsegnet.nets import Discriminator, Heads, Trunk
from spine_jax.baselines.state import (
    Optimizers,
    Params,
    TrainState,
    draw_networks,
    start_state,
)
from spine_jax.baselines.stepping import (
    Batch,
    Metrics,
    apply,
    check_batch,
    descend,
    settle,
    some,
)
from spine_jax.layers.batching import together
from spine_jax.layers.initial import normal
from spine_jax.layers.losses import dice_loss, logistic_loss
from spine_jax.layers.resize import resize_to_corners
from spine_jax.training.optimizer import adam_with_l2
from spine_jax.training.schedules import polynomial

Maps = tuple[jax.Array, jax.Array]

FROM_CT, FROM_CBCT = 0.0, 1.0
PLANNED = 5 / 3
"""Steps the learning rates are planned for, per step of the run."""


def init_state(key: jax.Array, config: AdaptSegNetConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    key_segmentor, key_discriminators = jax.random.split(key)
    trunk, heads, discriminator = networks_of(config)
    features = jax.eval_shape(trunk.init_with_output, key, image)[0]
    segmentor = {"trunk": (trunk, image), "heads": (heads, features)}
    discriminators = {name: (discriminator, image) for name in ("d_main", "d_aux")}
    networks = draw_networks(key_segmentor, segmentor, {"kernel": normal(0.01)})
    networks |= draw_networks(key_discriminators, discriminators)
    return start_state(Params(networks, config), _optimizers(config, jnp.zeros(())))


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of unpaired images.

    Args:
        state: From `init_state` or the step before.
        batch: "x_l", "x_h" and "y_h", [B, *S, 1].
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state; of both maps "segmentation", "segmentation_aux", "adversarial",
        "adversarial_aux", "discriminator" and "discriminator_aux"; "generator_loss"
        (the weighted sum of the first four) and "skipped".
    """
    config, before = state.params.config, state.params.networks
    check_batch(batch, config.image_size, "x_l", "x_h", "y_h")
    optimizers = _optimizers(config, state.step)

    def generate(networks):
        y_l, y_h = together(
            lambda x: segment_both(networks, x, config), batch["x_l"], batch["x_h"]
        )
        terms = _generator_terms(y_l, y_h, batch, before, config, axis_name)
        return terms["generator_loss"], ((y_l, y_h), terms)

    after, ((y_l, y_h), metrics) = descend(
        state, some(optimizers, "trunk", "heads"), generate, axis_name
    )

    def discriminate(networks):
        losses = {
            "discriminator_aux": _told_apart(networks["d_aux"], y_l[0], y_h[0], config),
            "discriminator": _told_apart(networks["d_main"], y_l[1], y_h[1], config),
        }
        return sum(losses.values()), losses

    after, d_metrics = descend(
        after, some(optimizers, "d_main", "d_aux"), discriminate, axis_name
    )
    return settle(state, after, metrics | d_metrics, axis_name)


def networks_of(config: AdaptSegNetConfig) -> tuple[Trunk, Heads, Discriminator]:
    """Trunk, heads, and either discriminator."""
    return (
        Trunk(config.base_channels, config.blocks),
        Heads(config.aspp_rates),
        Discriminator(config.patch_channels),
    )


def segment_both(networks: dict, image: jax.Array, config: AdaptSegNetConfig) -> Maps:
    """Vertebra probabilities of the third and the fourth stage, [B, *S, 1]."""
    trunk, heads, _ = networks_of(config)
    features = apply(trunk, networks["trunk"], image)
    aux, main = (
        jax.nn.sigmoid(resize_to_corners(logit, image.shape[1:-1]))
        for logit in apply(heads, networks["heads"], features)
    )
    return aux, main


def _generator_terms(
    y_l: Maps,
    y_h: Maps,
    batch: Batch,
    networks: dict,
    config: AdaptSegNetConfig,
    axis_name: str | None,
) -> Metrics:
    target = batch["y_h"].astype(jnp.float32)
    scores = networks_of(config)[2]
    aux, main = (dice_loss(y, target, axis_name=axis_name) for y in y_h)
    fooled_aux = logistic_loss(apply(scores, networks["d_aux"], y_l[0]), FROM_CT)
    fooled_main = logistic_loss(apply(scores, networks["d_main"], y_l[1]), FROM_CT)
    return {
        "segmentation": main,
        "segmentation_aux": aux,
        "adversarial": fooled_main,
        "adversarial_aux": fooled_aux,
        "generator_loss": main
        + config.aux_weight * aux
        + config.adversarial_weight * fooled_main
        + config.adversarial_aux_weight * fooled_aux,
    }


def _told_apart(
    params: dict, y_l: jax.Array, y_h: jax.Array, config: AdaptSegNetConfig
) -> jax.Array:
    scores = networks_of(config)[2]
    of_l, of_h = together(lambda y: apply(scores, params, y), y_l, y_h)
    return (logistic_loss(of_l, FROM_CBCT) + logistic_loss(of_h, FROM_CT)) / 2


def _optimizers(config: AdaptSegNetConfig, step: jax.Array) -> Optimizers:
    horizon = PLANNED * config.n_steps
    rate = polynomial(config.learning_rate, step, horizon)
    patch_rate = polynomial(config.patch_learning_rate, step, horizon)
    adam = adam_with_l2(patch_rate, betas=config.patch_betas)
    return {
        "trunk": _sgd(rate, config),
        "heads": _sgd(config.head_factor * rate, config),
        "d_main": adam,
        "d_aux": adam,
    }


def _sgd(rate: Any, config: AdaptSegNetConfig) -> optax.GradientTransformation:
    return optax.chain(
        optax.add_decayed_weights(config.weight_decay, mask=_is_trained),
        optax.trace(config.momentum),
        optax.scale_by_learning_rate(rate),
    )


def _is_trained(params: dict) -> dict:
    """All but the norms' gains and shifts."""
    return jax.tree_util.tree_map_with_path(
        lambda path, _: path[-1].key in ("kernel", "bias"), params
    )
