"""Training of A3DSegNet's 3D stage on volumes.

Variants: `smoke` (a phantom in memory), `small` (2 cores), `paper` (a GPU). Each takes
a trained 2D model of the size of the same name.
"""

import ml_collections

from experiments.configs.common import SMOKE_PLAN, common_config


def get_config(size: str = "small") -> ml_collections.ConfigDict:
    """Settings of a size."""
    config = common_config()
    config.compute_dtype = "float32"
    # Down to 0 in the second half of the run.
    config.falling_rate = False
    # From the 2D model's segmentors, of the same width and depth, instead of parameters
    # drawn.
    config.start_from_slices = False
    # Pixels of the 2D model along a side of a voxel, so that voxels are cubes.
    config.plane_shrink = 1
    config.update(SIZES[size])
    return config


SIZES = {
    "smoke": {
        "patch_size": (8, 32, 32),
        "unet_channels": 2,
        "unet_depth": 2,
        "learning_rate": 1e-2,
        "falling_rate": True,
        "start_from_slices": True,
        "quick_compilation": True,
        "phantom_seed": 1,
        "plan": SMOKE_PLAN,
        "evaluated_volumes": 1,
    },
    "small": {
        "patch_size": (32, 128, 128),
        "unet_channels": 8,
        "unet_depth": 4,
        "start_from_slices": True,
        # Few steps of narrow networks: five times the paper's.
        "learning_rate": 5e-4,
        "falling_rate": True,
        "plan": {
            "n_steps": 300,
            "log_every": 5,
            "evaluate_every": 100,
            "checkpoint_every": 100,
        },
        "evaluated_volumes": 8,
    },
    "paper": {
        "patch_size": (96, 128, 128),
        "unet_channels": 16,
        "unet_depth": 4,
        "learning_rate": 1e-4,
        "plane_shrink": 2,
        "plan": {
            "n_steps": 78_386,
            "log_every": 100,
            "evaluate_every": 5000,
            "checkpoint_every": 1000,
        },
        "evaluated_volumes": 20,
    },
}
