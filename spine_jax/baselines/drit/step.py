"""One training step of DRIT: the content discriminator alone, or everything."""

from functools import partial

import jax
import jax.numpy as jnp
import optax

from spine_jax.baselines.drit.config import DRITConfig
from spine_jax.baselines.drit.decode import (
    Noise,
    decode_encoded,
    decode_randomised,
    encode_contents,
)
from spine_jax.baselines.drit.losses import (
    content_discriminator_loss,
    encoded_terms,
    image_discriminator_loss,
    randomised_terms,
)
from spine_jax.baselines.drit.nets import (
    AttributeEncoder,
    ContentDiscriminator,
    ContentEncoder,
    Generator,
    ImageDiscriminator,
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
    check_batch,
    descend,
    settle,
    some,
    step_key,
)
from spine_jax.layers.initial import constant, normal
from spine_jax.training.optimizer import adam_with_l2
from spine_jax.training.schedules import linear_second_half

START = {"kernel": normal(0.02), "gain": constant(1)}
IMAGE_DISCRIMINATORS = ("d_l", "d_h", "d_l_random", "d_h_random")


def init_state(key: jax.Array, config: DRITConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    sides = [side // 4 for side in config.image_size]
    content = jnp.zeros((1, *sides, 4 * config.base_channels))
    modules = {
        "content_encoder": (ContentEncoder(config), image, image),
        "attribute_encoder": (AttributeEncoder(config), image, image),
        "generator": (Generator(config), content, jnp.zeros((1, config.n_attributes))),
        "d_content": (ContentDiscriminator(config), content),
    }
    for name in IMAGE_DISCRIMINATORS:
        modules[name] = (ImageDiscriminator(config), image)
    params = Params(draw_networks(key, modules, START), config)
    return start_state(params, _optimizers(config, jnp.zeros(())))


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of unpaired images.

    Of `content_steps` + 1 steps all but the last train the content discriminator alone.
    The last one trains, one after the other: the discriminators; both encoders and the
    generator on what the images' own codes give; content encoder and generator on what
    random attributes give.

    Args:
        state: From `init_state` or the step before.
        batch: "x_l" and "x_h", [B, *S, 1] in [-1, 1]. Every other image is encoded, the
            rest is only shown to the discriminators of random attributes. The authors'
            B is 2. An image alone, B = 1, serves as both; else B is even.
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state; "content_discriminator" and "skipped"; "trains_all", 1 where the
        step did, and the names below, which are 0 where it did not. First update:
        "adversarial", "content_adversarial", "reconstruction", "cycle", "kl",
        "content_size" (unweighted) and "generator_loss". Second one:
        "random_adversarial", "latent", "mode_seeking" and "random_loss". Of the
        discriminators: "discriminator_l" and so on.
    """
    config = state.params.config
    check_batch(batch, config.image_size, "x_l", "x_h")
    # Jitted it is traced once, for what it gives and for what it does.
    whole = jax.jit(partial(_train_all, batch=batch, axis_name=axis_name))
    alone = partial(_train_content, batch=batch, axis_name=axis_name)
    figures = jax.eval_shape(whole, state)[1]

    def alone_with_zeros(state):
        after, metrics = alone(state)
        zeros = {name: jnp.zeros((), like.dtype) for name, like in figures.items()}
        return after, zeros | metrics

    trains_all = (state.step + 1) % (config.content_steps + 1) == 0
    after, metrics = jax.lax.cond(trains_all, whole, alone_with_zeros, state)
    metrics["trains_all"] = trains_all.astype(jnp.float32)
    return settle(state, after, metrics, axis_name)


def _train_content(
    state: TrainState, batch: Batch, axis_name: str | None
) -> tuple[TrainState, Metrics]:
    config = state.params.config
    noise = _noise(state, axis_name)
    c_l, c_h = encode_contents(state.params.networks, *_encoded(batch), config, noise)

    def objective(networks):
        loss = content_discriminator_loss(networks, c_l, c_h, config)
        return loss, {"content_discriminator": loss}

    optimizers = _optimizers(config, state.step)
    return descend(state, some(optimizers, "d_content"), objective, axis_name)


def _train_all(
    state: TrainState, batch: Batch, axis_name: str | None
) -> tuple[TrainState, Metrics]:
    config, noise = state.params.config, _noise(state, axis_name)
    optimizers = _optimizers(config, state.step)
    x_l, x_h = _encoded(batch)

    after, d_metrics = _train_discriminators(state, batch, axis_name)
    fixed = after.params.networks

    def by_own_codes(networks):
        made = decode_encoded(networks, x_l, x_h, config, noise)
        terms = encoded_terms(made, x_l, x_h, fixed, config)
        return terms["generator_loss"], terms

    names = ("content_encoder", "attribute_encoder", "generator")
    after, terms = descend(after, some(optimizers, *names), by_own_codes, axis_name)
    attribute_encoder = after.params.networks["attribute_encoder"]

    def by_random_attributes(networks):
        networks = networks | {"attribute_encoder": attribute_encoder}
        made = decode_randomised(networks, x_l, x_h, config, noise)
        terms = randomised_terms(made, fixed, config)
        return terms["random_loss"], terms

    names = ("content_encoder", "generator")
    after, random_terms = descend(
        after, some(optimizers, *names), by_random_attributes, axis_name
    )
    return after, d_metrics | terms | random_terms


def _train_discriminators(
    state: TrainState, batch: Batch, axis_name: str | None
) -> tuple[TrainState, Metrics]:
    config, before = state.params.config, state.params.networks
    x_l, x_h = _encoded(batch)
    inputs = (x_l, x_h, config, _noise(state, axis_name))
    made = decode_encoded(before, *inputs)
    by_chance = decode_randomised(before, *inputs)
    seen = {
        "d_l": (x_l, (made.x_hl,)),
        "d_h": (x_h, (made.x_lh,)),
        "d_l_random": (_rest(batch["x_l"]), by_chance.x_hl),
        "d_h_random": (_rest(batch["x_h"]), by_chance.x_lh),
    }

    def objective(networks):
        losses = {
            f"discriminator_{name[2:]}": image_discriminator_loss(
                networks[name], real, kinds, config
            )
            for name, (real, kinds) in seen.items()
        }
        losses["content_discriminator"] = content_discriminator_loss(
            networks, made.c_l, made.c_h, config
        )
        return sum(losses.values()), losses

    optimizers = _optimizers(config, state.step)
    mine = some(optimizers, *IMAGE_DISCRIMINATORS, "d_content")
    return descend(state, mine, objective, axis_name)


def _encoded(batch: Batch) -> tuple[jax.Array, jax.Array]:
    """Those of x_l and x_h that are encoded."""
    return batch["x_l"][0::2], batch["x_h"][0::2]


def _rest(x: jax.Array) -> jax.Array:
    """The images that are not."""
    return x[1::2] if len(x) > 1 else x


def _noise(state: TrainState, axis_name: str | None) -> Noise:
    return Noise(step_key(state.params.config.seed, state), axis_name)


def _optimizers(config: DRITConfig, step: jax.Array) -> Optimizers:
    def adam(rate):
        rate = linear_second_half(rate, step, config.n_steps)
        return adam_with_l2(rate, betas=config.betas, weight_decay=config.weight_decay)

    names = ("content_encoder", "attribute_encoder", "generator", *IMAGE_DISCRIMINATORS)
    clipped = optax.chain(
        optax.clip_by_global_norm(config.content_clip),
        adam(config.content_learning_rate),
    )
    return dict.fromkeys(names, adam(config.learning_rate)) | {"d_content": clipped}
