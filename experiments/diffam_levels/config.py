"""Dice by level on made-up CT of real anatomy, ours beside the paper's preset.

    python -m experiments.diffam_levels.run --masks DIR --workdir OUT \
        --config experiments/diffam_levels/config.py:small

Each label map below DIR becomes a CT (`ct_from_labels`: real bones, simulated image);
its vertebrae are fitted from their centroids and scored where they are whole.

Variants: `smoke` (25 iterations), `small` (`default` as it is, the paper's losses with
300 iterations; about a minute per map of ten vertebrae on 2 CPU cores), `paper` (its
3,000 iterations; some ten minutes per such map).
"""

import ml_collections


def get_config(variant: str = "small") -> ml_collections.ConfigDict:
    """Which methods run, as a preset and its iterations (0: the preset's own)."""
    config = ml_collections.ConfigDict()
    config.seed = 0
    config.methods = ml_collections.ConfigDict(
        {
            "default": {
                "preset": "default",
                "iterations": {"smoke": 25, "small": 0, "paper": 0}[variant],
            },
            "paper": {
                "preset": "paper",
                "iterations": {"smoke": 25, "small": 300, "paper": 0}[variant],
            },
        }
    )
    return config
