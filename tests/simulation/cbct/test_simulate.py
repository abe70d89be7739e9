"""The whole way from a CT to a CBCT, on a small phantom and a coarse C-arm."""

import dataclasses

import numpy as np
import pytest

from spine_jax.core import InputError, LabelVolume
from spine_jax.simulation.cbct import (
    PRESETS,
    CArm,
    CbctScan,
    Physics,
    simulate_cbct,
)
from spine_jax.simulation.phantom import Phantom

COARSE = dataclasses.replace(
    PRESETS["small"],
    carm=CArm(pixel_mm=4.6, n_views=40, n_columns=50, n_rows=50, start_deg=-5.0),
    size=42,
    spacing_mm=3.0,
    body_spacing_mm=4.0,
    metal_spacing_mm=1.5,
    metal_share=1.0,
)


@pytest.fixture(scope="module")
def scan(phantom: Phantom) -> CbctScan:
    return simulate_cbct(phantom.volume, phantom.labels, 6, COARSE)


def test_everything_lies_on_one_grid(scan):
    assert scan.volume.array.shape == (42, 42, 42)
    assert scan.volume.array.dtype == np.float32
    assert np.all(np.isfinite(scan.volume.array))
    for other in (scan.labels, scan.metal, scan.ct, scan.seen):
        assert other.array.shape == (42, 42, 42)
        np.testing.assert_array_equal(
            other.affine_vox_to_mm, scan.volume.affine_vox_to_mm
        )
    steps = scan.volume.affine_vox_to_mm[:3, :3] / 3.0
    np.testing.assert_allclose(steps @ steps.T, np.eye(3), atol=1e-6)


def test_labels_and_ct_are_where_they_were(phantom, scan):
    assert set(np.unique(scan.labels.array)) == {0, 22, 23}
    # A voxel of the scan and the voxel of the phantom at the same place in the world.
    to_phantom = (
        np.linalg.inv(phantom.labels.affine_vox_to_mm) @ scan.labels.affine_vox_to_mm
    )
    voxels = np.argwhere(scan.labels.array == 22)
    there = np.rint(voxels @ to_phantom[:3, :3].T + to_phantom[:3, 3]).astype(int)
    assert np.mean(phantom.labels.array[tuple(there.T)] == 22) > 0.99
    hu = phantom.volume.array[tuple(there.T)]
    here = scan.ct.array[tuple(voxels.T)]
    assert np.corrcoef(hu, here)[0, 1] > 0.8


def test_metal_is_drawn_told_and_seen(scan):
    assert scan.report["implants"]
    metal = (scan.metal.array == 1) & (scan.seen.array == 1)
    assert 5 < metal.sum() < 2000
    bone = (scan.labels.array > 0) & (scan.seen.array == 1) & ~metal
    assert scan.volume.array[metal].mean() > scan.volume.array[bone].mean()


def test_outside_the_cylinder_is_one_grey(scan):
    grey = scan.report["grey"]
    outside = scan.volume.array[scan.seen.array == 0]
    np.testing.assert_allclose(
        outside, -1000 * grey["gain"] + grey["offset"], rtol=1e-5
    )


def test_same_seed_same_bits_and_another_seed_another_scan(phantom, scan):
    again = simulate_cbct(phantom.volume, phantom.labels, 6, COARSE)
    np.testing.assert_array_equal(again.volume.array, scan.volume.array)
    np.testing.assert_array_equal(again.metal.array, scan.metal.array)
    assert again.report == scan.report
    other = simulate_cbct(phantom.volume, phantom.labels, 7, COARSE)
    assert other.report["isocentre_mm"] != scan.report["isocentre_mm"]
    assert other.report["physics"] != scan.report["physics"]


def test_without_metal_and_physics_the_ct_comes_back(phantom):
    config = dataclasses.replace(
        COARSE, physics=Physics(), metal_share=0.0, random_grey=False
    )
    found = simulate_cbct(phantom.volume, phantom.labels, 0, config)
    assert found.report["implants"] == [] and not found.metal.array.any()
    middle = (slice(None), slice(None), slice(12, 20))
    seen = found.seen.array[middle] == 1
    error = found.volume.array[middle][seen] - found.ct.array[middle][seen]
    # Truncated rows, however continued, leave an offset.
    assert abs(np.median(error)) < 80
    bone = (found.labels.array[middle] > 0)[seen]

    def contrast(image):
        values = image.array[middle][seen]
        return values[bone].mean() - values[~bone].mean()

    # What 190 degrees and pixels of 2.8 mm leave of it.
    assert 0.7 < contrast(found.volume) / contrast(found.ct) < 1.1


def test_bad_input_is_told(phantom):
    empty = LabelVolume(np.zeros((4, 4, 4), np.uint8), phantom.labels.affine_vox_to_mm)
    with pytest.raises(InputError, match="NO-VERTEBRA"):
        simulate_cbct(phantom.volume, empty, 0)
    with pytest.raises(InputError, match="CBCT-PRESET"):
        simulate_cbct(phantom.volume, phantom.labels, 0, "huge")
