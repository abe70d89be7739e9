"""The 3D stage of A3DSegNet: segmentors of whole volumes, trained on translations of a
frozen 2D model."""

from spine_jax.disentangle.segment3d.config import Segment3DConfig
from spine_jax.disentangle.segment3d.infer import segment_high, segment_low
from spine_jax.disentangle.segment3d.step import (
    Segment3DParams,
    Segment3DState,
    init_state,
    train_step,
)
from spine_jax.disentangle.segment3d.windows import sliding_window

__all__ = [
    "Segment3DConfig",
    "Segment3DParams",
    "Segment3DState",
    "init_state",
    "segment_high",
    "segment_low",
    "sliding_window",
    "train_step",
]
