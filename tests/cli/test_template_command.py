"""`spine-jax template build` end to end on tiny label maps, and its refusals."""

import json

import numpy as np
import pytest

from spine_jax.anatomy.landmarks import landmark_vertices
from spine_jax.anatomy.template import level_template
from spine_jax.cli.main import main
from spine_jax.core import LabelVolume
from spine_jax.io.nifti import save_labels
from spine_jax.pipeline import template_build
from spine_jax.pipeline.template_files import load_template
from tests.pipeline.template_masks import label_map


@pytest.fixture(scope="module")
def masks(tmp_path_factory):
    """Two L3 and, in a third file, a part of one."""
    folder = tmp_path_factory.mktemp("masks")
    first, second = (label_map(seed) for seed in (1, 2))
    part = LabelVolume(second.array[:, 30:], second.affine_vox_to_mm)
    paths = [folder / f"{name}.nii.gz" for name in ("first", "second", "part")]
    for path, labels in zip(paths, (first, second, part)):
        save_labels(path, labels)
    return paths


def build(masks, output, *more):
    return main(["template", "build", "-i", *map(str, masks), "-o", str(output), *more])


@pytest.fixture(scope="module", autouse=True)
def fits_are_done_once():
    """A second command on the same masks reuses the fits of the first."""
    done, fit = {}, template_build.fit_vertebra

    def fit_once(surface, *more):
        if surface.source not in done:
            done[surface.source] = fit(surface, *more)
        return done[surface.source]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template_build, "fit_vertebra", fit_once)
        yield


@pytest.fixture(scope="module")
def built(masks, tmp_path_factory):
    output = tmp_path_factory.mktemp("built") / "mine.ply"
    assert build(masks, output, "--modes", "2", "--quiet") == 0
    return output


def test_writes_everything_it_promises(built):
    assert {path.name for path in built.parent.iterdir()} == {
        "mine.ply", "mine.json", "mine_modes.npz", "mine_report.json",
    }  # fmt: skip


def test_fit_takes_it(built):
    template = load_template(built)
    assert template.name == "L3"
    ours = level_template(22).mesh
    np.testing.assert_array_equal(template.mesh.faces, ours.faces)
    for name, vertices in landmark_vertices(22).items():
        np.testing.assert_array_equal(template.landmarks[name], vertices)
    low, high = template.mesh.vertices_mm.min(0), template.mesh.vertices_mm.max(0)
    # Body forwards of the origin, processes to the sides and far behind.
    assert -85 < low[1] < -50 and 12 < high[1] < 25
    assert low[0] == pytest.approx(-high[0], abs=5)


def test_report_tells_what_was_used(built, masks):
    report = json.loads(built.with_name("mine_report.json").read_text())
    assert report["command"] == "template build"
    assert [each["path"] for each in report["inputs"]] == [str(p) for p in masks]
    extra = report["extra"]
    assert [row["mask"] for row in extra["used"]] == [str(p) for p in masks[:2]]
    assert all(0 < row["residual_mean_mm"] < 0.4 for row in extra["used"])
    (left_out,) = extra["left_out"]
    assert left_out["mask"] == str(masks[2]) and "border" in left_out["reason"]
    assert extra["checks"]["closed"] and extra["checks"]["genus"] == 1
    assert extra["corresponds_to_level_template"]


def test_modes_reproduce_the_vertebrae(built):
    with np.load(built.with_name("mine_modes.npz")) as stored:
        assert stored["modes"].shape[0] == 1
        np.testing.assert_allclose(stored["explained"], [1.0])
        assert stored["faces"].max() + 1 == len(stored["mean_mm"])
        # Two vertebrae lie at -+ 1 / sqrt(2) standard deviations along their mode.
        offset = stored["standard_deviations_mm"][0] / np.sqrt(2) * stored["modes"][0]
    assert 0.3 < np.linalg.norm(offset, axis=1).mean() < 6.0


def test_folder_and_remeshing(masks, tmp_path, capsys):
    assert build(masks, tmp_path / "out", "--vertices", "900") == 0
    said = capsys.readouterr().out
    assert "mean of 2 vertebrae" in said and "left out: " + str(masks[2]) in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"L3.ply", "L3.json", "L3_report.json"}
    extra = json.loads((tmp_path / "out" / "L3_report.json").read_text())["extra"]
    assert 800 < extra["n_vertices"] < 1000 and extra["modes"] is None
    assert not extra["corresponds_to_level_template"]
    assert load_template(tmp_path / "out" / "L3.ply").landmarks == {}
    assert extra["checks"]["closed"] and extra["checks"]["genus"] == 1


def refused(code, capsys, *words):
    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith("error[") and error.count("\n") == 1
    for word in words:
        assert word in error, error


def test_existing_file(built, masks, capsys):
    before = built.read_bytes()
    refused(build(masks, built), capsys, "exists", "--overwrite")
    assert built.read_bytes() == before


def test_one_vertebra_is_too_few(masks, tmp_path, capsys):
    code = build(masks[::2], tmp_path / "t.ply")
    refused(code, capsys, "only one L3", "part.nii.gz: cut by the border")
    assert not list(tmp_path.iterdir())


def test_level_that_no_mask_has(masks, tmp_path, capsys):
    code = build(masks, tmp_path / "t.ply", "--level", "T9")
    refused(code, capsys, "no T9 that can be used", "not in the label map")
    assert not list(tmp_path.iterdir())


def test_not_a_label_map(ball_case, masks, tmp_path, capsys):
    code = build([masks[0], ball_case.image], tmp_path / "t.ply")
    refused(code, capsys, "ct.nii.gz")


def test_missing_mask(masks, tmp_path, capsys):
    code = build([masks[0].with_name("frist.nii.gz")], tmp_path / "t.ply")
    refused(code, capsys, "did you mean", "first.nii.gz")


@pytest.mark.parametrize(
    "more, name, words",
    [
        (["--level", "L9"], "t.ply", ["L9", "no vertebra"]),
        (["--level", "L3", "L4"], "t.ply", ["2 levels", "folder"]),
        (["--modes", "-1"], "t.ply", ["--modes"]),
        (["--vertices", "3"], "t.ply", ["--vertices"]),
        ([], "t.stl", [".ply or .obj"]),
    ],
)
def test_useless_options(masks, tmp_path, capsys, more, name, words):
    refused(build(masks, tmp_path / name, *more), capsys, *words)
    assert not list(tmp_path.iterdir())


def test_a_mask_twice(masks, tmp_path, capsys):
    code = build([masks[0], masks[0]], tmp_path / "t.ply")
    refused(code, capsys, "given twice")
