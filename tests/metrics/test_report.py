"""The evaluation of one case, on label maps small enough to score by hand."""

import io
import json

import numpy as np
import pytest
from rich.console import Console

from spine_jax.core import InputError, LabelVolume
from spine_jax.metrics.report import evaluate_labels, print_table

AFFINE = np.diag([-1.0, 2.0, 3.0, 1.0])
T12, T13, L1, L2, SACRUM = 19, 28, 20, 21, 26


def _labels(**blocks: tuple[slice, slice, slice]) -> LabelVolume:
    array = np.zeros((12, 10, 40), np.uint8)
    for name, block in blocks.items():
        array[block] = globals()[name]
    return LabelVolume(array, AFFINE)


def _block(z: int, x: int = 3) -> tuple[slice, slice, slice]:
    """4 x 4 x 4 voxels, off the border for 1 <= x <= 7 and 1 <= z <= 35."""
    return slice(x, x + 4), slice(3, 7), slice(z, z + 4)


TRUTH = _labels(T12=_block(30), T13=_block(24), L1=_block(18), L2=_block(12))


def test_perfect_prediction():
    result = evaluate_labels(TRUTH, TRUTH)
    assert result["mean_dice"] == 1.0
    assert result["mean_assd_mm"] == 0.0
    assert result["mean_nsd_1mm"] == 1.0
    assert (result["n"], result["n_missed"], result["n_spurious"]) == (4, 0, 0)


def test_rows_are_in_anatomical_order_with_t13_thoracic():
    result = evaluate_labels(TRUTH, TRUTH)
    assert list(result["per_label"]) == ["T12", "T13", "L1", "L2"]
    assert result["per_label"]["T13"]["label"] == 28
    counts = {name: group["n"] for name, group in result["per_segment"].items()}
    assert counts == {"cervical": 0, "thoracic": 2, "lumbar": 2}


def test_row_of_a_vertebra_moved_by_one_voxel():
    """L2 moved by 1 mm along x: 3 of 4 columns overlap, 48 of 64 voxels."""
    prediction = _labels(
        T12=_block(30), T13=_block(24), L1=_block(18), L2=_block(12, x=4)
    )
    result = evaluate_labels(prediction, TRUTH)
    row = result["per_label"]["L2"]
    assert row["dice"] == 0.75
    assert row["hd95_mm"] == pytest.approx(1.0)
    assert row["nsd_1mm"] == 1.0
    assert row["volume_prediction_mm3"] == row["volume_truth_mm3"] == 64 * 6.0
    assert result["per_segment"]["lumbar"]["mean_dice"] == pytest.approx(0.875)
    assert result["mean_dice"] == pytest.approx(3.75 / 4)
    assert result["median_dice"] == 1.0


def test_missed_vertebra_lowers_the_mean():
    prediction = _labels(T12=_block(30), L1=_block(18), L2=_block(12, x=4))
    result = evaluate_labels(prediction, TRUTH)
    row = result["per_label"]["T13"]
    assert (row["status"], row["dice"], row["nsd_1mm"]) == ("missed", 0.0, 0.0)
    assert row["assd_mm"] is None and row["hd95_mm"] is None
    assert row["volume_prediction_mm3"] == 0.0
    assert result["n_missed"] == result["per_segment"]["thoracic"]["n_missed"] == 1
    assert result["per_segment"]["thoracic"]["mean_dice"] == 0.5
    assert result["mean_dice"] == pytest.approx((1 + 0 + 1 + 0.75) / 4)
    # Distances exist for three of four; the count beside them says so.
    found = [result["per_label"][name]["assd_mm"] for name in ("T12", "L1", "L2")]
    assert result["mean_assd_mm"] == pytest.approx(sum(found) / 3)


def test_everything_missed():
    result = evaluate_labels(_labels(), TRUTH)
    assert result["mean_dice"] == 0.0 and result["mean_nsd_1mm"] == 0.0
    assert result["mean_assd_mm"] is None
    assert result["n_missed"] == 4


def test_spurious_vertebra_is_named_and_measured():
    truth = _labels(L1=_block(18))
    prediction = _labels(L1=_block(18), L2=_block(12), T13=_block(24))
    result = evaluate_labels(prediction, truth)
    assert result["n_spurious"] == 2
    assert result["spurious"] == ["T13", "L2"]
    assert result["spurious_volume_mm3"]["L2"] == 384.0
    assert result["mean_dice"] == 1.0


def test_swapped_names_score_nothing():
    prediction = _labels(T12=_block(24), T13=_block(30), L1=_block(12), L2=_block(18))
    assert evaluate_labels(prediction, TRUTH)["mean_dice"] == 0.0


def test_fully_visible_is_judged_on_the_truth():
    truth = _labels(L1=_block(18), L2=_block(12), T12=_block(36))
    prediction = _labels(L1=_block(18), L2=(slice(0, 7), slice(3, 7), slice(12, 16)))
    result = evaluate_labels(prediction, truth)
    visible = {k: row["fully_visible"] for k, row in result["per_label"].items()}
    assert visible == {"T12": False, "L1": True, "L2": True}
    # L2: 64 true voxels inside 112 predicted ones.
    assert result["mean_dice_fully_visible"] == pytest.approx((1 + 128 / 176) / 2)
    assert result["mean_dice"] == pytest.approx((0 + 1 + 128 / 176) / 3)


def test_sacrum_is_ignored_on_both_sides():
    truth = _labels(L2=_block(12), SACRUM=_block(2))
    result = evaluate_labels(_labels(L2=_block(12)), truth)
    assert list(result["per_label"]) == ["L2"]
    assert (result["mean_dice"], result["n_missed"]) == (1.0, 0)
    assert result["ignored"] == [26]
    result = evaluate_labels(truth, _labels(L2=_block(12)))
    assert result["n_spurious"] == 0


def test_result_is_strict_json_with_stated_definitions():
    result = evaluate_labels(_labels(L1=_block(18)), TRUTH)
    read_back = json.loads(json.dumps(result, allow_nan=False))
    assert read_back == result
    assert {"dice", "assd_mm", "hd95_mm", "nsd_1mm"} <= set(result["definitions"])


def test_truth_without_vertebrae_is_refused():
    with pytest.raises(InputError, match="NO-VERTEBRA.*26"):
        evaluate_labels(TRUTH, _labels(SACRUM=_block(2)))


def test_other_grids_are_refused():
    with pytest.raises(ValueError, match="shape"):
        evaluate_labels(TRUTH, LabelVolume(TRUTH.array[:-1], AFFINE))
    shifted = AFFINE.copy()
    shifted[1, 3] += 0.5
    with pytest.raises(ValueError, match="0.5 mm"):
        evaluate_labels(TRUTH, LabelVolume(TRUTH.array, shifted))


def test_table_shows_every_vertebra_and_what_is_wrong():
    prediction = _labels(L1=_block(18), L2=_block(12, x=4), T12=_block(30))
    prediction.array[0, 0, 0] = 24
    out = io.StringIO()
    print_table(evaluate_labels(prediction, TRUTH), Console(file=out, width=80))
    lines = out.getvalue().splitlines()
    (t13,) = [line for line in lines if "T13" in line]
    assert "missed" in t13 and "0.000" in t13
    (lumbar,) = [line for line in lines if "lumbar" in line]
    assert "0.875" in lumbar and "2 of 2 found" in lumbar
    assert "spurious: L5" in lines[-1]
    assert not any("cervical" in line for line in lines)
