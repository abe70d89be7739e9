"""Patches of other patients: a patch, its translation and its mask change alike."""

import numpy as np

from experiments.harness.variation import Variation, varied

ROWS, COLUMNS = np.indices((32, 32)) - 15.5
VIEW = ROWS**2 + COLUMNS**2 < 15**2
BONE = (np.abs(ROWS - 4) < 4) & (np.abs(COLUMNS) < 8)
AIR = (np.abs(ROWS + 9) < 2) & (np.abs(COLUMNS) < 6)
VARIATION = Variation(bone_spread=0.4, turn_deg=25.0, zoom=1.2)


def patches(inside):
    """[2, 4, 32, 32, 1] of a slice."""
    return np.tile(inside[None, None, ..., None], (2, 4, 1, 1, 1)).astype(np.float32)


def batch():
    image = np.where(BONE, 0.3, np.where(VIEW & ~AIR, -0.3, -1.0))
    # A generator's tanh does not quite reach -1.
    made = np.where(BONE, 0.3, np.where(VIEW & ~AIR, -0.3, -0.98))
    names = {"x_l": image, "x_lh": made, "x_h": image, "x_hl": made, "y_h": BONE}
    return {name: patches(inside) for name, inside in names.items()}


def vary(seed=7):
    return varied(batch(), VARIATION, VIEW, np.random.default_rng(seed))


def test_a_patch_and_what_belongs_to_it_change_alike():
    given, made = batch(), vary()
    for image, translation in (("x_l", "x_lh"), ("x_h", "x_hl")):
        here = made[image] > -0.31
        np.testing.assert_allclose(
            made[image][here], made[translation][here], atol=0.02
        )
        assert np.mean(here == (made[translation] > -0.31)) > 0.99
    assert np.abs(made["x_h"] - made["x_l"]).max() > 0.1
    assert np.abs(made["x_h"][0] - made["x_h"][1]).max() > 0.1
    bone = made["x_h"] > -0.15
    assert np.mean(bone == (made["y_h"] > 0.5)) > 0.98
    assert np.mean(made["y_h"] == given["y_h"]) < 0.98


def test_air_moves_and_what_is_out_of_view_does_not():
    given, made = batch(), vary()
    outside, old = patches(~VIEW) > 0, patches(AIR) > 0
    for name in given:
        np.testing.assert_array_equal(made[name][outside], given[name][outside])
    assert np.mean(made["x_l"][old] > -0.5) > 0.1
    # Air is as large as before, or larger by up to the zoom's square.
    share = np.sum((made["x_l"] < -0.65) & ~outside) / old.sum()
    assert 0.85 < share < 1.2**2 + 0.1


def test_the_generator_decides():
    once, again, other = vary(), vary(), vary(8)
    for name in once:
        np.testing.assert_array_equal(once[name], again[name])
    assert np.any(other["x_l"] != once["x_l"])
