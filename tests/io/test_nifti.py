"""Volumes and label maps to files and back, read by nibabel as the judge."""

import warnings
import xml.etree.ElementTree as ET

import nibabel as nib
import numpy as np
import pytest

from spine_jax.core import LabelVolume, Volume
from spine_jax.core.labels import label_colour
from spine_jax.io.nifti import (
    check_same_grid,
    load_labels,
    load_volume,
    save_labels,
    save_volume,
)
from tests.io.files import (
    SHAPE,
    ct_array,
    oblique_affine,
    patch_header,
    refused,
    write_nifti,
)


def label_array() -> np.ndarray:
    array = np.zeros(SHAPE, np.int16)
    array[2:4, 2:4, 2:4] = 19
    array[5:7, 2:4, 2:4] = 28
    array[8:9, 2:4, 2:4] = 26
    return array


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kind", [nib.Nifti1Image, nib.Nifti2Image])
@pytest.mark.parametrize("dtype", ["<i2", ">i2", "<i4", "<f4", ">f8"])
def test_load_volume_reads_every_kind(tmp_path, name, kind, dtype):
    array = ct_array().astype(dtype)
    volume = load_volume(write_nifti(tmp_path / name, array, kind=kind))
    assert volume.array.dtype == np.float32
    assert volume.affine_vox_to_mm.dtype == np.float64
    np.testing.assert_array_equal(volume.array, ct_array())
    np.testing.assert_allclose(volume.affine_vox_to_mm, oblique_affine(), atol=1e-5)


def test_load_volume_applies_slope_and_intercept(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array())
    patch_header(path, scl_slope=2.0, scl_inter=-1024.0)
    volume = load_volume(path)
    assert volume.array[0, 0, 0] == 2 * -500 - 1024
    assert volume.array[0, 0, 1] == 2 * -499 - 1024


def test_content_decides_not_the_name(tmp_path):
    plain = write_nifti(tmp_path / "a.nii", ct_array())
    misnamed = plain.rename(tmp_path / "b.nii.gz")
    np.testing.assert_array_equal(load_volume(misnamed).array, ct_array())


def test_volume_of_a_series_by_index(tmp_path):
    series = np.stack([ct_array(), ct_array() + 7], axis=-1)
    path = write_nifti(tmp_path / "a.nii.gz", series)
    np.testing.assert_array_equal(
        load_volume(path, volume_index=1).array, ct_array() + 7
    )


def test_series_of_one_is_squeezed_with_a_warning(tmp_path):
    path = write_nifti(tmp_path / "a.nii.gz", ct_array()[..., None])
    with pytest.warns(UserWarning, match=r"\(12, 10, 9, 1\) taken as \(12, 10, 9\)"):
        volume = load_volume(path)
    np.testing.assert_array_equal(volume.array, ct_array())


def test_nan_fill_replaces_nan_and_infinities(tmp_path):
    array = ct_array().astype(np.float32)
    array[0, 0, :3] = [np.nan, np.inf, -np.inf]
    path = write_nifti(tmp_path / "a.nii.gz", array)
    volume = load_volume(path, nan_fill=-1024)
    assert volume.array[0, 0].tolist() == [-1024] * 3 + list(range(-497, -491))


def test_load_labels_reads_floats_and_rounds_within_a_thousandth(tmp_path):
    array = label_array().astype(np.float64)
    array[5, 2, 2] = 28.0005
    path = write_nifti(tmp_path / "a.nii.gz", array)
    labels = load_labels(path)
    assert labels.array.dtype == np.uint8
    np.testing.assert_array_equal(labels.array, label_array())


def test_load_labels_undoes_an_inherited_scaling(tmp_path):
    """Labels saved under a CT's header come back as 20.000122 and the like."""
    stored = np.where(label_array() == 19, 19, 0).astype(np.int16)
    path = write_nifti(tmp_path / "a.nii", stored)
    patch_header(path, scl_slope=1.00001, scl_inter=0.0)
    np.testing.assert_array_equal(load_labels(path).array, stored)


def test_save_labels_round_trip_and_header(tmp_path):
    labels = LabelVolume(label_array(), oblique_affine())
    save_labels(tmp_path / "a.nii.gz", labels)
    image = nib.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == np.uint8
    assert (image.dataobj.slope, image.dataobj.inter) == (1.0, 0.0)
    assert image.header.get_xyzt_units()[0] == "mm"
    sform, sform_code = image.header.get_sform(coded=True)
    qform, qform_code = image.header.get_qform(coded=True)
    assert (sform_code, qform_code) == (1, 1)
    np.testing.assert_allclose(sform, oblique_affine(), atol=1e-5)
    np.testing.assert_allclose(qform, oblique_affine(), atol=1e-5)
    np.testing.assert_array_equal(np.asarray(image.dataobj), label_array())
    np.testing.assert_array_equal(
        load_labels(tmp_path / "a.nii.gz").array, label_array()
    )


