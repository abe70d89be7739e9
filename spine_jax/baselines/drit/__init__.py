"""DRIT with mode seeking (Lee et al., 2018; Mao et al., 2019): translation by codes of
content, which both domains share, and of attributes, which are a domain's own."""

from spine_jax.baselines.drit.config import DRITConfig, drit_config
from spine_jax.baselines.drit.infer import attributes, translate
from spine_jax.baselines.drit.step import init_state, train_step

__all__ = [
    "DRITConfig",
    "attributes",
    "drit_config",
    "init_state",
    "train_step",
    "translate",
]
