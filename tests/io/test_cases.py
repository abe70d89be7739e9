"""Which files belong together, and to whom."""

import pytest

from spine_jax.core import InputError
from spine_jax.io.cases import find_images, find_label_maps, find_scans


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_the_release_of_verse(tmp_path):
    raw, derived = tmp_path / "rawdata", tmp_path / "derivatives"
    for split in ("verse010", "verse011"):
        stem = f"sub-verse009_split-{split}"
        touch(raw / "sub-verse009" / f"{stem}_ct.nii.gz")
        touch(derived / "sub-verse009" / f"{stem}_seg-vert_msk.nii.gz")
    first, second = find_scans(tmp_path)
    assert first.name == "sub-verse009_split-verse010"
    assert first.patient == second.patient == "sub-verse009"
    assert first.image.parent.parent == raw
    assert first.labels.name == "sub-verse009_split-verse010_seg-vert_msk.nii.gz"


def test_the_challenge_of_verse(tmp_path):
    image = touch(tmp_path / "verse004.nii.gz")
    labels = touch(tmp_path / "verse004_seg.nii.gz")
    (scan,) = find_scans(tmp_path)
    assert (scan.name, scan.image, scan.labels) == ("verse004", image, labels)


def test_one_folder_per_case(tmp_path):
    for patient in ("ann", "bob"):
        touch(tmp_path / patient / "ct.nii.gz")
        touch(tmp_path / patient / "labels.nii.gz")
    assert [scan.name for scan in find_scans(tmp_path)] == ["ann", "bob"]
    assert [scan.patient for scan in find_scans(tmp_path)] == ["ann", "bob"]


def test_names_stay_apart(tmp_path):
    for session in ("ses-1", "ses-2"):
        touch(tmp_path / "sub-01" / session / "scan_ct.nii.gz")
        touch(tmp_path / "sub-01" / session / "scan_seg.nii.gz")
    scans = find_scans(tmp_path)
    assert [scan.name for scan in scans] == ["sub-01_ses-1_scan", "sub-01_ses-2_scan"]
    assert {scan.patient for scan in scans} == {"sub-01"}


def test_label_maps_alone(tmp_path):
    for name in ("verse400_verse090_seg", "verse400_verse155_seg", "ann_seg-vert_msk"):
        touch(tmp_path / f"{name}.nii.gz")
    touch(tmp_path / "ann_ct.nii.gz")
    found = {scan.name: scan.patient for scan in find_label_maps(tmp_path)}
    assert found == {
        "ann": "ann",
        "verse400_verse090": "verse400",
        "verse400_verse155": "verse400",
    }


def test_images_alone(tmp_path):
    path = touch(tmp_path / "ann" / "cbct.nii.gz")
    assert find_images(tmp_path) == [("cbct", "cbct", path)]


@pytest.mark.parametrize("find", [find_scans, find_label_maps, find_images])
def test_folders_without_cases_are_told(tmp_path, find):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match="NO-CASES"):
        find(tmp_path)
    with pytest.raises(InputError, match="NO-FOLDER"):
        find(tmp_path / "missing")
