"""Headers whose geometry is absent, broken, contradictory or absurd."""

import nibabel as nib
import numpy as np
import pytest

from spine_jax.io.nifti import (
    load_labels,
    load_volume,
)
from tests.io.files import (
    ct_array,
    oblique_affine,
    patch_header,
    refused,
    write_nifti,
)


@pytest.fixture
def plain(tmp_path):
    return write_nifti(tmp_path / "ct.nii", ct_array())


def test_no_geometry(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array())
    patch_header(path, sform_code=0)
    with refused("NO-GEOMETRY", "both 0"):
        load_volume(path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_affine_not_finite(plain, value):
    patch_header(plain, srow_y=[0, value, 0, 0])
    with refused("NO-GEOMETRY", "singular or not finite"):
        load_volume(plain)


def test_affine_singular(plain):
    patch_header(plain, srow_y=[0, 0, 0, 5])
    with refused("NO-GEOMETRY", "singular"):
        load_labels(plain)


def test_prefer_a_form_that_is_not_there(plain):
    with refused("NO-GEOMETRY", "no qform"):
        load_volume(plain, prefer="qform")


def test_sform_and_qform_disagree(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array(), qform_code=1)
    header = nib.load(path).header
    patch_header(path, qoffset_x=float(header["qoffset_x"]) + 12)
    with refused("SFORM-QFORM", "12.00 mm / 0.0 degrees", "--prefer sform"):
        load_volume(path)
    sform = load_volume(path, prefer="sform").affine_vox_to_mm
    qform = load_volume(path, prefer="qform").affine_vox_to_mm
    np.testing.assert_allclose(sform, oblique_affine(), atol=1e-5)
    np.testing.assert_allclose(qform[:3, 3] - sform[:3, 3], [12, 0, 0], atol=1e-5)


def test_sform_and_qform_turned(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array(), np.eye(4), qform_code=1)
    patch_header(path, quatern_d=np.sqrt(0.5))  # 90 degrees about z
    with refused("SFORM-QFORM", "90.0 degrees"):
        load_volume(path)


def test_sform_and_qform_mirrored(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array(), np.eye(4), qform_code=1)
    patch_header(path, srow_x=[-1, 0, 0, 0])
    with refused("SFORM-QFORM", "a mirror image"):
        load_volume(path)


def test_broken_sform_beside_a_good_qform(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array(), qform_code=1)
    patch_header(path, srow_x=[np.nan, 0, 0, 0])
    with refused("SFORM-QFORM", "the sform is singular or not finite"):
        load_volume(path)
    load_volume(path, prefer="qform")


def test_quaternion_that_is_no_rotation(plain):
    patch_header(plain, sform_code=0, qform_code=1, quatern_b=0.9, quatern_c=0.9)
    with refused("NO-GEOMETRY", "qform"):
        load_volume(plain)


def test_rounding_of_the_quaternion_is_no_disagreement(tmp_path):
    """Headers of half turns, as float32 stores them, must pass."""
    rng = np.random.default_rng(1)
    shape = (9, 8, 8)
    for _ in range(60):
        angle = 10 ** rng.uniform(-5, -1)
        tilt, _ = np.linalg.qr(np.eye(3) + angle * rng.normal(size=(3, 3)))
        affine = np.eye(4)
        affine[:3, :3] = np.diag([-1, -1, 1]) @ (tilt * np.sign(np.diag(tilt))) * 10
        path = write_nifti(tmp_path / "a.nii", ct_array(shape), affine, qform_code=1)
        np.testing.assert_allclose(
            load_volume(path).affine_vox_to_mm, affine, rtol=0, atol=1e-4
        )


def test_shear_warns_with_its_size(tmp_path):
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[1, 2] = 2 * np.tan(np.arcsin(0.12))  # third axis leans by asin(0.12)
    path = write_nifti(tmp_path / "a.nii.gz", ct_array(), affine)
    with pytest.warns(UserWarning, match=r"shear 0\.12"):
        volume = load_volume(path)
    np.testing.assert_allclose(volume.affine_vox_to_mm, affine, atol=1e-6)


@pytest.mark.parametrize(
    ("spacing", "unit", "words"),
    [
        ([820, 820, 1000], "micron", ("820 x 820 x 1000 mm", "micron", "micrometres")),
        ([8e-4, 8e-4, 1e-3], "unknown", ("0.0008 x 0.0008 x 0.001", "metres")),
        ([1, 1, 12], "mm", ("1 x 1 x 12 mm",)),
    ],
)
def test_absurd_spacing(tmp_path, spacing, unit, words):
    path = write_nifti(tmp_path / "a.nii", ct_array(), np.diag([*spacing, 1.0]))
    patch_header(path, xyzt_units={"unknown": 0, "mm": 2, "micron": 3}[unit])
    with refused("SPACING", "0.01 to 10 mm", *words):
        load_volume(path)
