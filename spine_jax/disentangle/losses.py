"""Eq. 4-9 of the paper, one function each; every number is a float32 scalar.

L1 norms are means over pixels, so that a weight means the same at every image size.
"""

import jax
import jax.numpy as jnp

from spine_jax.disentangle.config import LossWeights
from spine_jax.disentangle.nets import Decodings
from spine_jax.layers.losses import dice_loss, l1, score_as_real_loss


def reconstruction_loss(
    x_l: jax.Array, x_ll: jax.Array, x_h: jax.Array, x_hh: jax.Array
) -> jax.Array:
    """Eq. 4: both images come back from their own codes."""
    return l1(x_l, x_ll) + l1(x_h, x_hh)


def adversarial_loss(made_scores_l: jax.Array, made_scores_h: jax.Array) -> jax.Array:
    """Eq. 5 for the generators, as least squares: made images should score 1."""
    return score_as_real_loss(made_scores_l) + score_as_real_loss(made_scores_h)


def cycle_loss(x_h: jax.Array, x_hlh: jax.Array) -> jax.Array:
    """Eq. 6: an artifact put on can be taken off again."""
    return l1(x_hlh, x_h)


def artifact_loss(
    x_l: jax.Array, x_lh: jax.Array, x_h: jax.Array, x_hl: jax.Array
) -> jax.Array:
    """Eq. 7: what is taken off x_l is what is put on x_h."""
    return l1(x_l - x_lh, x_hl - x_h)


def identity_loss(
    x_l: jax.Array, x_lh: jax.Array, x_h: jax.Array, x_hl: jax.Array
) -> jax.Array:
    """Translations that are what they translate: where a training may start from.

    Nothing else ties the codes of both domains to each other in the beginning. Without
    it short trainings often end in a conspiracy: G_l paints vertebrae dark, S_l learns
    dark vertebrae, and both find none in a real x_l, as Eq. 9 is glad to confirm.
    """
    return l1(x_l, x_lh) + l1(x_h, x_hl)


def anatomy_loss(d: Decodings) -> jax.Array:
    """Eq. 9: an image keeps its anatomy; the gradient runs to both maps of a pair."""
    return l1(d.y_l, d.y_ll) + l1(d.y_h, d.y_hh) + l1(d.y_l, d.y_lh) + l1(d.y_h, d.y_hl)


def loss_terms(
    decodings: Decodings,
    batch: dict[str, jax.Array],
    made_scores: tuple[jax.Array, jax.Array],
    weights: LossWeights,
    axis_name: str | None = None,
) -> dict[str, jax.Array]:
    """Every loss of the generators with a weight, unweighted, under the weight's name.

    Args:
        decodings: Of the batch.
        batch: x_l, x_h and, where segmentation is learnt, y_h.
        made_scores: D_l of x_hl and D_h of x_lh.
        weights: Which terms there are.
        axis_name: As in `dice_loss`.
    """
    d, x_l, x_h = decodings, batch["x_l"], batch["x_h"]

    def dice(y):
        return dice_loss(y, batch["y_h"].astype(jnp.float32), axis_name=axis_name)

    terms = {
        "adversarial": lambda: adversarial_loss(*made_scores),
        "reconstruction": lambda: reconstruction_loss(x_l, d.x_ll, x_h, d.x_hh),
        "cycle": lambda: cycle_loss(x_h, d.x_hlh),
        "artifact": lambda: artifact_loss(x_l, d.x_lh, x_h, d.x_hl),
        "segmentation": lambda: dice(d.y_h) + dice(d.y_hl) + dice(d.y_hh),
        "attention": lambda: dice(d.m_h),
        "attention_hl": lambda: dice(d.m_hl),
        "anatomy": lambda: anatomy_loss(d),
        "identity": lambda: identity_loss(x_l, d.x_lh, x_h, d.x_hl),
    }
    return {name: term() for name, term in terms.items() if getattr(weights, name)}


def weighted_sum(
    terms: dict[str, jax.Array],
    weights: LossWeights,
    identity_share: jax.Array | float = 1.0,
) -> jax.Array:
    """The generators' objective.

    Args:
        terms: From `loss_terms`.
        weights: Of them.
        identity_share: What is left of the weight of the identity loss.
    """
    weighted = [
        getattr(weights, name) * term * (identity_share if name == "identity" else 1.0)
        for name, term in terms.items()
    ]
    return sum(weighted, jnp.zeros(()))


def identity_share(step: jax.Array, identity_steps: int) -> jax.Array:
    """From 1 at the first step evenly down to 0 at `identity_steps`, and 0 then on."""
    left = identity_steps - step.astype(jnp.float32)
    return jnp.clip(left / max(identity_steps, 1), 0.0, 1.0)
