"""Patches of other patients: a patch, its translation and its mask change alike."""

import numpy as np

from experiments.harness.translations import Variation, varied


def batch():
    rows, columns = np.indices((32, 32)) - 15.5
    view = rows**2 + columns**2 < 15**2
    bone = (np.abs(rows - 4) < 4) & (np.abs(columns) < 8)
    mask = np.broadcast_to(bone[None, None, ..., None], (2, 4, 32, 32, 1))
    image = np.where(mask, 0.3, np.where(view[None, None, ..., None], -0.3, -1.0))
    image = image.astype(np.float32)
    return {
        "x_l": image,
        "x_lh": image,
        "x_h": image,
        "x_hl": image,
        "y_h": mask.astype(np.float32),
    }


def test_without_variation_nothing_changes():
    given = batch()
    assert varied(given, Variation(seed=4), 7) is given


def test_a_patch_and_what_belongs_to_it_change_alike():
    given = batch()
    made = varied(given, Variation(0.4, 20.0, 1.2, seed=4), 7)
    np.testing.assert_array_equal(made["x_l"], made["x_lh"])
    np.testing.assert_array_equal(made["x_h"], made["x_hl"])
    assert np.abs(made["x_h"] - made["x_l"]).max() > 0.1
    assert np.abs(made["x_h"][0] - made["x_h"][1]).max() > 0.1
    # The mask goes with the image, whose bone keeps its middle grey value.
    bone = made["x_h"] > -0.15
    assert np.mean(bone == (made["y_h"] > 0.5)) > 0.98
    assert np.mean(made["y_h"] == given["y_h"]) < 0.98


def test_seed_and_step_decide():
    given, variation = batch(), Variation(0.4, 20.0, 1.2, seed=4)
    once, again = varied(given, variation, 7), varied(given, variation, 7)
    for name in given:
        np.testing.assert_array_equal(once[name], again[name])
    assert np.any(varied(given, variation, 8)["x_l"] != once["x_l"])