def test_save_labels_names_what_is_present(tmp_path):
    save_labels(tmp_path / "a.nii.gz", LabelVolume(label_array(), oblique_affine()))
    (extension,) = nib.load(tmp_path / "a.nii.gz").header.extensions
    assert extension.get_code() == 0
    root = ET.fromstring(extension.get_content())  # as TotalSegmentator reads it
    entries = root.findall("VolumeInformation/LabelTable/Label")
    assert root.tag == "CaretExtension"
    assert {int(e.get("Key")): e.text for e in entries} == {
        19: "T12",
        26: "sacrum",
        28: "T13",
    }
    red = float(entries[0].get("Red"))
    assert red == pytest.approx(label_colour(19)[0] / 255, abs=1e-4)


def test_saved_bytes_are_the_same_each_time(tmp_path):
    labels = LabelVolume(label_array(), oblique_affine())
    save_labels(tmp_path / "a.nii.gz", labels)
    save_labels(tmp_path / "b.nii.gz", labels)
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


@pytest.mark.parametrize(
    ("codes", "expected"), [((2, 1), (2, 1)), ((0, 1), (1, 1)), ((4, 0), (4, 4))]
)
def test_codes_follow_the_reference(tmp_path, codes, expected):
    reference = write_nifti(
        tmp_path / "ct.nii.gz", ct_array(), sform_code=codes[0], qform_code=codes[1]
    )
    labels = LabelVolume(label_array(), load_volume(reference).affine_vox_to_mm)
    save_labels(tmp_path / "a.nii.gz", labels, reference=reference)
    header = nib.load(tmp_path / "a.nii.gz").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == expected
    check_same_grid(
        load_volume(reference), load_labels(tmp_path / "a.nii.gz"), "ct", "labels"
    )


def test_shear_is_kept_in_the_sform_alone(tmp_path):
    affine = oblique_affine() @ _shear(0.2)
    save_labels(tmp_path / "a.nii.gz", LabelVolume(label_array(), affine))
    header = nib.load(tmp_path / "a.nii.gz").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 0)
    with pytest.warns(UserWarning, match="not orthogonal"):
        loaded = load_labels(tmp_path / "a.nii.gz")
    np.testing.assert_allclose(loaded.affine_vox_to_mm, affine, atol=1e-5)


def test_half_turns_survive_writing_and_reading(tmp_path):
    """The float32 quaternion of a turn near 180 degrees may be off by a millimetre."""
    rng = np.random.default_rng(0)
    shape = (9, 8, 8)
    labels = np.zeros(shape, np.uint8)
    for _ in range(40):
        angle = 10 ** rng.uniform(-5, -2)
        tilt = np.array([[1, 0, 0], [0, 1, -angle], [0, angle, 1]])
        affine = np.eye(4)
        affine[:3, :3] = np.linalg.qr(np.diag([-1, -1, 1]) @ tilt)[0] * 10
        affine[:3, 3] = [250, 250, -900]
        save_labels(tmp_path / "a.nii", LabelVolume(labels, affine))
        loaded = load_labels(tmp_path / "a.nii")
        np.testing.assert_allclose(loaded.affine_vox_to_mm, affine, atol=1e-4)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (ct_array(), np.int16),
        (ct_array() + 0.25, np.float32),
        (ct_array().astype(np.float32) + 40000, np.float32),
    ],
)
def test_save_volume_round_trip(tmp_path, array, dtype):
    save_volume(tmp_path / "a.nii.gz", Volume(array, oblique_affine()))
    assert nib.load(tmp_path / "a.nii.gz").get_data_dtype() == dtype
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the bright image is not in HU
        loaded = load_volume(tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(loaded.array, array.astype(np.float32))
    np.testing.assert_allclose(loaded.affine_vox_to_mm, oblique_affine(), atol=1e-5)


def test_same_grid_within_a_tenth_of_a_millimetre():
    affine = oblique_affine()
    moved = affine.copy()
    moved[:3, 3] += [0.06, 0.06, 0]  # 0.085 mm
    a, b = Volume(ct_array(), affine), LabelVolume(label_array(), moved)
    check_same_grid(a, b, "ct.nii.gz", "labels.nii.gz")


def test_reading_real_files_agrees_with_nibabel(shared_data):
    """A qform-only CT, its sform-only mask, and an int32 CT."""
    folder = shared_data / "ct" / "verse014"
    volume = load_volume(folder / "sub-verse014_ct.nii.gz")
    labels = load_labels(folder / "sub-verse014_seg-vert_msk.nii.gz")
    image = nib.load(folder / "sub-verse014_ct.nii.gz")
    np.testing.assert_array_equal(volume.array, np.asarray(image.dataobj))
    np.testing.assert_array_equal(volume.affine_vox_to_mm, image.affine)
    assert sorted(set(labels.array.ravel().tolist())) == [0, 20, 21, 22, 23, 24]
    check_same_grid(volume, labels, "ct", "mask")
    other = shared_data / "ct" / "lumbar_3mm" / "ct.nii.gz"
    with refused("GRID-MISMATCH", "(122, 101, 112)", "(186, 186, 40)"):
        check_same_grid(volume, load_volume(other), "ct", other)


def test_part_labels_of_a_real_file_are_outside_the_scheme(shared_data):
    name = "ct/l3_crop/sub-ct_seg-subreg_label-22_msk.nii.gz"
    with refused("LABEL-SCHEME", "{41, 42, 43", "VerSe", "SPINEPS"):
        load_labels(shared_data / name)


def _shear(amount: float) -> np.ndarray:
    shear = np.eye(4)
    shear[1, 2] = amount
    return shear
