"""Values as networks see them, and the scale of the CBCTs."""

import dataclasses

import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.data import Scale, held_out_volumes, read_clean, read_image, read_mask
from spine_jax.data.scales import fit_cbct_scale
from spine_jax.data.store import CT_SCALE
from tests.data.toy import SIZE, toy_dataset, volume


def test_hounsfield_units_become_minus_one_to_one():
    hu = np.array([-3024, -1000, 500, 2000, 3071], np.int16)
    np.testing.assert_array_equal(CT_SCALE(hu), np.float32([-1, -1, 0, 1, 1]))


def test_cbct_has_its_own_scale_and_its_truth_that_of_ct():
    dataset = toy_dataset(cbct_scale=Scale(0.0, 1200.0))
    (test,) = dataset.select("cbct", "test")
    # Slice 3 of volume 6 has the intensity 603, its truth 1000 less.
    assert read_image(dataset, test, 3)[4, 4, 0] == pytest.approx(2 * 603 / 1200 - 1)
    clean = read_clean(dataset, test, 3)[4, 4, 0]
    assert clean == pytest.approx(2 * (603 - 1000 + 1000) / 3000 - 1)


def test_outside_the_field_of_view_both_domains_are_minus_one():
    seen = np.ones((SIZE, SIZE), bool)
    seen[:2] = False
    dataset = toy_dataset(field_of_view=seen, cbct_scale=Scale(-5000.0, 5000.0))
    for each in dataset.volumes:
        image = read_image(dataset, each, slice(None))
        assert image.shape == (5, 8, 8, 1) and image.dtype == np.float32
        assert np.all(image[:, :2] == -1) and np.all(image[:, 2:] > -1)


def test_held_out_volumes_carry_their_truth():
    (held_out,) = held_out_volumes(toy_dataset())
    assert held_out.name == "v6"
    assert held_out.x_l.shape == held_out.y_l.shape == held_out.clean.shape
    assert held_out.y_l.sum() == 4 * 2  # four slices with two pixels each
    whole = held_out.affine_vox_to_mm
    (small,) = held_out_volumes(toy_dataset(), shrink=2)
    assert small.x_l.shape == (5, 4, 4, 1)
    # The first small pixel lies in the middle of the first four.
    np.testing.assert_allclose(
        small.affine_vox_to_mm @ [1, 0, 0, 1], whole @ [1, 0.5, 0.5, 1]
    )
    np.testing.assert_allclose(
        small.affine_vox_to_mm @ [1, 1, 1, 1], whole @ [1, 2.5, 2.5, 1]
    )


def test_real_cbct_has_no_truth():
    real = volume(9, "cbct", "test", labels=False)
    dataset = toy_dataset(volumes=(real,))
    (held_out,) = held_out_volumes(dataset)
    assert held_out.y_l is None and held_out.clean is None
    with pytest.raises(InputError, match="NO-LABELS"):
        read_mask(real, 0)
    with pytest.raises(InputError, match="NO-TRUTH"):
        read_clean(dataset, real, 0)


def test_the_scale_finds_the_affine_of_a_device():
    rng = np.random.default_rng(0)
    hu = rng.normal(100, 300, (8, 64, 64)).astype(np.int16)
    ct = dataclasses.replace(volume(1, "ct", "train"), image=hu)
    grey = np.rint(0.5 * hu + 100).astype(np.int16)
    grey[:, :5] = -20_000  # not in the field of view
    cbct = dataclasses.replace(volume(2, "cbct", "train"), image=grey)
    seen = np.ones((64, 64), bool)
    seen[:5] = False
    scale = fit_cbct_scale([cbct], [ct], seen)
    # -1000 HU is -400 in its grey scale, 2000 HU is 1100.
    assert scale.low == pytest.approx(-400, abs=5)
    assert scale.high == pytest.approx(1100, abs=5)


def test_constant_volumes_do_not_divide_by_zero():
    flat = dataclasses.replace(
        volume(1, "ct", "train"), image=np.zeros((2, 8, 8), np.int16)
    )
    scale = fit_cbct_scale([flat], [flat], np.ones((8, 8), bool))
    assert scale.high > scale.low
