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
    # Of DisentangleConfig: a trained model is a running mean of parameters.
    config.averaging = 0.0
    # Of DisentangleConfig: translations are held to what they translate at first.
    config.identity_weight = 0.0
    config.identity_steps = 0
    # Likewise, of models with attention: its map of x_hl is taught too.
    config.attention_hl_weight = 0.0
    # By field of DisentangleConfig; the smallest networks are shallower too.
    config.changes = ml_collections.ConfigDict()
    if size == "smoke":
        config.averaging = 0.5
        config.changes = {"n_residual": 1, "unet_depth": 2}
    if size == "small":
        # Few steps of narrow networks: twice the paper's.
        config.learning_rate = 2e-4
        config.averaging = 0.99
        # ADN is run as it is.
        if config.model != "adn":
            config.identity_weight = 10.0
            config.identity_steps = 600
            config.attention_hl_weight = 5.0
    return config
