"""What training steps are made of."""

import dataclasses
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from spine_jax.baselines.state import Optimizers, TrainState
from spine_jax.core import check_shapes
from spine_jax.training.guard import update_if_finite

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]


def check_batch(batch: Batch, image_size: tuple[int, ...], *names: str) -> None:
    """Check that the arrays a method uses are there and fit together.

    Raises:
        ValueError: they do not.
    """
    pattern = " ".join(["B", *"XYZ"[: len(image_size)], "1"])
    check_shapes(**{name: (batch[name], pattern) for name in names})


def apply(
    module: nn.Module, params: dict, *inputs: Any, method: str = "__call__"
) -> Any:
    """Call networks, or one of their methods, with parameters."""
    return module.apply({"params": params}, *inputs, method=method)


def some(optimizers: Optimizers, *names: str) -> Optimizers:
    """The optimisers of some networks."""
    return {name: optimizers[name] for name in names}


def descend(
    state: TrainState,
    optimizers: Optimizers,
    objective: Callable[[dict[str, Any]], tuple[Any, Any]],
    axis_name: str | None = None,
) -> tuple[TrainState, Any]:
    """One step of some networks down the gradient of their common objective.

    Args:
        state: Before.
        optimizers: Of the networks that move, by name.
        objective: From those networks to a loss and anything else.
        axis_name: Mapped axis over which the gradient is averaged, if any.

    Returns:
        The state with these networks and their moments changed; what the objective gave
        beside the loss.
    """
    networks: dict[str, Any] = dict(state.params.networks)
    moments = dict(state.optimizers)
    moving = {name: networks[name] for name in optimizers}
    (_, beside), gradients = jax.value_and_grad(objective, has_aux=True)(moving)
    if axis_name is not None:
        gradients = jax.lax.pmean(gradients, axis_name)
    for name, optimizer in optimizers.items():
        change, moments[name] = optimizer.update(
            gradients[name], moments[name], moving[name]
        )
        networks[name] = optax.apply_updates(moving[name], change)
    params = dataclasses.replace(state.params, networks=networks)
    return dataclasses.replace(state, params=params, optimizers=moments), beside


def settle(
    before: TrainState, after: TrainState, metrics: Metrics, axis_name: str | None
) -> tuple[TrainState, Metrics]:
    """Keep a step's result where its parameters are finite, and count the step.

    After a gradient that is not, neither Adam's parameters are nor those of SGD.

    Args:
        before, after: The step.
        metrics: Scalars; "skipped" is added.
        axis_name: Mapped axis over which metrics are averaged, if any.
    """
    if axis_name is not None:
        metrics = jax.lax.pmean(metrics, axis_name)
    kept, finite = update_if_finite(lambda *_: after, after.params, before)
    skipped = 1 - finite.astype(jnp.int32)
    counted = dataclasses.replace(
        kept, step=before.step + 1, skipped=before.skipped + skipped
    )
    return counted, metrics | {"skipped": skipped.astype(jnp.float32)}


def step_key(seed: int, state: TrainState) -> jax.Array:
    """Key of everything random in the step that comes next."""
    return jax.random.fold_in(jax.random.key(seed), state.step)


def draw_normal(
    key: jax.Array, shape: tuple[int, ...], axis_name: str | None = None
) -> jax.Array:
    """N(0, 1) for this device's share of a batch, [B, ...].

    The draws of all devices together are those of one device with the whole batch.
    """
    if axis_name is None:
        return jax.random.normal(key, shape)
    n_devices = jax.lax.axis_size(axis_name)
    drawn = jax.random.normal(key, (n_devices * shape[0], *shape[1:]))
    first = jax.lax.axis_index(axis_name) * shape[0]
    return jax.lax.dynamic_slice_in_dim(drawn, first, shape[0])
