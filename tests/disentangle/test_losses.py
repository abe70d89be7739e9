import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.disentangle import VARIANTS, Decodings, LossWeights
from spine_jax.disentangle.losses import (
    adversarial_loss,
    anatomy_loss,
    artifact_loss,
    cycle_loss,
    identity_loss,
    identity_share,
    loss_terms,
    reconstruction_loss,
    weighted_sum,
)
from spine_jax.layers.losses import dice_loss, discriminator_loss


def image(*values):
    """One row of pixels, [1, 1, n, 1]."""
    return jnp.array(values, jnp.float32).reshape(1, 1, -1, 1)


def decodings(**maps):
    names = [field.name for field in dataclasses.fields(Decodings)]
    return Decodings(**{name: maps.get(name) for name in names})


def test_reconstruction_is_both_means():
    # |0 - .5|, |1 - .5| -> .5; |2 - 1|, |2 - 2| -> .5.
    loss = reconstruction_loss(image(0, 1), image(0.5, 0.5), image(2, 2), image(1, 2))
    assert loss == 1.0


def test_cycle():
    assert cycle_loss(image(0, 1, 2, 3), image(0, 0, 4, 3)) == 0.75


def test_artifact_compares_what_is_taken_with_what_is_put():
    x_l, x_lh = image(1.0, 1.0), image(0.5, 0.0)  # taken: .5, 1
    x_h, x_hl = image(0.0, -1.0), image(0.5, -0.5)  # put: .5, .5
    assert artifact_loss(x_l, x_lh, x_h, x_hl) == 0.25
    assert artifact_loss(x_l, x_l, x_h, x_h) == 0


def test_adversarial_losses_are_least_squares():
    # (0 - 1)^2, (2 - 1)^2 -> 1; (.5 - 1)^2 -> .25.
    assert adversarial_loss(image(0, 2), image(0.5)) == 1.25
    # real: (1 - 1)^2, (0 - 1)^2 -> .5; made: 1, 9 -> 5; half the sum.
    assert discriminator_loss(image(1, 0), image(1, -3)) == 2.75
    assert discriminator_loss(image(1, 1), image(0, 0)) == 0


def test_dice_by_hand():
    # sum(p g) = .5 + 1 = 1.5, sum(p) = 2, sum(g) = 2: 1 - (3 + 1) / (4 + 1).
    loss = dice_loss(image(0.5, 1, 0.5, 0), image(1, 1, 0, 0))
    np.testing.assert_allclose(loss, 0.2, rtol=1e-6)


def test_dice_is_over_the_batch_and_finite_without_foreground():
    empty, full = image(0, 0), image(1, 1)
    assert dice_loss(empty, empty) == 0
    probability = jnp.concatenate([image(1, 1), image(0.5, 0)])
    target = jnp.concatenate([full, empty])
    # sum(p g) = 2, sums 2.5 and 2: 1 - 5 / 5.5; not the mean of 0 and 1 - 1 / 1.5.
    np.testing.assert_allclose(dice_loss(probability, target), 1 - 5 / 5.5, rtol=1e-6)


ANATOMY = {
    "y_l": image(0.1, 0.9),
    "y_ll": image(0.3, 0.9),
    "y_lh": image(0.1, 0.5),
    "y_h": image(0.8, 0.0),
    "y_hh": image(0.4, 0.0),
    "y_hl": image(0.8, 0.1),
}


def test_anatomy_by_hand():
    # Pairs: .2 / 2, .4 / 2, .4 / 2, .1 / 2.
    np.testing.assert_allclose(anatomy_loss(decodings(**ANATOMY)), 0.55, rtol=1e-6)


def test_anatomy_moves_both_maps_of_each_pair():
    gradient = jax.grad(anatomy_loss)(decodings(**ANATOMY))
    expected = {
        "y_l": [-0.5, 0.5],
        "y_ll": [0.5, 0.0],
        "y_lh": [0.0, -0.5],
        "y_h": [0.5, -0.5],
        "y_hh": [-0.5, 0.0],
        "y_hl": [0.0, 0.5],
    }
    # Where two maps agree neither is moved.
    for name, values in expected.items():
        np.testing.assert_allclose(jnp.ravel(getattr(gradient, name)), values)


