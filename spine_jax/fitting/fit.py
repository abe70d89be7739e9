"""The fit itself: state in, state out, chunks of steps under one `lax.scan`."""

import dataclasses
import math
from collections.abc import Callable
from typing import cast

import jax
import jax.numpy as jnp
import optax

from spine_jax.fitting.config import FitConfig
from spine_jax.fitting.loss import total_loss
from spine_jax.fitting.optimizer import scale_by_eigenvalues, scale_by_vector_adam
from spine_jax.fitting.problem import FitProblem, blurred_image
from spine_jax.fitting.shape import FitParams, init_params
from spine_jax.fitting.template import UNIT_MM

CHUNK = 25
"""Steps per call: how often progress shows and a run can be interrupted. The blur is
set once per chunk."""
HISTORY_BUCKET = 20 * CHUNK
"""The history's length is a multiple of this, so runs of many lengths compile alike."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitState:
    """Everything a run needs to go on to the same bits.

    Attributes:
        step: int32 scalar, steps done.
        params: Current parameters.
        average: Running mean of the parameters since `average_from`.
        opt_state: Of the optimiser.
        fixed: Fixed variables of the appearance network.
        seed: uint32 scalar; a step's key is fold_in(key(seed), step).
        history: Each term of the loss, [iterations] rounded up to whole buckets; NaN
            where not run.
    """

    step: jax.Array
    params: FitParams
    average: FitParams
    opt_state: optax.OptState
    fixed: dict
    seed: jax.Array
    history: dict[str, jax.Array]


def init_fit(problem: FitProblem, config: FitConfig, seed: int) -> FitState:
    """State before the first step."""
    # The network's draw must not coincide with a step's.
    key = jax.random.fold_in(jax.random.key(seed), jnp.uint32(2**32 - 1))
    params, fixed = init_params(key, problem)
    length = -(-config.iterations // HISTORY_BUCKET) * HISTORY_BUCKET
    # Optax's type of a pytree leaves registered dataclasses out.
    opt_state = _optimizer(problem, config).init(cast(optax.Params, params))
    return FitState(
        step=jnp.zeros((), jnp.int32),
        params=params,
        average=params,
        opt_state=opt_state,
        fixed=fixed,
        seed=jnp.asarray(seed, jnp.uint32),
        history={
            # With its type spelt out: a weak one would compile the first chunk apart.
            name: jnp.full(length, jnp.nan, jnp.float32)
            for name in HISTORY_TERMS
        },
    )


@jax.jit
def run_chunk(state: FitState, problem: FitProblem, config: FitConfig) -> FitState:
    """Advance a fit by `CHUNK` steps, or to the last iteration."""
    image = blurred_image(problem, _blur_units(state.step, config))
    skipped = {name: jnp.float32(jnp.nan) for name in HISTORY_TERMS}

    def step_or_skip(state, _):
        return jax.lax.cond(
            state.step < config.iterations,
            lambda state: _step(state, image, problem, config),
            lambda state: (state, skipped),
            state,
        )

    start = state.step
    state, terms = jax.lax.scan(step_or_skip, state, length=CHUNK)
    history = {
        name: jax.lax.dynamic_update_slice(state.history[name], terms[name], (start,))
        for name in HISTORY_TERMS
    }
    return dataclasses.replace(state, history=history)


def run_fit(
    problem: FitProblem,
    config: FitConfig,
    state: FitState,
    on_chunk: Callable[[FitState], None] = lambda state: None,
) -> FitState:
    """Run a fit from a state to its last iteration.

    Args:
        on_chunk: Called with the state after each chunk; shows progress, saves, or
            raises to stop.

    Raises:
        FloatingPointError: when the loss is no longer finite.
    """
    while (step := int(state.step)) < config.iterations:
        state = run_chunk(state, problem, config)
        latest = float(state.history["total"][int(state.step) - 1])
        if not math.isfinite(latest):
            raise FloatingPointError(
                f"the loss became {latest} between iterations {step} and "
                f"{int(state.step)}"
            )
        on_chunk(state)
    return state


HISTORY_TERMS = (
    "total",
    "image",
    "edge",
    "normal",
    "overlap",
    "variance",
    "similarity",
)


def _step(state, image, problem, config):
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    (total, terms), gradients = jax.value_and_grad(total_loss, has_aux=True)(
        state.params, state.fixed, image, key, problem, config
    )
    updates, opt_state = _optimizer(problem, config).update(
        gradients, state.opt_state, state.params
    )
    params = optax.apply_updates(state.params, updates)
    first_averaged = jnp.floor(config.average_from * config.iterations)
    n_averaged = jnp.maximum(state.step - first_averaged + 1, 1)
    average = jax.tree.map(
        lambda mean, new: mean + (new - mean) / n_averaged, state.average, params
    )
    # Before averaging starts n_averaged is 1, so the mean is the latest iterate.
    state = dataclasses.replace(
        state, step=state.step + 1, params=params, average=average, opt_state=opt_state
    )
    return state, {"total": total, **terms}


def _optimizer(
    problem: FitProblem, config: FitConfig
) -> optax.GradientTransformationExtraArgs:
    """Adam for the appearance, vector-Adam for the shape, Eq. 1 on spectral steps."""
    b1, b2 = config.betas

    def rate(step):
        return config.learning_rate * _decay(step, config)

    def alpha(step):
        progress = jnp.minimum(step / config.iterations, 1)
        return config.alpha_start + progress * (config.alpha_end - config.alpha_start)

    def translation_rate(step):
        return config.translation_rate * _decay(step, config)

    def spectral_rate(step):
        frozen = step < config.pose_until * config.iterations
        return jnp.where(frozen, 0.0, rate(step))

    vector_adam = scale_by_vector_adam(b1, b2)
    descend = optax.scale_by_learning_rate

    def spectral_steps(group):
        eigenvalue_steps = scale_by_eigenvalues(group.template.eigenvalues, alpha)
        return optax.chain(vector_adam, eigenvalue_steps, descend(spectral_rate))

    by_group = {
        f"spectral {i}": spectral_steps(group) for i, group in enumerate(problem.groups)
    }
    return optax.partition(
        {
            "appearance": optax.adam(rate, b1, b2),
            "affine": optax.chain(vector_adam, descend(rate)),
            "translation": optax.chain(vector_adam, descend(translation_rate)),
            **by_group,
        },
        FitParams("appearance", "affine", "translation", tuple(by_group)),
    )


def _decay(step: jax.Array, config: FitConfig) -> jax.Array:
    """Factor on every rate: 1, then linear to a tenth from `decay_from` of the run."""
    start = config.decay_from * config.iterations
    remaining = jnp.maximum(config.iterations - start, 1)
    return 1 - 0.9 * jnp.clip((step - start) / remaining, 0, 1)


def _blur_units(step: jax.Array, config: FitConfig) -> jax.Array:
    """sigma(t) of section 2.5: linear from `blur_mm` to 0 at `blur_until`."""
    fraction = step / jnp.maximum(config.blur_until * config.iterations, 1)
    return jnp.maximum(0.0, 1 - fraction) * config.blur_mm / UNIT_MM
