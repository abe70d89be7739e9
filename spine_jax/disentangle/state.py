"""What training carries from step to step."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import optax

from spine_jax.disentangle.aade import decays
from spine_jax.disentangle.config import DisentangleConfig
from spine_jax.disentangle.nets import Discriminators, Networks
from spine_jax.layers.initial import draw_params
from spine_jax.training.optimizer import adam_with_l2


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Params:
    """Parameters, float32, with the settings of the networks they belong to.

    Attributes:
        generators: Of `Networks`: encoders, generators, segmentors.
        discriminators: Of `Discriminators`; inference does without.
        config: Static.
    """

    generators: dict
    discriminators: dict
    config: DisentangleConfig = dataclasses.field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TrainState:
    """Everything a run needs to go on to the same bits.

    Attributes:
        params: Current parameters.
        averaged: Running mean of the generators' parameters; empty without averaging.
        generator_optimizer, discriminator_optimizer: Adam's moments.
        step: int32 scalar, batches seen; the skipped ones count.
        skipped: int32 scalar, batches whose gradient was not finite.
    """

    params: Params
    averaged: dict
    generator_optimizer: Any
    discriminator_optimizer: Any
    step: jax.Array
    skipped: jax.Array

    @property
    def trained(self) -> Params:
        """The parameters of a trained model: the averaged ones, where there are any."""
        if not self.averaged:
            return self.params
        return dataclasses.replace(self.params, generators=self.averaged)


def init_state(key: jax.Array, config: DisentangleConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    params = init_params(key, config)
    init = make_optimizer(config).init
    moments = jax.jit(lambda p: (init(p.generators), init(p.discriminators)))(params)
    return TrainState(
        params=params,
        # Not the same arrays: a state may be donated.
        averaged=jax.tree.map(jnp.copy, params.generators) if config.averaging else {},
        generator_optimizer=moments[0],
        discriminator_optimizer=moments[1],
        step=jnp.zeros((), jnp.int32),
        skipped=jnp.zeros((), jnp.int32),
    )


def init_params(key: jax.Array, config: DisentangleConfig) -> Params:
    """Fresh parameters of every network of the config."""
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    key_generators, key_discriminators = jax.random.split(key)
    return Params(
        generators=draw_params(key_generators, Networks(config), image, image),
        discriminators=draw_params(
            key_discriminators, Discriminators(config), image, image
        ),
        config=config,
    )


def make_optimizer(config: DisentangleConfig) -> optax.GradientTransformation:
    """The optimiser of either side."""
    return adam_with_l2(
        config.learning_rate,
        betas=config.betas,
        weight_decay=config.weight_decay,
        decays=decays,
    )
