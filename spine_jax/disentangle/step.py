"""One training step: both gradients at the same parameters, then both updates."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import optax

from spine_jax.core import check_shapes
from spine_jax.disentangle.config import DisentangleConfig
from spine_jax.disentangle.losses import identity_share, loss_terms, weighted_sum
from spine_jax.disentangle.nets import Decodings, Discriminators, Networks, apply
from spine_jax.disentangle.state import TrainState, make_optimizer
from spine_jax.layers.losses import discriminator_loss
from spine_jax.training.guard import update_if_finite
from spine_jax.training.precision import cast_floats

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of unpaired images.

    A batch whose gradient is not finite leaves parameters and optimisers as they are.

    Args:
        state: From `init_state` or the step before.
        batch: "x_l" and "x_h", [B, *S, 1] in [-1, 1]: CBCT and CT of different
            patients. "y_h" [B, *S, 1], 0 or 1 of any dtype: vertebrae of x_h; only
            where the config segments.
        axis_name: Mapped axis over which the batch is spread. Gradients and metrics are
            then means over it.

    Returns:
        Next state, and float32 scalars: each weighted loss under its name of
        `LossWeights` (unweighted), "generator_loss" (their weighted sum),
        "discriminator_l", "discriminator_h", "generator_gradient" and
        "discriminator_gradient" (norms), "skipped" (1 where the update was).

    Raises:
        ValueError: arrays of the batch do not fit together.
    """
    params, config = state.params, state.params.config
    _check_batch(batch, config)
    (_, (decodings, metrics)), generator_gradient = jax.value_and_grad(
        generator_objective, has_aux=True
    )(params.generators, params.discriminators, batch, config, state.step, axis_name)
    (_, d_metrics), discriminator_gradient = jax.value_and_grad(
        discriminator_objective, has_aux=True
    )(params.discriminators, decodings, batch, config)
    metrics |= d_metrics
    gradients = (generator_gradient, discriminator_gradient)
    if axis_name is not None:
        gradients, metrics = jax.lax.pmean((gradients, metrics), axis_name)
    metrics["generator_gradient"] = optax.tree.norm(gradients[0])
    metrics["discriminator_gradient"] = optax.tree.norm(gradients[1])
    updated, finite = update_if_finite(update, gradients, state)
    metrics["skipped"] = 1 - finite.astype(jnp.float32)
    return dataclasses.replace(
        updated,
        step=state.step + 1,
        skipped=state.skipped + 1 - finite.astype(jnp.int32),
    ), metrics


def generator_objective(
    generators: dict,
    discriminators: dict,
    batch: Batch,
    config: DisentangleConfig,
    step: jax.Array,
    axis_name: str | None = None,
) -> tuple[jax.Array, tuple[Decodings, Metrics]]:
    """Weighted sum of the generators' losses, the decodings, and each loss."""
    compute = partial(cast_floats, dtype=config.compute_dtype)
    nets = Networks(config)
    decodings = apply(nets, compute(generators), batch["x_l"], batch["x_h"])
    low, high = _scorers(compute(discriminators), config)
    made_scores = (low(decodings.x_hl)[0], high(decodings.x_lh)[0])
    terms = loss_terms(decodings, batch, made_scores, config.weights, axis_name)
    share = identity_share(step, config.identity_steps)
    total = weighted_sum(terms, config.weights, share)
    return total, (decodings, terms | {"generator_loss": total})


def discriminator_objective(
    discriminators: dict, decodings: Decodings, batch: Batch, config: DisentangleConfig
) -> tuple[jax.Array, Metrics]:
    """Sum of both discriminators' losses, and each of them."""
    low, high = _scorers(cast_floats(discriminators, config.compute_dtype), config)
    metrics = {
        "discriminator_l": discriminator_loss(*low(batch["x_l"], decodings.x_hl)),
        "discriminator_h": discriminator_loss(*high(batch["x_h"], decodings.x_lh)),
    }
    return metrics["discriminator_l"] + metrics["discriminator_h"], metrics


def _check_batch(batch: Batch, config: DisentangleConfig) -> None:
    pattern = " ".join(["B", *"XYZ"[: config.ndim], "1"])
    used = ("x_l", "x_h", "y_h") if config.segments else ("x_l", "x_h")
    check_shapes(**{name: (batch[name], pattern) for name in used})


def _scorers(discriminators: dict, config: DisentangleConfig):
    scores = partial(apply, Discriminators(config), discriminators)
    return partial(scores, method="low"), partial(scores, method="high")


def update(gradients: tuple[dict, dict], state: TrainState) -> TrainState:
    """Parameters and moments after the gradients of both sides."""
    optimizer = make_optimizer(state.params.config)

    def apply(gradient, moments, params):
        change, moments = optimizer.update(gradient, moments, params)
        return optax.apply_updates(params, change), moments

    generators, generator_optimizer = apply(
        gradients[0], state.generator_optimizer, state.params.generators
    )
    discriminators, discriminator_optimizer = apply(
        gradients[1], state.discriminator_optimizer, state.params.discriminators
    )
    params = dataclasses.replace(
        state.params, generators=generators, discriminators=discriminators
    )
    return dataclasses.replace(
        state,
        params=params,
        averaged=_averaged(state, params.generators),
        generator_optimizer=generator_optimizer,
        discriminator_optimizer=discriminator_optimizer,
    )


def _averaged(state: TrainState, generators: dict) -> dict:
    """The running mean with the new parameters in it."""
    if not state.averaged:
        return state.averaged
    share = 1 - state.params.config.averaging
    return jax.tree.map(lambda a, b: a + share * (b - a), state.averaged, generators)
