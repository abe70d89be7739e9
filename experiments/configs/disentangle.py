"""Training of A3DSegNet and its ablations on slices: sizes and how long.

Variants: `smoke` (a phantom in memory, 6 steps, a minute on a CPU), `small` (a data set
of 128 x 128 pixels, under an hour on 2 cores), `paper` (256 x 256, 15 epochs of its
19,012 slices; a GPU). A model may follow after a comma: m1, m2, m3, m4 (the default) or
adn.
"""

import ml_collections
from ml_collections import config_dict


def get_config(variant: str = "small") -> ml_collections.ConfigDict:
    """Settings of a size and a model, such as "small,m2"."""
    size, _, model = variant.partition(",")
    config = ml_collections.ConfigDict()
    config.seed = 0
    config.model = model or "m4"
    config.compute_dtype = "float32"
    config.learning_rate = 1e-4
    config.batch_size = 1
    # The batch is spread over so many devices.
    config.devices = 1
    # What the smallest networks change, by field of DisentangleConfig.
    config.changes = ml_collections.ConfigDict()
    # Compiles quickly, runs slowly.
    config.quick_compilation = False
    # None needs --data; else patients made up in memory.
    config.phantom_seed = config_dict.placeholder(int)
    # Of spine_jax.training.loop.Plan.
    config.plan = ml_collections.ConfigDict()
    config.update(SIZES[size])
    return config


SIZES = {
    "smoke": {
        "base_channels": 4,
        "image_size": 32,
        "changes": {"n_residual": 1, "unet_depth": 2},
        "quick_compilation": True,
        "phantom_seed": 1,
        "batch_size": 2,
        "plan": {
            "n_steps": 6,
            "log_every": 2,
            "evaluate_every": 3,
            "checkpoint_every": 3,
        },
        "evaluated_volumes": 1,
    },
    "small": {
        "base_channels": 16,
        "image_size": 128,
        # Few steps of narrow networks: twice the paper's.
        "learning_rate": 2e-4,
        "plan": {
            "n_steps": 3000,
            "log_every": 20,
            "evaluate_every": 500,
            "checkpoint_every": 500,
        },
        "evaluated_volumes": 8,
    },
    "paper": {
        "base_channels": 64,
        "image_size": 256,
        "plan": {
            "n_steps": 285_180,
            "log_every": 100,
            "evaluate_every": 19_012,
            "checkpoint_every": 2000,
        },
        "evaluated_volumes": 20,
    },
}
