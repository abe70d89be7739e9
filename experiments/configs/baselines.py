"""Training of A3DSegNet's competitors on the same slices, for as many steps.

Variants: a size of `configs.slices`, and after a comma a method of
`experiments.train_baseline`.
"""

import ml_collections

from experiments.configs.slices import slices_config


def get_config(variant: str = "small,cyclegan") -> ml_collections.ConfigDict:
    """Settings of a size and a method, such as "small,sifa"."""
    size, _, method = variant.partition(",")
    config = slices_config(size)
    config.method = method or "cyclegan"
    return config
