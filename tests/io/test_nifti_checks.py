"""Voxels that are no CT volume and no label map are refused with their code."""

import numpy as np
import pytest

from spine_jax.core import LabelVolume, Volume
from spine_jax.io.nifti import (
    check_has_vertebra,
    check_same_grid,
    load_labels,
    load_volume,
)
from tests.io.files import (
    SHAPE,
    ct_array,
    refused,
    write_nifti,
)


def test_series_needs_an_index(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.stack([ct_array()] * 3, axis=-1))
    with refused("FOUR-D", "(12, 10, 9, 3)", "--volume-index 0 to 2"):
        load_volume(path)
    with refused("VOLUME-INDEX", "volume 3 of 3"):
        load_volume(path, volume_index=3)
    with refused("VOLUME-INDEX", "volume -1 of 3"):
        load_volume(path, volume_index=-1)


def test_vector_image(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros((*SHAPE, 2, 3), np.float32))
    with refused("FOUR-D", "(12, 10, 9, 2, 3)"):
        load_volume(path, volume_index=0)


def test_rgb(tmp_path):
    rgb = np.zeros(SHAPE, [("R", "u1"), ("G", "u1"), ("B", "u1")])
    with refused("DTYPE", "RGB", "screenshot"):
        load_volume(write_nifti(tmp_path / "a.nii.gz", rgb))


def test_complex(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.ones(SHAPE, np.complex64))
    with refused("DTYPE", "complex"):
        load_volume(path)


@pytest.mark.parametrize(
    ("shape", "words"), [((64, 48), "64 x 48 x 1"), ((20, 7, 20), "20 x 7 x 20")]
)
def test_no_volume(tmp_path, shape, words):
    with refused("NOT-3D", words):
        load_volume(write_nifti(tmp_path / "a.nii.gz", ct_array(shape)))


def test_nan_voxels(tmp_path):
    array = ct_array().astype(np.float32)
    array[0, 0, :3] = [np.nan, np.inf, -np.inf]
    with refused("NON-FINITE", "3 NaN or infinite", "0.278 %", "--nan-fill"):
        load_volume(write_nifti(tmp_path / "a.nii.gz", array))


def test_constant_image(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.full(SHAPE, -1024, np.int16))
    with refused("CONSTANT", "every voxel is -1024"):
        load_volume(path)


def test_not_hounsfield_units_warns(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", (ct_array() % 256).astype(np.uint8))
    with pytest.warns(UserWarning, match="0 to 255 are not Hounsfield units"):
        load_volume(path)


def test_grids_of_different_shape():
    a = Volume(np.zeros((10, 10, 10)), np.eye(4))
    b = LabelVolume(np.zeros((10, 10, 12)), np.eye(4))
    with refused("GRID-MISMATCH", "m.nii.gz: shape (10, 10, 12)", "(10, 10, 10)"):
        check_same_grid(a, b, "ct.nii.gz", "m.nii.gz")


def test_grids_apart_tell_the_corner_distance():
    """1 % more spacing over 101 voxels of 3 mm: 3 mm in one axis."""
    a = Volume(np.zeros((101, 10, 10)), np.diag([3.0, 1, 1, 1]))
    b = LabelVolume(np.zeros((101, 10, 10)), np.diag([3.03, 1, 1, 1]))
    with refused("GRID-MISMATCH", "up to 3.0 mm apart", "3.03", "of ct.nii.gz"):
        check_same_grid(a, b, "ct.nii.gz", "mask.nii.gz")


def test_labels_between_integers_are_listed(tmp_path):
    array = np.zeros(SHAPE, np.float32)
    array[0, 0, :4] = [20, 20.5, 3.25, np.nan]
    with refused("NON-INTEGER", "3 label values", "3.25, 20.5, nan", "nearest"):
        load_labels(write_nifti(tmp_path / "a.nii.gz", array))


@pytest.mark.parametrize("dtype", [np.int16, np.float64])
def test_labels_outside_the_scheme(tmp_path, dtype):
    array = np.zeros(SHAPE, dtype)
    array[0, 0, :4] = [20, 31, 200, -1]
    with refused("LABEL-SCHEME", "{-1, 31, 200}", "0 to 28"):
        load_labels(write_nifti(tmp_path / "a.nii.gz", array))


def test_many_bad_labels_are_cut_short(tmp_path):
    array = np.zeros(SHAPE, np.int16)
    array[0, :, 0] = np.arange(29, 39)
    with refused("LABEL-SCHEME", "29, 30, 31, 32, 33, 34, 35, 36, and 2 more"):
        load_labels(write_nifti(tmp_path / "a.nii.gz", array))


def test_series_of_label_maps(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", np.zeros((*SHAPE, 2), np.uint8))
    with refused("FOUR-D", "2 volumes"):
        load_labels(path)


@pytest.mark.parametrize(
    ("labels", "words"), [([0], "no foreground"), ([0, 26, 27], "sacrum, coccyx")]
)
def test_no_vertebra(labels, words):
    array = np.resize(labels, SHAPE).astype(np.uint8)
    with refused("NO-VERTEBRA", words, "undefined"):
        check_has_vertebra(LabelVolume(array, np.eye(4)), "pred.nii.gz")


def test_a_vertebra_beside_the_sacrum_is_enough():
    array = np.resize([0, 26, 28], SHAPE).astype(np.uint8)
    check_has_vertebra(LabelVolume(array, np.eye(4)), "pred.nii.gz")
