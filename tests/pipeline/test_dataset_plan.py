"""Who becomes what: disjoint, and the same again for the same seed and names."""

import nibabel
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.pipeline.dataset_plan import make_plan, split_domain, split_patients

PATIENTS = [f"sub-{number:02}" for number in range(10)]


def write_labels(path, label=22):
    array = np.zeros((9, 9, 9), np.uint8)
    array[3:6, 3:6, 3:6] = label
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), path)


def plan(folder, **changes):
    options = {
        "from_labels": True,
        "cbct_folder": None,
        "seed": 0,
        "test_share": 0.25,
    }
    return make_plan(folder, **(options | changes))


def test_domains_and_splits_are_disjoint_and_of_the_wanted_size():
    places = split_patients(PATIENTS, 0, 0.2)
    assert places.keys() == set(PATIENTS)
    counts = {}
    for place in places.values():
        counts[place] = counts.get(place, 0) + 1
    assert counts == {
        ("ct", "train"): 4,
        ("ct", "test"): 1,
        ("cbct", "train"): 4,
        ("cbct", "test"): 1,
    }


def test_places_follow_from_seed_and_names_not_from_the_order():
    assert split_patients(PATIENTS, 1, 0.2) == split_patients(PATIENTS[::-1], 1, 0.2)
    others = [split_patients(PATIENTS, seed, 0.2) for seed in range(5)]
    assert any(other != others[0] for other in others)


@pytest.mark.parametrize(
    ("count", "share", "held_out"),
    [(1, 0.5, 0), (2, 0.1, 1), (2, 0.9, 1), (10, 0.0, 0), (10, 0.3, 3)],
)
def test_somebody_always_trains(count, share, held_out):
    places = split_domain(PATIENTS[:count], "ct", 0, share)
    assert sum(split == "test" for _, split in places.values()) == held_out


def test_scans_of_a_patient_stay_together(tmp_path):
    for name in ("verse1_a", "verse1_b", "verse2_a", "verse2_b", "verse3_a"):
        write_labels(tmp_path / f"{name}_seg.nii.gz")
    for seed in range(5):
        made = plan(tmp_path, seed=seed)
        places = {}
        for scan in made.scans:
            places.setdefault(scan.patient, set()).add((scan.domain, scan.split))
        assert len(made.scans) == 5 and all(len(p) == 1 for p in places.values())
        assert len({scan.seed for scan in made.scans}) == 5
        assert plan(tmp_path, seed=seed) == made


def test_ct_patients_may_be_simulated_besides(tmp_path):
    for name in ("verse1_a", "verse1_b", "verse2_a", "verse3_a", "verse4_a"):
        write_labels(tmp_path / f"{name}_seg.nii.gz")
    plain = plan(tmp_path, test_share=0.4)
    made = plan(tmp_path, test_share=0.4, simulate_ct=True)
    added = made.scans[len(plain.scans) :]
    assert made.scans[: len(plain.scans)] == plain.scans
    trains = {s.name: s for s in plain.scans if (s.domain, s.split) == ("ct", "train")}
    assert {s.name for s in added} == {f"simulated_{name}" for name in trains}
    for scan in added:
        source = trains[scan.name.removeprefix("simulated_")]
        assert scan.domain == "simulated" and scan.split == "train"
        assert (scan.patient, scan.labels) == (source.patient, source.labels)


def test_a_cbct_patient_may_be_simulated_more_than_once(tmp_path):
    for name in ("verse1_a", "verse2_a", "verse3_a", "verse4_a"):
        write_labels(tmp_path / f"{name}_seg.nii.gz")
    plain = plan(tmp_path, test_share=0.5)
    made = plan(tmp_path, test_share=0.5, cbcts_per_patient=3)
    assert made.scans[: len(plain.scans)] == plain.scans
    added = made.scans[len(plain.scans) :]
    once = {scan.name: scan for scan in plain.scans if scan.domain == "cbct"}
    assert {scan.name for scan in added} == {
        f"{name}_scan{number}" for name in once for number in (2, 3)
    }
    for scan in added:
        source = once[scan.name.rpartition("_scan")[0]]
        assert (scan.patient, scan.domain, scan.split, scan.labels) == (
            source.patient,
            source.domain,
            source.split,
            source.labels,
        )
    assert len({scan.seed for scan in made.scans}) == len(made.scans)


def test_numbers_of_simulations_that_make_no_sense_are_told(tmp_path):
    with pytest.raises(InputError, match="--cbcts-per-patient: 0; expected at least 1"):
        plan(tmp_path, cbcts_per_patient=0)
    with pytest.raises(InputError, match="2 beside real CBCTs"):
        plan(tmp_path, cbcts_per_patient=2, cbct_folder=tmp_path)


def test_scans_without_lumbar_labels_are_left_out_before_the_split(tmp_path):
    for name in ("a", "b"):
        write_labels(tmp_path / f"{name}_seg.nii.gz")
    write_labels(tmp_path / "neck_seg.nii.gz", label=3)
    (tmp_path / "broken_seg.nii.gz").write_bytes(b"nothing")
    made = plan(tmp_path)
    assert {scan.domain for scan in made.scans} == {"ct", "cbct"}
    reasons = dict(made.left_out)
    assert "NO-LUMBAR" in reasons["neck"] and "NOT-NIFTI" in reasons["broken"]


def test_real_cbcts_leave_all_others_to_ct(tmp_path):
    for name in ("a", "b"):
        write_labels(tmp_path / "ct" / f"{name}_seg.nii.gz")
    for name in ("c", "d", "e"):
        write_labels(tmp_path / "cbct" / f"{name}.nii.gz")
    made = plan(tmp_path / "ct", cbct_folder=tmp_path / "cbct")
    domains = {scan.patient: scan.domain for scan in made.scans}
    assert domains == dict.fromkeys("ab", "ct") | dict.fromkeys("cde", "cbct")
    write_labels(tmp_path / "cbct" / "a.nii.gz")
    with pytest.raises(InputError, match="PATIENT-OVERLAP.*a in both"):
        plan(tmp_path / "ct", cbct_folder=tmp_path / "cbct")


def test_too_few_patients_and_senseless_shares_are_told(tmp_path):
    write_labels(tmp_path / "a_seg.nii.gz")
    with pytest.raises(InputError, match="FEW-PATIENTS"):
        plan(tmp_path)
    with pytest.raises(InputError, match="TEST-SHARE"):
        plan(tmp_path, test_share=1.0)
