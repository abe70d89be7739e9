"""Losses that several methods share; every number is a float32 scalar."""

import jax
import jax.numpy as jnp


def l1(a: jax.Array, b: jax.Array) -> jax.Array:
    """Mean absolute difference; its slope is 0 where a and b agree."""
    difference = a - b
    # The slope of jnp.abs at 0 is 1.
    return jnp.mean(difference * jnp.sign(difference))


def score_as_real_loss(made_scores: jax.Array) -> jax.Array:
    """Least-squares GAN, generator's side: what is made should score 1."""
    return jnp.mean((made_scores - 1) ** 2)


def discriminator_loss(real_scores: jax.Array, made_scores: jax.Array) -> jax.Array:
    """Least-squares GAN, one discriminator: real should score 1 and made 0."""
    return 0.5 * (jnp.mean((real_scores - 1) ** 2) + jnp.mean(made_scores**2))


def logistic_loss(logits: jax.Array, target: float) -> jax.Array:
    """Mean cross entropy between a probability to hit, sigmoid(logits), and target."""
    return jnp.mean(jax.nn.softplus(logits) - target * logits)


def dice_loss(
    probability: jax.Array,
    target: jax.Array,
    *,
    smooth: float = 1.0,
    axis_name: str | None = None,
) -> jax.Array:
    """1 - (2 sum(p g) + smooth) / (sum(p) + sum(g) + smooth), over the whole batch.

    Args:
        probability: [B, *S, 1] in [0, 1].
        target: [B, *S, 1], 0 or 1; may be empty.
        smooth: Keeps a batch without foreground finite.
        axis_name: Mapped axis over which the batch is spread, if any.
    """
    sums = jnp.stack([jnp.sum(probability * target), jnp.sum(probability + target)])
    if axis_name is not None:
        sums = jax.lax.psum(sums, axis_name)
    return 1 - (2 * sums[0] + smooth) / (sums[1] + smooth)
