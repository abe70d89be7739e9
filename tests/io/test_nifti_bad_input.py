"""Every bad image or label map is refused with its code and the words that help."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from spine_jax.core import LabelVolume, Volume
from spine_jax.io.nifti import (
    check_has_vertebra,
    check_same_grid,
    load_labels,
    load_volume,
)
from spine_jax.io.nifti_stream import read_header
from tests.io.files import (
    SHAPE,
    ct_array,
    gzipped,
    oblique_affine,
    patch_header,
    refused,
    write_nifti,
)

PAYLOAD = 352  # bytes before the first voxel of a `.nii`


@pytest.fixture
def plain(tmp_path):
    return write_nifti(tmp_path / "ct.nii", ct_array())


def test_missing_path_suggests_a_name(plain):
    with refused("NOT-FOUND", "did you mean", "ct.nii"):
        load_volume(plain.with_name("ct.nii.gz"))


def test_empty_file(tmp_path):
    (tmp_path / "a.nii.gz").touch()
    with refused("EMPTY-FILE", "a.nii.gz"):
        load_volume(tmp_path / "a.nii.gz")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_not_nifti_shows_the_first_bytes(tmp_path, name):
    (tmp_path / name).write_bytes(b"<html>404 not found</html>" * 40)
    with refused("NOT-NIFTI", "<html>", "NIfTI-1 or NIfTI-2"):
        load_volume(tmp_path / name)


def test_gzip_of_something_else(tmp_path):
    (tmp_path / "a.nii.gz").write_bytes(gzip.compress(b"PNG or so" * 100))
    with refused("NOT-NIFTI", "PNG or s"):
        load_volume(tmp_path / "a.nii.gz")


def test_header_of_a_file_pair(plain):
    patch_header(plain, magic=b"ni1")
    with refused("NOT-NIFTI", ".hdr/.img"):
        load_volume(plain)


def test_unknown_voxel_type(plain):
    patch_header(plain, datatype=77)
    with refused("NOT-NIFTI", "77"):
        load_volume(plain)


@pytest.mark.parametrize("share", [0.3, 0.41, 0.9])
def test_truncated_gzip_tells_the_share(plain, share):
    path = gzipped(plain)
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    with refused("TRUNCATED", f"{100 * share:.0f} % of the header's promised", "bytes"):
        load_volume(path)
    with refused("TRUNCATED"):
        load_volume(path, checksum=False)


def test_truncated_within_the_header(plain):
    path = gzipped(plain)
    path.write_bytes(path.read_bytes()[:100])
    with refused("TRUNCATED", "within the header"):
        load_volume(path)
    with refused("TRUNCATED", "within the header"):
        read_header(path)


def test_truncated_without_compression(plain):
    plain.write_bytes(plain.read_bytes()[: PAYLOAD + 540])
    with refused("TRUNCATED", "36 %"):  # 892 of 352 + 2 * 12 * 10 * 9 = 2512 bytes
        load_volume(plain)


def test_large_files_are_told_in_megabytes(tmp_path):
    path = write_nifti(tmp_path / "a.nii", ct_array((60, 50, 40)))
    path.write_bytes(path.read_bytes()[:12000])
    with refused("TRUNCATED", "5 % of the header's promised 0.2 MB"):
        load_volume(path)


def test_missing_checksum_counts_as_failed(plain):
    path = gzipped(plain)
    path.write_bytes(path.read_bytes()[:-4])
    with refused("CHECKSUM", "--no-checksum"):
        load_volume(path)


def test_bit_flip_fails_the_checksum_and_can_be_overridden(plain):
    path = gzipped(plain)
    content = bytearray(path.read_bytes())
    last_voxel = len(content) - 8 - 2  # before CRC and length, int16
    content[last_voxel] ^= 1
    path.write_bytes(content)
    nib.load(path).get_fdata()  # nibabel does not notice
    with refused("CHECKSUM", "voxels may be wrong", "--no-checksum"):
        load_volume(path)
    array = load_volume(path, checksum=False).array
    assert np.flatnonzero(array.ravel() != ct_array().ravel()).tolist() == [1079]


def test_bit_flip_that_breaks_the_stream(tmp_path):
    path = gzipped(write_nifti(tmp_path / "a.nii", ct_array((60, 50, 40))))
    content = bytearray(path.read_bytes())
    first_block = int.from_bytes(content[11:13], "little")
    content[10 + 5 + first_block] = 0b110  # a block type that does not exist
    path.write_bytes(content)
    with refused("DAMAGED", "% of the header's promised 0.2 MB", "again"):
        load_volume(path, checksum=False)


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
