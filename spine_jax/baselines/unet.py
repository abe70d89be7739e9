"""A U-Net trained with Dice on the labelled images of one domain, and nothing else.

On CT it is the evaluator of translated images and the source-only row; on simulated
cone-beam CT with its labels the simulation-only row.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.baselines.sizes import check_sides
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
)
from spine_jax.core import InputError
from spine_jax.layers.batching import in_batches
from spine_jax.layers.losses import dice_loss
from spine_jax.layers.unet import UNet
from spine_jax.training.optimizer import adam_with_l2

DOMAINS = {"h": ("x_h", "y_h"), "l": ("x_l", "y_l")}
"""Images and labels of a batch that a domain trains on."""


@dataclasses.dataclass(frozen=True)
class UNetConfig:
    """Hashable, and static under jit. The network is S_h of A3DSegNet.

    Attributes:
        image_size: Pixels of a slice, or voxels of a patch.
        domain: What it is trained on, of `DOMAINS`: CT, "h", or cone-beam CT, "l".
        unet_channels: Width at full resolution.
        unet_depth: Halvings.
        learning_rate: Of Adam; constant.
        n_steps: Of the run.
    """

    image_size: tuple[int, ...] = (256, 256)
    domain: str = "h"
    unet_channels: int = 32
    unet_depth: int = 4
    learning_rate: float = 1e-4
    n_steps: int = 285_180

    def __post_init__(self) -> None:
        _check_size(self, self.image_size)
        if self.domain not in DOMAINS:
            raise InputError(
                "UNKNOWN-DOMAIN",
                "domain",
                repr(self.domain),
                "one of " + ", ".join(DOMAINS),
                "h for CT, l for cone-beam CT",
            )


def unet_config(
    *,
    base_channels: int = 64,
    image_size: tuple[int, ...] = (256, 256),
    n_steps: int = 285_180,
    domain: str = "h",
) -> UNetConfig:
    """Settings at a width; 64 is A3DSegNet's, whose segmentors have half of it.

    Raises:
        InputError: a size the network cannot halve, or an unknown domain.
    """
    return UNetConfig(
        image_size=tuple(image_size),
        domain=domain,
        unet_channels=base_channels // 2,
        n_steps=n_steps,
    )


def init_state(key: jax.Array, config: UNetConfig) -> TrainState:
    """State before the first step, a function of key and config alone; not for jit."""
    image = jax.ShapeDtypeStruct((1, *config.image_size, 1), jnp.float32)
    networks = draw_networks(key, {"unet": (_network(config), image)})
    return start_state(Params(networks, config), _optimizers(config))


def train_step(
    state: TrainState, batch: Batch, *, axis_name: str | None = None
) -> tuple[TrainState, Metrics]:
    """Train on one batch of labelled images.

    Args:
        state: From `init_state` or the step before.
        batch: Images and labels of the config's domain, [B, *S, 1].
        axis_name: Mapped axis over which the batch is spread.

    Returns:
        Next state, and "segmentation" (the Dice loss) and "skipped".
    """
    config = state.params.config
    image, label = DOMAINS[config.domain]
    check_batch(batch, config.image_size, image, label)
    target = batch[label].astype(jnp.float32)

    def objective(networks):
        probability = apply(_network(config), networks["unet"], batch[image])
        loss = dice_loss(probability, target, axis_name=axis_name)
        return loss, {"segmentation": loss}

    after, metrics = descend(state, _optimizers(config), objective, axis_name)
    return settle(state, after, metrics, axis_name)


def segment(params: Params, images: np.ndarray, *, batch_size: int = 8) -> np.ndarray:
    """Vertebra probability of images, of either domain.

    Args:
        params: Trained.
        images: [N, *S, 1] in [-1, 1], N at least 1, any S the network can halve.
        batch_size: Images at a time; the result does not depend on it.

    Returns:
        [N, *S, 1] float32 in [0, 1].

    Raises:
        InputError: S does not fit the network.
    """
    _check_size(params.config, images.shape[1:-1])
    return in_batches(partial(_segment, params), images, batch_size)


@jax.jit
def _segment(params: Params, images: jax.Array) -> jax.Array:
    return apply(_network(params.config), params.networks["unet"], images)


def _network(config: UNetConfig) -> UNet:
    return UNet(config.unet_channels, config.unet_depth)


def _optimizers(config: UNetConfig) -> Optimizers:
    return {"unet": adam_with_l2(config.learning_rate)}


def _check_size(config: UNetConfig, size: tuple[int, ...]) -> None:
    multiple = 2**config.unet_depth
    # An instance norm over one pixel leaves nothing.
    smallest = 2 * multiple
    check_sides(size, len(config.image_size), multiple=multiple, smallest=smallest)
