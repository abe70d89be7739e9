import pytest

from spine_jax.io.paths import require_file
from tests.io.files import refused


def test_missing_file_names_the_closest_one(tmp_path):
    (tmp_path / "ct.nii.gz").write_bytes(b"x")
    (tmp_path / "labels.json").write_bytes(b"x")
    with refused("NOT-FOUND", "did you mean", f"{tmp_path / 'ct.nii.gz'}"):
        require_file(tmp_path / "cta.nii.gz")


def test_nothing_similar_is_said(tmp_path):
    (tmp_path / "labels.json").write_bytes(b"x")
    with refused("NOT-FOUND", "1 entries, none of them similar"):
        require_file(tmp_path / "ct.nii.gz")


def test_missing_folder_is_said(tmp_path):
    with refused("NOT-FOUND", f"{tmp_path / 'no'} does not exist"):
        require_file(tmp_path / "no" / "ct.nii.gz")


def test_folder_is_refused(tmp_path):
    with refused("IS-FOLDER", "DICOM"):
        require_file(tmp_path)


def test_empty_file_is_refused(tmp_path):
    (tmp_path / "ct.nii.gz").touch()
    with refused("EMPTY-FILE", "0 bytes"):
        require_file(tmp_path / "ct.nii.gz")


@pytest.mark.parametrize("kind", [str, lambda p: p])
def test_file_with_content_is_returned(tmp_path, kind):
    (tmp_path / "a.txt").write_text("a")
    assert require_file(kind(tmp_path / "a.txt")) == tmp_path / "a.txt"
