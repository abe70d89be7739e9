"""CBCT to meshes with the truth in place of the networks, stage by stage."""

import dataclasses
import json
import shutil
import types

import nibabel
import numpy as np
import pytest

from spine_jax.cli.main import main
from spine_jax.core import InputError, LabelVolume, Volume
from spine_jax.core.labels import label_name
from spine_jax.io.centroids import load_centroids
from spine_jax.io.meshes import load_mesh
from spine_jax.io.nifti import load_labels, load_volume, save_labels, save_volume
from spine_jax.io.report import write_report
from spine_jax.pipeline import reconstruct as module
from spine_jax.pipeline.metal_free import without_metal
from spine_jax.pipeline.reconstruct import ReconstructRequest, reconstruct
from tests.pipeline.phantoms import phantom


def device_grey(hounsfield):
    """What another device shows, and a bar of metal at the edge."""
    array = 0.5 * hounsfield + 300
    array[1:3, 1:3] = 4000.0
    return array


@pytest.fixture(scope="module")
def cbct(tmp_path_factory):
    path = tmp_path_factory.mktemp("cbct") / "cbct.nii.gz"
    truth = phantom().volume
    array = device_grey(np.array(truth.array))
    save_volume(path, Volume(array, truth.affine_vox_to_mm))
    return path


class Networks:
    """Fills folders as trained ones would, and counts."""

    def __init__(self):
        self.calls = []

    def translate(self, request):
        self.calls.append("translate")
        save_volume(request.output / "ct.nii.gz", phantom().volume)

    def segment(self, request):
        self.calls.append("segment")
        labels = phantom().labels
        array = (np.asarray(labels.array) > 0).astype(np.uint8)
        mask = LabelVolume(array, labels.affine_vox_to_mm)
        save_labels(request.output / "mask.nii.gz", mask)


def request_for(cbct, output, **options):
    quick = {"preset": "fast", "iterations": 100, "top": "L2", "quiet": True}
    return ReconstructRequest(cbct, output, **({"ckpt": cbct.parent} | quick | options))


def run(request, networks=None, **options):
    networks = networks or Networks()
    return reconstruct(
        request, translator=networks.translate, segmenter=networks.segment, **options
    )


def truth_as_fit(request):
    """What `fit_to_folder` leaves behind, with the truth for a fit."""
    labels = phantom().labels
    centroids = load_centroids(request.centroids, volume=load_volume(request.image))
    save_labels(request.output / "labels.nii.gz", labels)
    write_report(
        request.output / "report.json",
        command="fit",
        options={},
        seed=request.seed,
        inputs=[request.image],
        outputs=["labels.nii.gz"],
        timings_s={"fit": 1.0},
        extra={"settings": {"iterations": request.iterations}},
    )
    names = map(label_name, centroids.labels)
    rows = [{"name": name, "fully_visible": name != "L4"} for name in names]
    return types.SimpleNamespace(labels=labels, statistics=rows)


