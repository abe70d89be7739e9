"""AdaptSegNet (Tsai et al., 2018), multi-level, with Dice on one class: a segmentor of
labelled CT whose maps of cone-beam CT are to look like those of CT."""

from spine_jax.baselines.adaptsegnet.config import (
    AdaptSegNetConfig,
    adaptsegnet_config,
)
from spine_jax.baselines.adaptsegnet.infer import segment
from spine_jax.baselines.adaptsegnet.step import init_state, train_step

__all__ = [
    "AdaptSegNetConfig",
    "adaptsegnet_config",
    "init_state",
    "segment",
    "train_step",
]
