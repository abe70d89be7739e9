"""One training step of CycleGAN: both gradients at the same parameters."""

import dataclasses

import jax
import jax.numpy as jnp
import optax

from spine_jax.baselines.cyclegan.config import CycleGANConfig
from spine_jax.baselines.cyclegan.nets import Generators, Translations, discriminator
from spine_jax.baselines.state import (
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
    step_key,
)
from spine_jax.layers.image_pool import empty_pool, show
from spine_jax.layers.initial import constant, normal
from spine_jax.layers.losses import discriminator_loss, l1, score_as_real_loss
from spine_jax.training.optimizer import adam_with_l2
from spine_jax.training.schedules import linear_second_half

START = {"kernel": normal(0.02), "bias": constant(0)}


def init_state(key: jax.Array, config: CycleGANConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    modules = {
        "generators": (Generators(config), image, image),
        "d_l": (discriminator(config), image),
        "d_h": (discriminator(config), image),
    }
    optimizer = _optimizer(config, jnp.zeros(()))
    return start_state(
        Params(draw_networks(key, modules, START), config),
        dict.fromkeys(modules, optimizer),
        {name: empty_pool(config.pool_size, image.shape[1:]) for name in ("l", "h")},
    )


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of unpaired images.

    Args:
        state: From `init_state` or the step before.
        batch: "x_l" and "x_h", [B, *S, 1] in [-1, 1].
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state, and "adversarial", "cycle", "identity" (unweighted),
        "generator_loss" (their weighted sum), "discriminator_l", "discriminator_h" and
        "skipped".
    """
    config, before = state.params.config, state.params.networks
    check_batch(batch, config.image_size, "x_l", "x_h")
    optimizer = _optimizer(config, state.step)

    def generate(networks):
        made = apply(Generators(config), networks["generators"], *_images(batch))
        terms = _generator_terms(made, batch, before, config)
        return terms["generator_loss"], (made, terms)

    after, (made, metrics) = descend(
        state, {"generators": optimizer}, generate, axis_name
    )
    pools, shown_l, shown_h = _show(state, made, axis_name)

    def discriminate(networks):
        d = discriminator(config)

        def loss(name, real, shown):
            scores = (apply(d, networks[name], x) for x in (real, shown))
            return discriminator_loss(*scores)

        losses = {
            "discriminator_l": loss("d_l", batch["x_l"], shown_l),
            "discriminator_h": loss("d_h", batch["x_h"], shown_h),
        }
        return sum(losses.values()), losses

    after, d_metrics = descend(
        after, {"d_l": optimizer, "d_h": optimizer}, discriminate, axis_name
    )
    after = dataclasses.replace(after, pools=pools)
    return settle(state, after, metrics | d_metrics, axis_name)


def _generator_terms(
    made: Translations, batch: Batch, networks: dict, config: CycleGANConfig
) -> Metrics:
    x_l, x_h = _images(batch)
    scores = discriminator(config)
    terms = {
        "adversarial": score_as_real_loss(apply(scores, networks["d_l"], made.x_hl))
        + score_as_real_loss(apply(scores, networks["d_h"], made.x_lh)),
        "cycle": l1(made.x_lhl, x_l) + l1(made.x_hlh, x_h),
        "identity": l1(made.x_ll, x_l) + l1(made.x_hh, x_h),
    }
    total = (
        terms["adversarial"]
        + config.cycle_weight * terms["cycle"]
        + config.identity_weight * terms["identity"]
    )
    return terms | {"generator_loss": total}


def _show(state: TrainState, made: Translations, axis_name: str | None):
    """Pools after, and what D_l and D_h are to see of what was made."""
    key_l, key_h = jax.random.split(step_key(state.params.config.seed, state))
    low, shown_l = show(state.pools["l"], key_l, made.x_hl, axis_name=axis_name)
    high, shown_h = show(state.pools["h"], key_h, made.x_lh, axis_name=axis_name)
    return {"l": low, "h": high}, shown_l, shown_h


def _optimizer(config: CycleGANConfig, step: jax.Array) -> optax.GradientTransformation:
    rate = linear_second_half(config.learning_rate, step, config.n_steps)
    return adam_with_l2(rate, betas=config.betas)


def _images(batch: Batch) -> tuple[jax.Array, jax.Array]:
    return batch["x_l"], batch["x_h"]
