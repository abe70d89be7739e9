"""Table 1 and Fig. 2a of Kim and Park 2024: Dice by segment and level, ablations.

    python -m experiments.diffam_table1.run --cases DIR --workdir OUT \
        --config experiments/diffam_table1/config.py:small

Variants: `smoke` (25 iterations, a minute, in the slow tests), `small` (compressed
schedule, 300 iterations, some 5 minutes per case of five vertebrae on 2 CPU cores),
`paper` (3,000 iterations, some 45 minutes per such case on 2 cores).
"""

import ml_collections


def get_config(variant: str = "small") -> ml_collections.ConfigDict:
    """Which methods run, and for how long.

    Each method is a preset and what it changes; `-I`, `-N`, `-E` drop one loss as in
    the paper.
    """
    config = ml_collections.ConfigDict()
    config.seed = 0
    config.preset = "paper"
    config.iterations = {"smoke": 25, "small": 300, "paper": 3000}[variant]
    config.methods = ml_collections.ConfigDict(
        {
            "Ours": {},
            "-I": {"weight_image": 0.0},
            "-N": {"weight_normal": 0.0},
            "-E": {"weight_edge": 0.0},
        }
    )
    # Our best settings as a further column, at their own number of iterations.
    config.with_default_preset = variant != "smoke"
    return config
