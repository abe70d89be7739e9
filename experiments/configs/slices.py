"""What every training on unpaired slices has: sizes, how long, how often to look."""

import ml_collections

from experiments.configs.common import SMOKE_PLAN, common_config


def slices_config(size: str) -> ml_collections.ConfigDict:
    """Settings of `smoke`, `small` or `paper`; the same for every method."""
    config = common_config()
    # Metal is shown as bright as bone.
    config.hide_metal = False
    config.update(SIZES[size])
    return config


SIZES = {
    "smoke": {
        "base_channels": 4,
        "image_size": 32,
        "quick_compilation": True,
        "hide_metal": True,
        "phantom_seed": 1,
        "batch_size": 2,
        "plan": SMOKE_PLAN,
        "evaluated_volumes": 1,
    },
    "small": {
        "base_channels": 16,
        "image_size": 128,
        "hide_metal": True,
        "plan": {
            "n_steps": 1200,
            "log_every": 20,
            "evaluate_every": 400,
            "checkpoint_every": 400,
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
"""`smoke`: a phantom in memory, a minute on a CPU. `small`: a data set of 128 x 128
pixels, under an hour on 2 cores. `paper`: 256 x 256 pixels, 15 epochs of the paper's
19,012 slices; a GPU."""
