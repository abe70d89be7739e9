"""Metal shown as bright as bone."""

import dataclasses

import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.data import Scale, read_clean, read_image, with_hidden_metal
from tests.data.toy import toy_dataset, volume

SEEN = np.ones((40, 50), bool)
SEEN[:, :10] = False


def scan(number: int, domain: str, split: str, metal: int = 0):
    """1 to 2000 HU evenly in the field of view, metal beside it and in some of it."""
    image = np.full((6, *SEEN.shape), 30_000, np.int16)
    image[:, SEEN] = np.linspace(1, 2000, SEEN.sum())
    image[:, :metal, 20:] = 30_000
    return dataclasses.replace(volume(number, domain, split), image=image, clean=image)


def dataset(*metal: int):
    cbcts = [scan(10 + k, "cbct", "train", rows) for k, rows in enumerate(metal)]
    others = [scan(1, "ct", "train", 8), scan(2, "cbct", "test", 8)]
    others.append(scan(3, "simulated", "train", 8))
    scale = Scale(0.0, 4000.0)
    return toy_dataset(volumes=(*others, *cbcts), field_of_view=SEEN, cbct_scale=scale)


def test_the_brightest_is_what_one_percent_of_a_scan_without_metal_exceeds():
    brightest = with_hidden_metal(dataset(0)).cbct_scale.brightest
    # 1980 of 4000.
    assert brightest == pytest.approx(-0.01, abs=2e-3)
    read = read_image(with_hidden_metal(dataset(0)), scan(1, "cbct", "test", 8), 0)
    assert read[:8, 20:].max() == np.float32(brightest)


def test_more_than_half_of_the_scans_may_hold_metal():
    alone = with_hidden_metal(dataset(0, 0)).cbct_scale
    assert with_hidden_metal(dataset(8, 0)).cbct_scale == alone
    assert with_hidden_metal(dataset(0, 8, 0, 8, 8, 8)).cbct_scale == alone
    assert with_hidden_metal(dataset(8, 8)).cbct_scale.brightest == 1


def test_every_cbct_is_cut_and_no_ct():
    bright = dataset(0, 8)
    hidden = with_hidden_metal(bright)
    top = np.float32(hidden.cbct_scale.brightest)
    for each in bright.volumes:
        image, cut = (read_image(of, each, slice(None)) for of in (bright, hidden))
        expected = image if each.domain == "ct" else np.minimum(image, top)
        np.testing.assert_array_equal(cut, expected)
    (test,) = bright.select("cbct", "test")
    clean = [read_clean(of, test, slice(None)) for of in (bright, hidden)]
    np.testing.assert_array_equal(*clean)


def test_without_cbcts_nobody_can_tell():
    with pytest.raises(InputError, match="no training volume"):
        with_hidden_metal(dataset())
