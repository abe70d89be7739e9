"""Losses of SIFA; every number is a float32 scalar."""

import jax
import jax.numpy as jnp

SMALLEST = 0.005
"""Probability below which the cross entropy stays what it is there."""
EPSILON = 1e-7


def task_loss(
    logits: jax.Array, labels: jax.Array, *, axis_name: str | None = None
) -> jax.Array:
    """Weighted cross entropy plus Dice.

    Args:
        logits: [B, *S, K].
        labels: [B, *S, 1], 0 or 1.
        axis_name: Mapped axis over which the batch is spread, if any.
    """
    probability = jax.nn.softmax(logits)
    target = jnp.concatenate([1 - labels, labels], axis=-1)
    entropy = weighted_cross_entropy(probability, target, axis_name=axis_name)
    return entropy + class_dice_loss(probability, target, axis_name=axis_name)


def weighted_cross_entropy(
    probability: jax.Array, target: jax.Array, *, axis_name: str | None = None
) -> jax.Array:
    """Mean over pixels of the cross entropy, classes weighted by 1 - frequency.

    Args:
        probability, target: [B, *S, K].
        axis_name: As in `task_loss`.
    """
    frequency = jnp.mean(target, _pixels(target))
    if axis_name is not None:
        frequency = jax.lax.pmean(frequency, axis_name)
    weight = (1 - frequency).reshape((1,) * (target.ndim - 1) + (-1,))
    entropy = -target * jnp.log(jnp.clip(probability, SMALLEST, 1))
    return jnp.mean(jnp.sum(weight * entropy, -1))


def class_dice_loss(
    probability: jax.Array, target: jax.Array, *, axis_name: str | None = None
) -> jax.Array:
    """1 - the mean over classes of 2 sum(p g) / (sum(p^2) + sum(g)) over the batch.

    Args:
        probability, target, axis_name: As in `weighted_cross_entropy`.
    """
    pixels = _pixels(target)
    both = jnp.sum(probability * target, pixels)
    either = jnp.sum(probability**2 + target, pixels)
    if axis_name is not None:
        both, either = jax.lax.psum((both, either), axis_name)
    return 1 - jnp.mean(2 * both / (either + EPSILON))


def half_square(params: dict) -> jax.Array:
    """Half the sum of the squares of all parameters."""
    squares = [jnp.sum(leaf**2) for leaf in jax.tree.leaves(params)]
    return 0.5 * sum(squares, jnp.zeros(()))


def _pixels(x: jax.Array) -> tuple[int, ...]:
    return tuple(range(x.ndim - 1))
