"""What training carries from step to step, the same for every method."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from spine_jax.layers.image_pool import ImagePool
from spine_jax.layers.initial import Initialiser, draw_params

Optimizers = Mapping[str, optax.GradientTransformation]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Params:
    """Parameters, float32, with the settings of the networks they belong to.

    Attributes:
        networks: By name; what one optimiser trains goes by one name. Inference does
            without the discriminators, whose names start with "d_".
        config: Static.
        statistics: By name of the networks: running averages of batch norms.
    """

    networks: dict[str, dict]
    config: Any = dataclasses.field(metadata={"static": True})
    statistics: dict[str, dict] = dataclasses.field(default_factory=dict)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TrainState:
    """Everything a run needs to go on to the same bits.

    Attributes:
        params: Current parameters.
        optimizers: Moments by name of the networks.
        pools: Images made before, by what they are.
        step: int32 scalar, batches seen; the skipped ones count.
        skipped: int32 scalar, batches whose update was not finite.
    """

    params: Params
    optimizers: dict[str, Any]
    pools: dict[str, ImagePool]
    step: jax.Array
    skipped: jax.Array


def start_state(
    params: Params,
    optimizers: Optimizers,
    pools: Mapping[str, ImagePool] | None = None,
) -> TrainState:
    """State before the first step; not for jit.

    Args:
        params: Fresh.
        optimizers: Of every network.
        pools: Empty ones.
    """
    init = {name: each.init for name, each in optimizers.items()}
    moments = jax.jit(lambda nets: {name: init[name](nets[name]) for name in init})
    return TrainState(
        params=params,
        optimizers=moments(params.networks),
        pools=dict(pools or {}),
        step=jnp.zeros((), jnp.int32),
        skipped=jnp.zeros((), jnp.int32),
    )


def draw_networks(
    key: jax.Array,
    networks: Mapping[str, tuple[nn.Module, *tuple[Any, ...]]],
    start: Mapping[str, Initialiser] | None = None,
) -> dict[str, dict]:
    """Fresh parameters of several networks; not for jit.

    Args:
        key: Every network draws from one of its own.
        networks: Modules by name, each followed by shapes and dtypes of its inputs.
        start: As in `draw_params`.
    """
    keys = jax.random.split(key, len(networks))
    return {
        name: draw_params(own_key, module, *inputs, start=start)
        for own_key, (name, (module, *inputs)) in zip(keys, networks.items())
    }
