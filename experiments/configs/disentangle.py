"""Training of A3DSegNet and its ablations on slices.

Variants: a size of `configs.slices`, and after a comma a model: m1, m2, m3, m4 (the
default) or adn.
"""

import ml_collections

from experiments.configs.slices import slices_config


def get_config(variant: str = "small") -> ml_collections.ConfigDict:
    """Settings of a size and a model, such as "small,m2"."""
    size, _, model = variant.partition(",")
    config = slices_config(size)
    config.model = model or "m4"
    config.compute_dtype = "float32"
    config.learning_rate = 1e-4
    # Down to 0 in the second half of the run.
    config.falling_rate = False
    # Of DisentangleConfig: translations are held to what they translate at first.
    config.identity_weight = 0.0
    config.identity_steps = 0
    # Likewise, of models with attention: its map of x_hl is taught too.
    config.attention_hl_weight = 0.0
    # By field of DisentangleConfig; the smallest networks are shallower too.
    config.changes = ml_collections.ConfigDict()
    if size == "smoke":
        config.changes = {"n_residual": 1, "unet_depth": 2}
    if size == "small":
        # Few steps of narrow networks: twice the paper's.
        config.learning_rate = 2e-4
        # ADN is run as it is.
        if config.model != "adn":
            config.falling_rate = True
            config.identity_weight = 10.0
            config.identity_steps = 600
            config.attention_hl_weight = 5.0
    return config
