"""The `evaluate` command on files: what is written, and what is refused."""

import json

import nibabel as nib
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.pipeline.evaluate import evaluate_files

AFFINE = np.diag([-1.0, -1.0, 2.5, 1.0])
L1, L2, SACRUM = 20, 21, 26


def _write(path, blocks, shape=(12, 12, 30), affine=AFFINE):
    array = np.zeros(shape, np.uint8)
    for label, start in blocks.items():
        array[4:8, 3:9, start : start + 5] = label
    nib.save(nib.Nifti1Image(array, affine), path)
    return path


def test_scores_are_written_and_returned(tmp_path):
    truth = _write(tmp_path / "truth.nii.gz", {L1: 20, L2: 10, SACRUM: 2})
    prediction = _write(tmp_path / "prediction.nii.gz", {L1: 20})
    output = tmp_path / "new" / "metrics.json"

    result = evaluate_files(prediction, truth, output)

    assert json.loads(output.read_text()) == result
    assert result["per_label"]["L1"]["dice"] == 1.0
    # 4 x 6 x 5 voxels of 2.5 mm3.
    assert result["per_label"]["L1"]["volume_truth_mm3"] == pytest.approx(300.0)
    assert result["per_label"]["L2"]["status"] == "missed"
    assert result["mean_dice"] == 0.5
    assert result["per_segment"]["lumbar"]["mean_dice"] == 0.5
    assert [path.name for path in output.parent.iterdir()] == ["metrics.json"]


def test_existing_output_is_kept_unless_told_otherwise(tmp_path):
    truth = _write(tmp_path / "truth.nii.gz", {L1: 20})
    output = tmp_path / "metrics.json"
    output.write_text("mine")
    with pytest.raises(InputError, match="OUTPUT-EXISTS"):
        evaluate_files(truth, truth, output)
    assert output.read_text() == "mine"
    evaluate_files(truth, truth, output, overwrite=True)
    assert json.loads(output.read_text())["mean_dice"] == 1.0
    with pytest.raises(InputError, match="folder"):
        evaluate_files(truth, truth, tmp_path, overwrite=True)


@pytest.mark.parametrize("blocks", [{}, {SACRUM: 2}])
def test_truth_without_vertebrae_is_refused(tmp_path, blocks):
    truth = _write(tmp_path / "truth.nii.gz", blocks)
    prediction = _write(tmp_path / "prediction.nii.gz", {L1: 20})
    output = tmp_path / "metrics.json"
    with pytest.raises(InputError, match="truth.nii.gz"):
        evaluate_files(prediction, truth, output)
    assert not output.exists()


def test_empty_prediction_is_a_result(tmp_path):
    truth = _write(tmp_path / "truth.nii.gz", {L1: 20})
    prediction = _write(tmp_path / "prediction.nii.gz", {})
    result = evaluate_files(prediction, truth, tmp_path / "metrics.json")
    assert (result["mean_dice"], result["n_missed"]) == (0.0, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"shape": (12, 12, 31)},
        {"affine": np.diag([-1.0, -1.0, 2.0, 1.0])},
        {"affine": np.diag([1.0, -1.0, 2.5, 1.0])},
    ],
)
def test_other_grids_are_refused(tmp_path, other):
    truth = _write(tmp_path / "truth.nii.gz", {L1: 20})
    prediction = _write(tmp_path / "prediction.nii.gz", {L1: 20}, **other)
    with pytest.raises(InputError, match="GRID"):
        evaluate_files(prediction, truth, tmp_path / "metrics.json")


def test_real_truth_against_itself_moved_by_one_millimetre(shared_data, tmp_path):
    """Every surface is then at most 1 mm away: the tolerance of the NSD exactly."""
    truth = shared_data / "ct" / "verse014" / "sub-verse014_seg-vert_msk.nii.gz"
    image = nib.load(truth)
    moved = np.roll(np.asanyarray(image.dataobj), 1, axis=0)
    prediction = tmp_path / "moved.nii.gz"
    nib.save(nib.Nifti1Image(moved, image.affine, image.header), prediction)
    result = evaluate_files(prediction, truth, tmp_path / "metrics.json")
    assert list(result["per_label"]) == ["L1", "L2", "L3", "L4", "L5"]
    assert 0.9 < result["mean_dice"] < 0.96
    assert 0.3 < result["mean_assd_mm"] < 0.6
    assert result["mean_nsd_1mm"] == 1.0
