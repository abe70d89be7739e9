"""SIFA (Chen et al., 2020, the journal's version) with two classes: CT is made to look
like cone-beam CT, which one encoder segments and turns back, both adversarially."""

from spine_jax.baselines.sifa.config import SIFAConfig, sifa_config
from spine_jax.baselines.sifa.infer import segment
from spine_jax.baselines.sifa.step import init_state, train_step

__all__ = ["SIFAConfig", "init_state", "segment", "sifa_config", "train_step"]
