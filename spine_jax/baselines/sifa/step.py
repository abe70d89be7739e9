"""One training step of SIFA: seven updates, one after the other."""

import dataclasses

import jax
import jax.numpy as jnp

from spine_jax.baselines.sifa.config import SIFAConfig
from spine_jax.baselines.sifa.forward import Made, make
from spine_jax.baselines.sifa.nets import (
    CLASSES,
    Decoder,
    Generator,
    discriminator,
    segmentor_of,
)
from spine_jax.baselines.sifa.objectives import (
    decoder_terms,
    generator_terms,
    segmentor_terms,
)
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
    step_key,
)
from spine_jax.layers.batching import together
from spine_jax.layers.image_pool import empty_pool, show
from spine_jax.layers.initial import constant, truncated_normal
from spine_jax.layers.losses import discriminator_loss
from spine_jax.layers.norms import initial_statistics
from spine_jax.training.optimizer import adam_with_l2

DISCRIMINATORS = ("d_l", "d_h", "d_y", "d_low_y")


def init_state(key: jax.Array, config: SIFAConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    key_segmentor, key_others = jax.random.split(key)
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    maps = jax.ShapeDtypeStruct((1, *config.image_size, CLASSES), jnp.float32)
    segmentor = segmentor_of(config, train=True)
    sides = [side // 8 for side in config.image_size]
    features = jax.ShapeDtypeStruct((1, *sides, config.n_features), jnp.float32)
    d = discriminator(config)
    others = {
        "generator": (Generator(config.base_channels, config.n_residual), image),
        "decoder": (
            Decoder(config.base_channels, config.n_decoder_residual),
            features,
            image,
        ),
        "d_l": (d, image),
        "d_h": (discriminator(config, outputs=2), image),
        "d_y": (d, maps),
        "d_low_y": (d, maps),
    }
    draws = {"bias": constant(0)}
    networks = draw_networks(
        key_segmentor,
        {"segmentor": (segmentor, image)},
        draws | {"kernel": truncated_normal(0.01)},
    ) | draw_networks(key_others, others, draws | {"kernel": truncated_normal(0.02)})
    statistics = {"segmentor": initial_statistics(segmentor, image)}
    return start_state(
        Params(networks, config, statistics),
        _optimizers(config),
        {name: empty_pool(config.pool_size, image.shape[1:]) for name in ("l", "h")},
    )


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of unpaired images.

    In turn: generator; d_l; encoder and heads; decoder; d_h; d_y; d_low_y. Each of the
    first, third and fourth makes all images anew. The running averages are those of the
    third. The discriminators of CT and of maps see what the fourth made; the authors
    make it again, with the decoder as it is then.

    Args:
        state: From `init_state` or the step before.
        batch: "x_l", "x_h" and "y_h", [B, *S, 1].
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state; "cycle", "adversarial_l", "generator_loss"; "segmentation",
        "low_segmentation", "map_adversarial", "low_map_adversarial", "aux_adversarial",
        "segmentor_loss"; "adversarial_h", "decoder_loss"; "discriminator_l" and so on;
        "skipped".
    """
    config = state.params.config
    check_batch(batch, config.image_size, "x_l", "x_h", "y_h")
    key_l, key_h = jax.random.split(step_key(config.seed, state))
    pools = dict(state.pools)

    after, made, metrics = _train_maker(state, "generator", batch, axis_name)
    pools["l"], shown_l = show(pools["l"], key_l, made.x_hl, axis_name=axis_name)
    after, more = _train_discriminators(
        after, {"d_l": ((batch["x_l"], shown_l),)}, axis_name
    )
    metrics |= more
    after, _, more = _train_maker(after, "segmentor", batch, axis_name)
    metrics |= more
    after, made, more = _train_maker(after, "decoder", batch, axis_name)
    metrics |= more
    pools["h"], shown_h = show(pools["h"], key_h, made.x_lh, axis_name=axis_name)
    seen = {
        "d_h": ((batch["x_h"], shown_h), (made.x_hlh, shown_h)),
        "d_y": ((made.y_hl, made.y_l),),
        "d_low_y": ((made.low_y_hl, made.low_y_l),),
    }
    after, more = _train_discriminators(after, seen, axis_name)
    after = dataclasses.replace(after, pools=pools)
    return settle(state, after, metrics | more, axis_name)


def _train_maker(
    state: TrainState, name: str, batch: Batch, axis_name: str | None
) -> tuple[TrainState, Made, Metrics]:
    """Update of generator, segmentor or decoder; what it was made by."""
    config, fixed = state.params.config, state.params.networks
    running = state.params.statistics["segmentor"]
    terms_of = {
        "generator": generator_terms,
        "segmentor": segmentor_terms,
        "decoder": decoder_terms,
    }

    def objective(moving):
        networks = fixed | moving
        made, statistics = make(
            networks, running, batch["x_l"], batch["x_h"], config, axis_name
        )
        terms = terms_of[name](made, batch, networks, config, axis_name)
        return terms[f"{name}_loss"], (made, statistics, terms)

    mine = some(_optimizers(config), name)
    after, (made, statistics, terms) = descend(state, mine, objective, axis_name)
    if name == "segmentor":
        params = dataclasses.replace(after.params, statistics={name: statistics})
        after = dataclasses.replace(after, params=params)
    return after, made, terms


def _train_discriminators(
    state: TrainState,
    seen: dict[str, tuple[tuple[jax.Array, jax.Array], ...]],
    axis_name: str | None,
) -> tuple[TrainState, Metrics]:
    """Update of discriminators that see, by output, real and made images or maps."""
    config = state.params.config

    def loss(params, pairs):
        d = discriminator(config, outputs=len(pairs))
        both = [together(lambda x: apply(d, params, x), *pair) for pair in pairs]
        return sum(
            discriminator_loss(real[..., i], made[..., i])
            for i, (real, made) in enumerate(both)
        )

    def objective(networks):
        losses = {
            f"discriminator_{name[2:]}": loss(networks[name], pairs)
            for name, pairs in seen.items()
        }
        return sum(losses.values()), losses

    mine = some(_optimizers(config), *seen)
    return descend(state, mine, objective, axis_name)


def _optimizers(config: SIFAConfig) -> Optimizers:
    adam = adam_with_l2(config.learning_rate, betas=config.betas)
    names = ("generator", "decoder", *DISCRIMINATORS)
    of_segmentor = adam_with_l2(config.learning_rate, betas=config.segmentor_betas)
    return dict.fromkeys(names, adam) | {"segmentor": of_segmentor}
