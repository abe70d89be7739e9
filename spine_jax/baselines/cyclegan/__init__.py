"""CycleGAN (Zhu et al., 2017): translation between two unpaired domains, tied by cycles
there and back."""

from spine_jax.baselines.cyclegan.config import CycleGANConfig, cyclegan_config
from spine_jax.baselines.cyclegan.infer import translate
from spine_jax.baselines.cyclegan.step import init_state, train_step

__all__ = [
    "CycleGANConfig",
    "cyclegan_config",
    "init_state",
    "train_step",
    "translate",
]