EQUATIONS = {
    "m1": {"reconstruction", "adversarial", "cycle", "segmentation"},
    "m2": {"reconstruction", "adversarial", "cycle", "segmentation", "anatomy"},
    "m4": {
        "reconstruction",
        "adversarial",
        "cycle",
        "segmentation",
        "anatomy",
        "attention",
    },
    "adn": {"reconstruction", "adversarial", "cycle", "artifact"},
}
EQUATIONS["m3"] = EQUATIONS["m4"] | {"artifact"}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants_have_the_papers_terms_and_weights(variant):
    aade, weights = VARIANTS[variant]
    half = image(0.5, 0.5)
    names = [field.name for field in dataclasses.fields(Decodings)]
    all_half = Decodings(**dict.fromkeys(names, half))
    batch = {"x_l": half, "x_h": half, "y_h": half}
    terms = loss_terms(all_half, batch, (half, half), weights)
    assert set(terms) == EQUATIONS[variant]
    others = 20 if variant == "adn" else 5
    for name in terms:
        assert getattr(weights, name) == (1 if name == "adversarial" else others)
    assert bool(aade) == (variant in ("m3", "m4"))


def test_every_term_enters_the_sum_with_its_weight():
    names = [field.name for field in dataclasses.fields(LossWeights)]
    weights = LossWeights(**{name: 2.0**i for i, name in enumerate(names)})
    terms = {name: 10.0 ** (i + 1) for i, name in enumerate(names)}
    expected = sum(2.0**i * 10.0 ** (i + 1) for i in range(len(names)))
    assert weighted_sum(terms, weights) == expected


def test_each_term_reads_its_own_decodings():
    values = dict.fromkeys((f.name for f in dataclasses.fields(Decodings)), 0.0)
    terms = {}
    for i, name in enumerate(values):
        maps = {n: image(0.1 * (i + 1) if n == name else 0.0) for n in values}
        batch = {"x_l": image(0), "x_h": image(0), "y_h": image(1)}
        scores = (image(1), image(1))
        everything = LossWeights(artifact=1.0, attention_hl=1.0)
        terms[name] = loss_terms(Decodings(**maps), batch, scores, everything)
    zero = {n: image(0.0) for n in values}
    base = loss_terms(Decodings(**zero), batch, scores, everything)
    readers = {
        name: {term for term in base if found[term] != base[term]}
        for name, found in terms.items()
    }
    assert readers == {
        "x_ll": {"reconstruction"},
        "x_lh": {"artifact"},
        "x_hl": {"artifact"},
        "x_hh": {"reconstruction"},
        "x_hlh": {"cycle"},
        "m_l": set(),
        "m_h": {"attention"},
        "m_hl": {"attention_hl"},
        "y_l": {"anatomy"},
        "y_ll": {"anatomy"},
        "y_hl": {"anatomy", "segmentation"},
        "y_h": {"anatomy", "segmentation"},
        "y_hh": {"anatomy", "segmentation"},
        "y_lh": {"anatomy"},
    }


def test_identity_is_both_means():
    loss = identity_loss(image(0, 1), image(0.5, 0.5), image(2, 2), image(1, 2))
    assert loss == 1.0


def test_identity_counts_less_and_less():
    shares = [float(identity_share(jnp.int32(step), 4)) for step in (0, 1, 4, 9)]
    assert shares == [1.0, 0.75, 0.0, 0.0]
    # The paper's training has none.
    assert identity_share(jnp.int32(0), 0) == 0
    terms = {"cycle": jnp.float32(3.0), "identity": jnp.float32(2.0)}
    weights = LossWeights(cycle=5.0, identity=10.0)
    assert weighted_sum(terms, weights, 0.25) == 5 * 3 + 0.25 * 10 * 2
