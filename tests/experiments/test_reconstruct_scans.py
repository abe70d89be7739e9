"""Names, scores and table of the study; the stages themselves are faked."""

import json

import numpy as np
import pytest

from experiments import reconstruct_scans as study
from spine_jax.core import Centroids, InputError, LabelVolume, Mesh
from spine_jax.io.cases import ScanFiles
from spine_jax.io.meshes import save_mesh
from spine_jax.io.nifti import save_labels
from tests.helpers import icosphere

BODIES = Centroids(np.array([[0.0, 0, 60], [0, 0, 30], [0, 0, 0]]), (20, 21, 22))


def found(*heights_mm):
    return [
        {"name": f"L{3 + k}", "centre_mm": [1.0, -2.0, z]}
        for k, z in enumerate(heights_mm)
    ]


def test_a_centre_belongs_to_the_true_one_nearby():
    assert study.true_names(found(58, 31, -20), BODIES) == ["L1", "L2", None]


@pytest.mark.parametrize(
    "names, expected",
    [
        (["L1", "L2"], "L1"),
        ([None, "L1"], "T12"),
        ([None, None], None),
        (["T13", "L1"], "T12"),
        ([], None),
    ],
)
def test_the_uppermost_is_named_by_the_first_that_is_known(names, expected):
    assert study.uppermost(names) == expected


def test_scans_are_what_simulate_writes(tmp_path):
    for name in ("b", "a", "unlabelled"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cbct.nii.gz").touch()
    with pytest.raises(InputError, match="spine-jax simulate"):
        study.simulated_scans(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name / "labels.nii.gz").touch()
        (tmp_path / name / "ct_on_grid.nii.gz").touch()
    scans = study.simulated_scans(tmp_path)
    assert [scan.name for scan in scans] == ["a", "b"]
    assert scans[0].image == tmp_path / "a" / "cbct.nii.gz"
    assert scans[0].labels == tmp_path / "a" / "labels.nii.gz"


def test_figures_of_another_model_are_refused(tmp_path):
    study.check_model({"ckpt": "run"}, "run", tmp_path)
    with pytest.raises(InputError, match="figures of run"):
        study.check_model({"ckpt": "run"}, "other", tmp_path)


@pytest.fixture
def scan(tmp_path):
    """Three cubes, the lowest cut by the border."""
    array = np.zeros((20, 20, 40), np.uint8)
    for label, (low, high) in {20: (28, 36), 21: (15, 23), 22: (0, 8)}.items():
        array[6:14, 6:14, low:high] = label
    labels = LabelVolume(array, np.diag([2.0, 2, 2, 1]))
    save_labels(tmp_path / "labels.nii.gz", labels)
    return ScanFiles("some", "some", tmp_path / "labels.nii.gz", tmp_path / "ct.nii.gz")


@pytest.fixture
def requests(monkeypatch, scan):
    """What `reconstruct` is asked for; it finds L1 and L2, and L1 too small."""
    asked = []

    def reconstruct(request):
        asked.append(request)
        truth = study.load_labels(scan.labels)
        array = np.where(np.asarray(truth.array) == 22, 0, truth.array)
        if request.fit_on == "clean":
            array[..., 32:] = 0
        names = ["L1", "L2"] if request.top else ["L2", "L3"]
        vertices, faces = icosphere(1)
        for name in names:
            mesh = Mesh(vertices.astype(np.float32), faces)
            save_mesh(request.output / "meshes" / f"{name}.ply", mesh)
        save_labels(
            request.output / "labels.nii.gz",
            LabelVolume(array.astype(np.uint8), truth.affine_vox_to_mm),
        )
        centres = zip(names, ([19.0, 19, 63], [19, 19, 37]))
        return {
            "centroids": {
                "seconds": 2.0,
                "vertebrae": [{"name": n, "centre_mm": c} for n, c in centres],
                "uppermost": {"L2": 0.4, "L1": 0.3},
            },
            "fit": {"seconds": 3.0},
        }

    monkeypatch.setattr(study, "reconstruct", reconstruct)
    return asked


@pytest.mark.filterwarnings("ignore:.*body centres")
@pytest.mark.filterwarnings("ignore:.*cuts the body")
def test_a_scan_is_fitted_on_both_images_under_its_true_names(scan, requests, tmp_path):
    row = json.loads(json.dumps(study.study(scan, tmp_path / "run", tmp_path)))
    told = [(request.top, request.start, request.fit_on) for request in requests]
    assert told == [
        (None, None, "original"),
        ("L1", "centroids", "original"),
        ("L1", "fit", "clean"),
    ]
    assert row["found"] == {"L1": "L1", "L2": "L2"} and row["whole"] == ["L1", "L2"]
    assert row["by_size"] == ["L2", "L3"] and row["probability"] == 0.4
    assert row["closed"] == [True, True] and row["seconds"]["clean"] == 5.0
    assert row["scores"]["original"]["L1"]["dice"] == 1
    # Half of the cube: 2 (1/2) / (1 + 1/2).
    np.testing.assert_allclose(row["scores"]["clean"]["L1"]["dice"], 2 / 3)
    table = study.as_markdown([row])
    assert "| some | L1 | 0.667 | 1.000 |" in table
    assert "| all | mean | 0.833 | 1.000 |" in table
    assert "not found L3; wrong names none; names by size wrong, stated 40 %" in table
