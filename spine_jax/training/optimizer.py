"""Adam as PyTorch users know it: weight decay is part of the gradient."""

from collections.abc import Callable
from typing import Any

import optax


def adam_with_l2(
    learning_rate: float,
    *,
    betas: tuple[float, float] = (0.9, 0.999),
    weight_decay: float = 0.0,
    decays: Callable[[Any], Any] | None = None,
) -> optax.GradientTransformation:
    """Adam on the gradient plus weight_decay * parameter.

    The decay so goes through Adam's normalisation; AdamW adds it after.

    Args:
        learning_rate: Step size.
        betas: Decay rates of both moments.
        weight_decay: L2 coefficient.
        decays: From parameters to a tree of booleans: which of them decay. None for
            all.
    """
    return optax.chain(
        optax.add_decayed_weights(weight_decay, mask=decays),
        optax.scale_by_adam(*betas),
        optax.scale_by_learning_rate(learning_rate),
    )
