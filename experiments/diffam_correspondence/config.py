"""Correspondence error by level, where the truth is known.

    python -m experiments.diffam_correspondence.run --workdir OUT \
        --config experiments/diffam_correspondence/config.py:small [--shapes DIR]

Columns of made-up individuals, whose vertices are known, become CT (simulated), are
fitted from their body centres, and every fitted vertex is compared with its true place.
With --shapes, a folder of real L1 surfaces (`*_L1.ply`) with ten landmarks each
(`*_L1.json`, LPS), these become CT and are fitted likewise, and landmarks are compared.

Variants: `smoke` (25 iterations on two lumbar vertebrae), `small` (two individuals of
every level; the paper's losses with 300 iterations; some 10 minutes on 2 CPU cores),
`paper` (twenty individuals, the paper's 3,000 iterations).
"""

import ml_collections


def get_config(variant: str = "small") -> ml_collections.ConfigDict:
    """Parts of the spine, individuals of each, and the methods as preset and length.

    Iterations of 0 are the preset's own. The paper's single lumbar template shares its
    vertices with T1 to L6 only.
    """
    config = ml_collections.ConfigDict()
    smoke = variant == "smoke"
    config.spacing_mm = 2.5 if smoke else 1.0
    config.n_individuals = {"smoke": 1, "small": 2, "paper": 20}[variant]
    config.parts = ml_collections.ConfigDict(
        {"l3_l4": (22, 23)}
        if smoke
        else {
            "cervical": tuple(range(1, 8)),
            "upper_thoracic": tuple(range(8, 14)),
            "lower_thoracic": tuple(range(14, 20)),
            "lumbar": tuple(range(20, 25)),
        }
    )
    config.methods = ml_collections.ConfigDict(
        {
            "default": {"preset": "default", "iterations": 25 if smoke else 0},
            "paper": {
                "preset": "paper",
                "iterations": {"smoke": 25, "small": 300, "paper": 0}[variant],
            },
        }
    )
    return config