@pytest.fixture(scope="module")
def output(cbct, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reconstruct") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "fit_to_folder", truth_as_fit)
        run(request_for(cbct, folder))
    return folder


@pytest.fixture
def copied(output, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fit_to_folder", truth_as_fit)
    return shutil.copytree(output, tmp_path / "copied")


@pytest.mark.slow
def test_every_vertebra_is_found_named_and_fitted(cbct, tmp_path):
    output, truth = tmp_path / "out", phantom().labels.array
    run(request_for(cbct, output))
    labels = load_labels(output / "labels.nii.gz")
    assert nibabel.load(output / "labels.nii.gz").shape == nibabel.load(cbct).shape
    for number in (21, 22, 23):
        ours, theirs = labels.array == number, truth == number
        dice = 2 * np.sum(ours & theirs) / (ours.sum() + theirs.sum())
        assert dice > 0.8, number
    for name in ("L2", "L3", "L4"):
        mesh = load_mesh(output / "meshes" / f"{name}.ply")
        edges = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        _, counts = np.unique(edges, axis=0, return_counts=True)
        assert np.all(counts == 2)  # closed
    report = json.loads((output / "report.json").read_text())
    assert report["command"] == "reconstruct"
    assert "meshes/L3.ply" in [each["path"] for each in report["outputs"]]


def test_keeps_all_files_and_tells_about_every_stage(output):
    names = {str(p.relative_to(output)) for p in output.rglob("*") if p.is_file()}
    assert names >= {
        "translate/ct.nii.gz", "segment/mask.nii.gz", "stages.json", "report.json",
        "centroids/centroids.mrk.json", "centroids/centroids_report.json",
        "labels.nii.gz", "preview_cbct.png",
    }  # fmt: skip
    report = json.loads((output / "report.json").read_text())
    assert report["command"] == "reconstruct"
    assert list(report["timings_s"]) == ["translate", "segment", "centroids", "fit"]
    stages = report["extra"]["stages"]
    voxels = np.count_nonzero(phantom().labels.array)
    assert stages["segment"]["mask_voxels"] == voxels
    assert stages["segment"]["mask_cm3"] == pytest.approx(voxels * 0.027)
    assert [row["name"] for row in stages["centroids"]["vertebrae"]] == [
        "L2",
        "L3",
        "L4",
    ]
    assert list(stages["fit"]["vertebrae"]) == ["L2", "L3", "L4"]
    assert stages["fit"]["vertebrae"]["L4"].startswith("partly outside")
    assert "labels.nii.gz" in [each["path"] for each in report["outputs"]]


def test_the_same_call_does_what_is_left(copied, cbct):
    before = (copied / "labels.nii.gz").read_bytes()
    networks, lines = Networks(), []
    run(request_for(cbct, copied), networks, say=lines.append)
    assert networks.calls == [] and len(lines) == 4
    record = json.loads((copied / "stages.json").read_text())
    del record["stages"]["centroids"], record["stages"]["fit"]
    (copied / "stages.json").write_text(json.dumps(record))
    run(request_for(cbct, copied), networks)
    assert networks.calls == []
    assert (copied / "labels.nii.gz").read_bytes() == before


def test_a_stage_run_again_and_what_follows_are_not_complete_until_done(
    copied, cbct, monkeypatch
):
    def break_down(request):
        raise RuntimeError("broken")

    monkeypatch.setattr(module, "fit_to_folder", break_down)
    with pytest.raises(RuntimeError):
        run(request_for(cbct, copied, start="centroids", top="L1"))
    stages = json.loads((copied / "stages.json").read_text())["stages"]
    assert list(stages) == ["translate", "segment", "centroids"]
    assert stages["centroids"]["settings"]["top"] == "L1"
    assert not (copied / "report.json").exists()


def test_a_failing_stage_says_so_and_keeps_what_is_done(cbct, tmp_path):
    networks = Networks()
    folder = tmp_path / "out"

    def find_nothing(request):
        labels = phantom().labels
        mask = LabelVolume(np.zeros_like(labels.array), labels.affine_vox_to_mm)
        save_labels(request.output / "mask.nii.gz", mask)

    with pytest.raises(
        InputError, match="stage centroids.*EMPTY|EMPTY.*stage centroids"
    ):
        reconstruct(
            request_for(cbct, folder),
            translator=networks.translate,
            segmenter=find_nothing,
        )
    stages = json.loads((folder / "stages.json").read_text())["stages"]
    assert list(stages) == ["translate", "segment"]
    assert not (folder / "report.json").exists()


def test_stages_start_from_files_of_anyone(output, cbct, tmp_path, monkeypatch):
    """Here the user has moved a point, and the fit is only looked at."""
    folder = tmp_path / "out"
    for name in ("translate/ct.nii.gz", "centroids/centroids.mrk.json"):
        (folder / name).parent.mkdir(parents=True)
        shutil.copy(output / name, folder / name)
    seen = {}

    def fit(request):
        seen.update(dataclasses.asdict(request))
        raise InputError("SEEN", "fit", "enough", "no more", "nothing")

    monkeypatch.setattr(module, "fit_to_folder", fit)
    asked = request_for(cbct, folder, start="fit", fit_on="clean", ckpt=None)
    with pytest.raises(InputError, match="stage fit"):
        run(asked)
    assert seen["image"] == folder / "translate/ct.nii.gz"
    with pytest.raises(InputError, match="stage fit"):
        run(dataclasses.replace(asked, fit_on="original"))
    assert seen["centroids"] == folder / "centroids/centroids.mrk.json"
    image = nibabel.load(seen["image"])
    ours, truth = np.asarray(image.dataobj), np.asarray(phantom().volume.array)
    assert np.abs(ours - truth)[4:].mean() < 30
    np.testing.assert_allclose(ours[1:3, 1:3], np.rint(truth[1:3, 1:3]))


def test_metal_gives_way_to_the_clean_ct():
    rng = np.random.default_rng(0)
    clean = rng.normal(100, 200, (20, 20, 20)).astype(np.float32)
    clean[0] = -1000.0  # out of view
    cbct = 3 * clean - 50
    cbct[10, 10, 10] = 30000.0
    hu, metal = without_metal(cbct, clean)
    # The voxel and its six neighbours.
    around = np.abs(np.argwhere(metal) - 10).sum(axis=1)
    assert sorted(around.tolist()) == [0, 1, 1, 1, 1, 1, 1]
    np.testing.assert_allclose(hu, clean, atol=3)


def test_what_cannot_be_is_refused(copied, cbct, tmp_path, capsys):
    with pytest.raises(InputError, match="top was L2, is L1.*--from centroids"):
        run(request_for(cbct, copied, top="L1"))
    assert (copied / "report.json").exists()
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="OUTPUT-EXISTS.*--from"):
        run(request_for(cbct, other))
    arguments = [
        "reconstruct",
        "-i",
        cbct,
        "-o",
        tmp_path / "new",
        "--from",
        "centroids",
    ]
    assert main([str(each) for each in arguments]) == 2
    assert "mask.nii.gz" in capsys.readouterr().err
    assert main([str(each) for each in arguments[:-2]]) == 2
    assert "--ckpt" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
