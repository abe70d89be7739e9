"""Missing, foreign, truncated and damaged files are refused, each in its words."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from spine_jax.io.nifti import (
    load_volume,
)
from spine_jax.io.nifti_stream import read_header
from tests.io.files import (
    ct_array,
    gzipped,
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
