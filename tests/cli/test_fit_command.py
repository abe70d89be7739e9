"""`spine-jax fit` and `evaluate` end to end on a tiny case."""

import csv
import dataclasses
import json

import nibabel
import numpy as np
import pytest

import spine_jax
from spine_jax.cli.main import main
from spine_jax.io.meshes import load_mesh
from spine_jax.pipeline import fit_files


def fit_arguments(case, output, *more):
    return [
        "fit", "-i", str(case.image), "-c", str(case.centroids), "-o", str(output),
        "--template", str(case.template), "--preset", "fast", "--iterations", "50",
        "--quiet", *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def output(ball_case, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fit") / "out"
    assert main(fit_arguments(ball_case, folder)) == 0
    return folder


def test_writes_everything_it_promises(output):
    names = {str(p.relative_to(output)) for p in output.rglob("*") if p.is_file()}
    assert names == {
        "labels.nii.gz", "statistics.json", "statistics.csv", "appearance.png",
        "preview.png", "report.json", "meshes/L2.ply", "meshes/L3.ply", "meshes/L4.ply",
    }  # fmt: skip


def test_labels_lie_on_the_image_grid(output, ball_case):
    labels, image = (
        nibabel.load(output / "labels.nii.gz"),
        nibabel.load(ball_case.image),
    )
    assert labels.shape == image.shape
    np.testing.assert_allclose(labels.affine, image.affine)
    assert labels.get_data_dtype() == np.uint8
    assert set(np.unique(labels.dataobj)) == {0, 21, 22, 23}


def test_meshes_correspond(output):
    meshes = [
        load_mesh(output / "meshes" / f"{name}.ply") for name in ("L2", "L3", "L4")
    ]
    for mesh in meshes[1:]:
        np.testing.assert_array_equal(mesh.faces, meshes[0].faces)
    spacing = np.mean(meshes[0].vertices_mm - meshes[1].vertices_mm, axis=0)
    np.testing.assert_allclose(spacing, [1, 2, 34], atol=3)


def test_statistics_and_report(output):
    statistics = json.loads((output / "statistics.json").read_text())
    row = statistics["vertebrae"][0]
    assert row["name"] == "L2" and row["label"] == 21 and not row["touches_border"]
    assert row["volume_mm3"] == pytest.approx(row["mesh_volume_mm3"], rel=0.05)
    assert row["mean_hu"] > 150
    assert set(statistics["final_losses"]) >= {"total", "image", "normal", "overlap"}
    with open(output / "statistics.csv") as file:
        assert [row["name"] for row in csv.DictReader(file)] == ["L2", "L3", "L4"]
    report = json.loads((output / "report.json").read_text())
    assert report["seed"] == 0 and report["extra"]["settings"]["iterations"] == 50
    assert "jax" in report["versions"]


def test_landmarks_follow_a_template_that_knows_them(ball_case, tmp_path):
    template = tmp_path / "ball.ply"
    template.write_bytes(ball_case.template.read_bytes())
    vertices = load_mesh(template).vertices_mm
    top = int(np.argmax(vertices[:, 2]))
    beside = {
        "body_centre_mm": [10, 0, 0], "remesh": False,
        "landmarks": {"top": [top], "centre": list(range(len(vertices)))},
    }  # fmt: skip
    template.with_suffix(".json").write_text(json.dumps(beside))
    case = dataclasses.replace(ball_case, template=template)
    folder = tmp_path / "out"
    assert main(fit_arguments(case, folder)) == 0
    statistics = json.loads((folder / "statistics.json").read_text())
    marked = statistics["landmarks_mm"]
    assert list(marked) == ["L2", "L3", "L4"] and list(marked["L2"]) == [
        "top",
        "centre",
    ]
    mesh = load_mesh(folder / "meshes" / "L3.ply")
    np.testing.assert_allclose(marked["L3"]["top"], mesh.vertices_mm[top], atol=1e-4)
    # By hand: the middle of the ball, and its radius above.
    np.testing.assert_allclose(marked["L3"]["centre"], [4, -42, 100], atol=1.5)
    assert marked["L3"]["top"][2] == pytest.approx(113, abs=1.5)
    (markup,) = json.loads((folder / "landmarks.mrk.json").read_text())["markups"]
    points = {each["label"]: each["position"] for each in markup["controlPoints"]}
    assert len(points) == 6 and markup["coordinateSystem"] == "LPS"
    expected = np.array(marked["L4"]["top"]) * [-1, -1, 1]
    np.testing.assert_allclose(points["L4 top"], expected, atol=1e-6)
    report = json.loads((folder / "report.json").read_text())
    assert "landmarks.mrk.json" in [each["path"] for each in report["outputs"]]
    # A template without landmarks leaves no file, nor one of an earlier run.
    assert main(fit_arguments(ball_case, folder, "--overwrite")) == 0
    assert not (folder / "landmarks.mrk.json").exists()


def test_evaluate_scores_it(output, ball_case, tmp_path):
    truth = ball_case.folder / "truth.nii.gz"
    arguments = ["-p", output / "labels.nii.gz", "-g", truth, "-o", tmp_path / "m.json"]
    assert main(["evaluate", *map(str, arguments), "--quiet"]) == 0
    metrics = json.loads((tmp_path / "m.json").read_text())
    assert metrics["mean_dice"] > 0.9
    assert set(metrics["per_label"]) == {"L2", "L3", "L4"}
    assert metrics["per_segment"]["lumbar"]["n"] == 3


def test_python_call_gives_the_same_result(output, ball_case):
    result = spine_jax.fit(
        ball_case.image,
        ball_case.centroids,
        preset="fast",
        template=ball_case.template,
        iterations=50,
    )
    written = np.asarray(nibabel.load(output / "labels.nii.gz").dataobj)
    np.testing.assert_array_equal(result.labels.array, written)
    assert list(result.meshes) == ["L2", "L3", "L4"]
    assert result.history["total"].shape == (50,)


def test_interrupt_then_resume_gives_the_same_bits(
    output, ball_case, tmp_path, monkeypatch
):
    folder = tmp_path / "out"
    show_then_stop(monkeypatch, after=2)
    assert main(fit_arguments(ball_case, folder)) == 130
    assert not (folder / "report.json").exists()
    monkeypatch.undo()
    assert main(fit_arguments(ball_case, folder, "--resume")) == 0
    assert not (folder / ".checkpoint").exists()
    for name in ("labels.nii.gz", "meshes/L3.ply", "statistics.csv"):
        assert (folder / name).read_bytes() == (output / name).read_bytes()


def show_then_stop(monkeypatch, after):
    """Send ourselves ctrl-C once progress has been shown `after` times."""
    import contextlib
    import os
    import signal

    @contextlib.contextmanager
    def progress(iterations, *, quiet):
        calls = []

        def show(state):
            calls.append(state)
            if len(calls) == after:
                os.kill(os.getpid(), signal.SIGINT)

        yield show

    monkeypatch.setattr(fit_files, "fit_progress", progress)


def test_resume_with_other_settings_is_refused(
    ball_case, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "out"
    show_then_stop(monkeypatch, after=2)
    assert main(fit_arguments(ball_case, folder)) == 130
    monkeypatch.undo()
    assert main(fit_arguments(ball_case, folder, "--resume", "--seed", "1")) == 2
    assert "seed was 0, is 1" in capsys.readouterr().err
