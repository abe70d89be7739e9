"""Losses of DRIT; every number is a float32 scalar."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp

from spine_jax.baselines.drit.config import DRITConfig
from spine_jax.baselines.drit.decode import Encoded, Randomised
from spine_jax.baselines.drit.nets import ContentDiscriminator, ImageDiscriminator
from spine_jax.baselines.stepping import Metrics, apply
from spine_jax.layers.batching import together
from spine_jax.layers.losses import l1, logistic_loss

OF_CBCT, UNDECIDED, OF_CT = 0.0, 0.5, 1.0
"""What the content discriminator is to say of a content."""
MODE_EPSILON = 1e-5


def encoded_terms(
    made: Encoded,
    x_l: jax.Array,
    x_h: jax.Array,
    networks: dict,
    config: DRITConfig,
) -> Metrics:
    """Losses of the first update, and "generator_loss", their weighted sum."""
    contents = (made.c_l, made.c_h)
    of_contents = together(lambda c: _content(networks, c, config), *contents)
    attributes = (made.attributes_l, made.attributes_h)
    terms = {
        "adversarial": _real(networks["d_l"], config, made.x_hl)
        + _real(networks["d_h"], config, made.x_lh),
        "content_adversarial": sum(logistic_loss(x, UNDECIDED) for x in of_contents),
        "reconstruction": l1(made.x_ll, x_l) + l1(made.x_hh, x_h),
        "cycle": l1(made.x_lhl, x_l) + l1(made.x_hlh, x_h),
        "kl": sum(divergence(*each) for each in attributes),
        "content_size": sum(jnp.mean(c**2) for c in contents),
    }
    total = (
        terms["adversarial"]
        + terms["content_adversarial"]
        + config.reconstruction_weight * terms["reconstruction"]
        + config.cycle_weight * terms["cycle"]
        + config.kl_weight * terms["kl"]
        + config.content_weight * terms["content_size"]
    )
    return terms | {"generator_loss": total}


def randomised_terms(made: Randomised, networks: dict, config: DRITConfig) -> Metrics:
    """Losses of the second update, and "random_loss", their weighted sum."""
    terms = {
        "random_adversarial": _real(networks["d_l_random"], config, *made.x_hl)
        + _real(networks["d_h_random"], config, *made.x_lh),
        "latent": l1(made.mean_l, made.z[0]) + l1(made.mean_h, made.z[0]),
        "mode_seeking": mode_seeking(made.x_hl, made.z)
        + mode_seeking(made.x_lh, made.z),
    }
    total = (
        terms["random_adversarial"]
        + config.latent_weight * terms["latent"]
        + terms["mode_seeking"]
    )
    return terms | {"random_loss": total}


def image_discriminator_loss(
    params: dict, real: jax.Array, made: Sequence[jax.Array], config: DRITConfig
) -> jax.Array:
    """Real against each kind of made images, summed over resolutions and kinds."""
    of_real, *of_made = together(lambda x: _logits(params, x, config), real, *made)
    real_loss = sum(logistic_loss(each, 1.0) for each in of_real)
    made_losses = [logistic_loss(each, 0.0) for kind in of_made for each in kind]
    return len(made) * real_loss + sum(made_losses, jnp.zeros(()))


def content_discriminator_loss(
    networks: dict, c_l: jax.Array, c_h: jax.Array, config: DRITConfig
) -> jax.Array:
    """Contents told apart by domain."""
    of_l, of_h = together(lambda c: _content(networks, c, config), c_l, c_h)
    return logistic_loss(of_l, OF_CBCT) + logistic_loss(of_h, OF_CT)


def divergence(mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """Kullback-Leibler divergence of N(mean, variance) from N(0, 1).

    Summed over the code and averaged over the batch; the authors' batch is 1.
    """
    each = jnp.exp(log_variance) + mean**2 - 1 - log_variance
    return 0.5 * jnp.mean(jnp.sum(each, -1))


def mode_seeking(images: Sequence[jax.Array], z: Sequence[jax.Array]) -> jax.Array:
    """Small where two unlike attributes make unlike images."""
    ratio = l1(images[0], images[1]) / l1(z[0], z[1])
    return 1 / (ratio + MODE_EPSILON)


def _real(params: dict, config: DRITConfig, *made: jax.Array) -> jax.Array:
    """Generator's side: what is made should look real at every resolution."""
    kinds = together(lambda x: _logits(params, x, config), *made)
    losses = [logistic_loss(each, 1.0) for kind in kinds for each in kind]
    return sum(losses, jnp.zeros(()))


def _logits(params: dict, x: jax.Array, config: DRITConfig) -> tuple[jax.Array, ...]:
    return apply(ImageDiscriminator(config), params, x)


def _content(networks: dict, content: jax.Array, config: DRITConfig) -> jax.Array:
    return apply(ContentDiscriminator(config), networks["d_content"], content)
