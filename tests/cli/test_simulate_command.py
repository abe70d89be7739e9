"""`spine-jax simulate` and `dataset make` from the command line, on a tiny phantom."""

import dataclasses
import json

import nibabel
import numpy as np
import pytest

from spine_jax.cli.main import main
from spine_jax.pipeline import simulate_batch as batch_module
from spine_jax.pipeline import simulate_files
from spine_jax.pipeline.simulate_batch import simulate_batch
from spine_jax.pipeline.simulate_files import SimulateRequest, case_seed
from tests.cli.test_bad_input import assert_refused, run
from tests.pipeline.phantoms import COARSE, in_this_process, write_case

FILES = {
    "cbct.nii.gz",
    "metal.nii.gz",
    "labels.nii.gz",
    "ct_on_grid.nii.gz",
    "preview.png",
    "report.json",
}
SEED = 6


@pytest.fixture(autouse=True)
def coarse_preset(monkeypatch):
    monkeypatch.setitem(simulate_files.PRESETS, "small", COARSE)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Paths of a CT and its mask."""
    return write_case(tmp_path_factory.mktemp("case"), "ann")


@pytest.fixture(scope="module")
def output(case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(simulate_files.PRESETS, "small", COARSE)
        arguments = ["simulate", "-i", case[0], "-s", case[1], "-o", folder]
        assert main([str(a) for a in (*arguments, "--seed", SEED, "--quiet")]) == 0
    return folder


def load(path):
    return np.asarray(nibabel.load(path).dataobj)


def test_writes_everything_on_one_grid(output):
    assert {path.name for path in output.iterdir()} == FILES
    reference = nibabel.load(output / "cbct.nii.gz")
    assert reference.shape == (32, 32, 32)
    for name in ("metal", "labels", "ct_on_grid"):
        image = nibabel.load(output / f"{name}.nii.gz")
        assert image.shape == reference.shape
        np.testing.assert_array_equal(image.affine, reference.affine)
    assert (output / "preview.png").read_bytes().startswith(b"\x89PNG")


def test_files_hold_what_they_say(output):
    assert set(np.unique(load(output / "labels.nii.gz"))) <= {0, 21, 22, 23}
    assert set(np.unique(load(output / "metal.nii.gz"))) == {0, 1}
    bone = load(output / "labels.nii.gz") > 0
    clean = load(output / "ct_on_grid.nii.gz")
    assert clean[bone].mean() > 150 > clean[~bone].mean()
    report = json.loads((output / "report.json").read_text())
    assert report["seed"] == SEED and report["extra"]["scan"]["implants"]
    assert report["extra"]["ct"] == "given"
    assert {entry["path"] for entry in report["outputs"]} == FILES - {"report.json"}


def test_same_seed_same_bytes(case, output, tmp_path):
    arguments = ["-i", case[0], "-s", case[1], "-o", tmp_path / "again"]
    assert main(["simulate", *map(str, arguments), "--seed", str(SEED), "--quiet"]) == 0
    for name in FILES - {"report.json", "preview.png"}:
        a, b = load(output / name), load(tmp_path / "again" / name)
        np.testing.assert_array_equal(a, b)


def test_without_a_ct_and_without_metal(case, tmp_path, capsys):
    arguments = ["-s", case[1], "-o", tmp_path / "out", "--no-metal"]
    assert main(["simulate", *map(str, arguments)]) == 0
    assert "0 implants" in capsys.readouterr().out
    assert not load(tmp_path / "out" / "metal.nii.gz").any()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["extra"]["ct"] == "from labels"


def test_bad_input_is_one_sentence_and_nothing_is_written(case, tmp_path, capsys):
    image, labels = case
    output = tmp_path / "out"

    def refused(*options, words):
        refusal = run(capsys, "simulate", "-o", output, *options)
        assert_refused(*refusal, output, *words)

    refused("-i", image, words=["--labels", "-s"])
    refused("-i", image.parent / "ann.nii.gz", "-s", labels, words=["not found"])
    refused("-i", image.parent, "-s", labels, words=["leaving out -s"])
    refused("-i", image, "-s", image, words=["NON-INTEGER"])
    empty = tmp_path / "empty.nii.gz"
    shape, affine = nibabel.load(labels).shape, nibabel.load(labels).affine
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.uint8), affine), empty)
    refused("-i", image, "-s", empty, words=["NO-VERTEBRA"])
    far = tmp_path / "far.nii.gz"
    moved = affine.copy()
    moved[:3, 3] += 1000
    nibabel.save(nibabel.Nifti1Image(load(labels).astype(np.uint8), moved), far)
    refused("-i", image, "-s", far, words=["GRID-MISMATCH", "0 %"])
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    refused("-i", nothing, words=["NO-CASES"])


def test_the_device_of_a_data_set(case, tmp_path, capsys):
    settings = {"cbct_folder": None, "framing": {"cbct": dataclasses.asdict(COARSE)}}
    (tmp_path / "data").mkdir()
    index = json.dumps({"settings": settings})
    (tmp_path / "data" / "index.json").write_text(index)
    like = ["simulate", "-s", case[1], "--like", tmp_path / "data", "-o"]
    assert run(capsys, *like, tmp_path / "out", "--quiet") == (0, "")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    told = json.loads(index)["settings"]["framing"]["cbct"]
    assert report["options"]["config"] == told
    other = tmp_path / "other"
    refusal = run(capsys, *like, other, "--preset", "carm")
    assert_refused(*refusal, other, "--like", "--preset carm")
    like[4] = tmp_path / "out"
    assert_refused(*run(capsys, *like, other), other, "NO-DEVICE", "dataset make")


def test_earlier_results_are_kept_unless_told(case, output, capsys):
    before = (output / "report.json").read_bytes()
    code, error = run(capsys, "simulate", "-s", case[1], "-o", output)
    assert code == 2 and "--overwrite" in error
    assert (output / "report.json").read_bytes() == before


@pytest.fixture(scope="module")
def three_cases(tmp_path_factory):
    """Two that work, and one whose CT is cut short."""
    folder = tmp_path_factory.mktemp("cases")
    for name in ("ann", "bob", "cat"):
        image, _ = write_case(folder, name)
    image.write_bytes(image.read_bytes()[:500])
    return folder


def test_a_folder_with_a_bad_case(three_cases, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(batch_module, "run_jobs", in_this_process)
    arguments = ["simulate", "-i", str(three_cases), "-o", str(tmp_path / "out")]
    assert main(arguments) == 1
    told = capsys.readouterr()
    (line,) = [line for line in told.err.splitlines() if "error[" in line]
    assert "cat" in line and "TRUNCATED" in line
    assert "2 of 3 cases" in told.out
    for name in ("ann", "bob"):
        assert {p.name for p in (tmp_path / "out" / name).iterdir()} == FILES
    assert not (tmp_path / "out" / "cat").exists()
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["done"], summary["kept"], summary["failed"]) == (2, 0, 1)
    # The same phantom, but each case has its own seed.
    seeds = [
        json.loads((tmp_path / "out" / name / "report.json").read_text())["seed"]
        for name in ("ann", "bob")
    ]
    assert seeds == [case_seed(0, "ann"), case_seed(0, "bob")] and seeds[0] != seeds[1]

    written = (tmp_path / "out" / "ann" / "cbct.nii.gz").stat().st_mtime_ns
    assert main(arguments) == 1
    assert (tmp_path / "out" / "ann" / "cbct.nii.gz").stat().st_mtime_ns == written
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["done"], summary["kept"], summary["failed"]) == (0, 2, 1)
    # Complete cases of other settings are neither kept nor replaced.
    assert main([*arguments, "--no-metal"]) == 1
    assert "other settings" in capsys.readouterr().err
    assert (tmp_path / "out" / "ann" / "cbct.nii.gz").stat().st_mtime_ns == written


def test_cases_run_in_processes_of_their_own(case, tmp_path):
    request = SimulateRequest(case[0].parent, tmp_path, case[0].parent, config=COARSE)
    (result,) = simulate_batch(request, workers=1)
    assert (result.name, result.state) == ("ann", "done")
    assert {path.name for path in (tmp_path / "ann").iterdir()} == FILES


def test_data_sets_are_refused_in_one_sentence_too(tmp_path, capsys):
    output = tmp_path / "out"
    make = ("dataset", "make", "-o", output, "-i")
    assert_refused(*run(capsys, *make, tmp_path / "missing"), output, "NO-FOLDER")
    (tmp_path / "empty").mkdir()
    assert_refused(*run(capsys, *make, tmp_path / "empty"), output, "NO-CASES")
    share = (*make, tmp_path / "empty", "--test-share", "2")
    assert_refused(*run(capsys, *share), output, "TEST-SHARE")
