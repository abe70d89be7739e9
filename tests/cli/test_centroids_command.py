"""`spine-jax centroids` on a phantom's mask, and its refusals."""

import json

import numpy as np
import pytest

from spine_jax.cli.main import main
from spine_jax.core import LabelVolume
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import save_labels
from tests.cli.test_bad_input import assert_refused, run
from tests.pipeline.phantoms import phantom


@pytest.fixture(scope="module")
def mask(tmp_path_factory):
    path = tmp_path_factory.mktemp("mask") / "mask.nii.gz"
    labels = phantom().labels
    array = (np.asarray(labels.array) > 0).astype(np.uint8)
    save_labels(path, LabelVolume(array, labels.affine_vox_to_mm))
    return path


def test_writes_points_that_fit_reads_and_says_how_sure_it_is(mask, tmp_path, capsys):
    output = tmp_path / "points.mrk.json"
    assert main(["centroids", "-i", str(mask), "-o", str(output), "--top", "L2"]) == 0
    shown = capsys.readouterr().out
    assert "L4" in shown and "confidence" in shown and "by size" not in shown
    centroids = load_centroids(output, volume=phantom().volume)
    truth = phantom().centroids
    assert centroids.labels == truth.labels
    assert np.linalg.norm(centroids.points_mm - truth.points_mm, axis=1).max() < 4.0
    report = json.loads((tmp_path / "points_report.json").read_text())["extra"]
    assert [row["name"] for row in report["vertebrae"]] == ["L2", "L3", "L4"]
    assert report["named_by"] == "top" and report["uppermost"] == {"L2": 1.0}


def test_names_without_a_hint_are_said_to_be_guesses(mask, tmp_path, capsys):
    output = tmp_path / "points.json"
    assert main(["centroids", "-i", str(mask), "-o", str(output)]) == 0
    assert "named by size alone" in capsys.readouterr().out
    assert len(load_centroids(output).labels) == 3


def test_bad_input_is_one_sentence(mask, tmp_path, capsys):
    output = tmp_path / "points.json"

    def refused(*options, words=(), target=output):
        arguments = ("centroids", "-i", mask, "-o", target, *options)
        assert_refused(*run(capsys, *arguments), target, *words)

    refused("--top", "L9", words=("LEVEL", "L9"))
    refused("--top", "L1", "--bottom", "L3", words=("--bottom", "leaving one out"))
    refused("--top", "L5", words=("3 vertebrae",))
    refused(words=("FILE-TYPE",), target=tmp_path / "points.csv")
    empty = tmp_path / "empty.nii.gz"
    save_labels(empty, LabelVolume(np.zeros((9, 9, 9), np.uint8), np.eye(4)))
    refused("-i", empty, words=("EMPTY-MASK", "empty.nii.gz"))
    output.write_text("{}")
    code, error = run(capsys, "centroids", "-i", mask, "-o", output)
    assert code == 2 and "OUTPUT-EXISTS" in error and output.read_text() == "{}"
