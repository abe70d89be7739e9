"""What the configs of all trainings have."""

import ml_collections
from ml_collections import config_dict

SMOKE_PLAN = {"n_steps": 6, "log_every": 2, "evaluate_every": 3, "checkpoint_every": 3}
"""Of a run that only shows that everything runs."""


def common_config() -> ml_collections.ConfigDict:
    """Settings whose values a size may change."""
    config = ml_collections.ConfigDict()
    config.seed = 0
    config.batch_size = 1
    # The batch is spread over so many devices.
    config.devices = 1
    # Compiles quickly, runs slowly.
    config.quick_compilation = False
    # None needs --data; else patients made up in memory.
    config.phantom_seed = config_dict.placeholder(int)
    # Of spine_jax.training.loop.Plan.
    config.plan = ml_collections.ConfigDict()
    return config
