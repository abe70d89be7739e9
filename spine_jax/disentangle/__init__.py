"""Method 1, A3DSegNet: segmentation, artifact reduction and translation from unpaired
cone-beam CT and labelled CT, trained together; 2D and 3D."""

from spine_jax.disentangle.config import (
    VARIANTS,
    DisentangleConfig,
    LossWeights,
    variant_config,
)
from spine_jax.disentangle.infer import (
    Translation,
    decode,
    predict,
    segment,
    translate,
    translate_pairs,
)
from spine_jax.disentangle.nets import Decodings, Discriminators, Networks
from spine_jax.disentangle.state import Params, TrainState, init_params, init_state
from spine_jax.disentangle.step import train_step

__all__ = [
    "VARIANTS",
    "Decodings",
    "DisentangleConfig",
    "Discriminators",
    "LossWeights",
    "Networks",
    "Params",
    "TrainState",
    "Translation",
    "decode",
    "init_params",
    "init_state",
    "predict",
    "segment",
    "train_step",
    "translate",
    "translate_pairs",
    "variant_config",
]
