"""Training of S_l^3D and S_h^3D on volumes and their translations (Eq. 12 and 13)."""

import dataclasses
from typing import Any, cast

import jax
import jax.numpy as jnp
import optax

from spine_jax.core import check_shapes
from spine_jax.disentangle.segment3d.config import Segment3DConfig
from spine_jax.disentangle.segment3d.inflate import inflate
from spine_jax.layers.initial import draw_params
from spine_jax.layers.losses import dice_loss, l1
from spine_jax.layers.unet import UNet
from spine_jax.training.guard import update_if_finite
from spine_jax.training.optimizer import adam_with_l2
from spine_jax.training.precision import cast_floats
from spine_jax.training.schedules import held_or_falling

Batch = dict[str, jax.Array]
Metrics = dict[str, jax.Array]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Segment3DParams:
    """Parameters, float32, with their settings.

    Attributes:
        s_l: Of the segmentor of CBCT volumes.
        s_h: Of the segmentor of CT volumes, translated ones included.
        config: Static.
    """

    s_l: dict
    s_h: dict
    config: Segment3DConfig = dataclasses.field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Segment3DState:
    """Everything a run needs to go on to the same bits.

    Attributes:
        params: Current parameters.
        optimizer: Adam's moments.
        step: int32 scalar, batches seen; the skipped ones count.
        skipped: int32 scalar, batches whose gradient was not finite.
    """

    params: Segment3DParams
    optimizer: Any
    step: jax.Array
    skipped: jax.Array


def init_state(
    key: jax.Array, config: Segment3DConfig, slices: tuple[dict, dict] | None = None
) -> Segment3DState:
    """State before the first step, a function of its arguments alone; not for jit.

    Args:
        key: Of the parameters drawn, the same for both segmentors.
        config: Of the stage.
        slices: Parameters of S_l and S_h of a 2D model, to start from in place of drawn
            ones.

    Raises:
        InputError: the 2D segmentors are of another size.
    """
    image = jax.ShapeDtypeStruct((1, *config.patch_size, 1), jnp.float32)
    drawn = draw_params(key, network(config), image)
    # Not the same arrays: a state may be donated.
    s_l, s_h = drawn, jax.tree.map(jnp.copy, drawn)
    if slices is not None:
        s_l, s_h = (inflate(each, like=drawn) for each in slices)
    params = Segment3DParams(s_l, s_h, config)
    moments = jax.jit(lambda p: _optimizer(config, 0).init((p.s_l, p.s_h)))(params)
    zero = jnp.zeros((), jnp.int32)
    return Segment3DState(params, moments, zero, zero)


def train_step(
    state: Segment3DState, batch: Batch, *, axis_name: str | None = None
) -> tuple[Segment3DState, Metrics]:
    """Train both segmentors on one batch of unpaired volumes.

    Args:
        state: From `init_state` or the step before.
        batch: [B, D, H, W, 1]: "x_l" CBCT and "x_h" CT patches in [-1, 1], their
            translations "x_lh" and "x_hl", and "y_h", 0 or 1, the vertebrae of x_h.
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state, and float32 scalars "generator_loss" (the weighted sum),
        "segmentation", "anatomy" and "skipped".

    Raises:
        ValueError: arrays of the batch do not fit together.
    """
    names = ("x_l", "x_lh", "x_h", "x_hl", "y_h")
    check_shapes(**{name: (batch[name], "B D H W 1") for name in names})
    config = state.params.config
    pair = (state.params.s_l, state.params.s_h)
    (_, metrics), gradient = jax.value_and_grad(objective, has_aux=True)(
        pair, batch, config, axis_name
    )
    if axis_name is not None:
        gradient, metrics = jax.lax.pmean((gradient, metrics), axis_name)
    updated, finite = update_if_finite(_update, gradient, state)
    skipped = 1 - finite.astype(jnp.int32)
    metrics["skipped"] = skipped.astype(jnp.float32)
    return dataclasses.replace(
        updated, step=state.step + 1, skipped=state.skipped + skipped
    ), metrics


def objective(
    pair: tuple[dict, dict],
    batch: Batch,
    config: Segment3DConfig,
    axis_name: str | None = None,
) -> tuple[jax.Array, Metrics]:
    """Weighted sum of Eq. 12 and Eq. 13 for parameters (s_l, s_h), and both."""
    s_l, s_h = (cast_floats(params, config.compute_dtype) for params in pair)
    # One volume at a time: more activations may not fit.
    y_l, y_hl = (apply_unet(config, s_l, batch[name]) for name in ("x_l", "x_hl"))
    y_h, y_lh = (apply_unet(config, s_h, batch[name]) for name in ("x_h", "x_lh"))
    truth = batch["y_h"].astype(jnp.float32)
    segmentation = dice_loss(y_h, truth, axis_name=axis_name)
    segmentation += dice_loss(y_hl, truth, axis_name=axis_name)
    anatomy = l1(y_l, y_lh) + l1(y_h, y_hl)
    total = config.segmentation_weight * segmentation + config.anatomy_weight * anatomy
    return total, {
        "generator_loss": total,
        "segmentation": segmentation,
        "anatomy": anatomy,
    }


def network(config: Segment3DConfig) -> UNet:
    """Either segmentor."""
    return UNet(config.unet_channels, config.unet_depth)


def apply_unet(config: Segment3DConfig, params: dict, image: jax.Array) -> jax.Array:
    """Probabilities [B, D, H, W, 1] of a segmentor with parameters."""
    return cast(jax.Array, network(config).apply({"params": params}, image))


def _update(gradient: tuple[dict, dict], state: Segment3DState) -> Segment3DState:
    params = state.params
    pair = (params.s_l, params.s_h)
    optimizer = _optimizer(params.config, state.step)
    change, moments = optimizer.update(gradient, state.optimizer, pair)
    moved = cast(tuple[dict, dict], optax.apply_updates(pair, change))
    params = dataclasses.replace(params, s_l=moved[0], s_h=moved[1])
    return dataclasses.replace(state, params=params, optimizer=moments)


def _optimizer(
    config: Segment3DConfig, step: jax.Array | int
) -> optax.GradientTransformation:
    rate = held_or_falling(config.learning_rate, step, config.falling_steps)
    return adam_with_l2(rate, betas=config.betas, weight_decay=config.weight_decay)
