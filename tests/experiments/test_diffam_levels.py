"""The levels study: simulated cases, tables beside the paper's, one run end to end."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.diffam_levels.simulated import find_masks, simulated_case
from experiments.diffam_levels.tables import box_plot, level_table, segment_table
from spine_jax.core import InputError, LabelVolume
from spine_jax.io.nifti import save_labels
from spine_jax.simulation.phantom import lumbar_phantom

ROWS = [
    {"case": "a", "method": "default", "vertebra": "L1", "dice": 0.9},
    {"case": "b", "method": "default", "vertebra": "L1", "dice": 0.4},
    {"case": "c", "method": "default", "vertebra": "L1", "dice": 0.8},
    {"case": "a", "method": "default", "vertebra": "C2", "dice": 0.6},
    {"case": "a", "method": "paper", "vertebra": "L1", "dice": 0.5},
]


def test_level_table_says_mean_median_and_losses():
    lines = level_table(ROWS, ["default", "paper"]).splitlines()
    assert lines[2] == (
        "| C2 | 1 | 60.0 / 60.0, 0 lost | - | 58.1 / 59.0, 1 lost (14) |"
    )
    assert lines[3] == (
        "| L1 | 3 | 70.0 / 80.0, 1 lost | 50.0 / 50.0, 0 lost "
        "| 90.3 / 92.2, 0 lost (49) |"
    )


def test_segment_table_counts_every_vertebra_once():
    lines = segment_table(ROWS, ["default"]).splitlines()
    assert lines[2] == "| cervical | 1 | 60.0 / 60.0, 0 lost | 63.3 |"
    assert lines[3] == "| lumbar | 3 | 70.0 / 80.0, 1 lost | 86.3 |"
    assert lines[4] == "| total | 4 | 67.5 / 70.0, 1 lost | 77.3 |"


def test_box_plot_shows_every_vertebra_down_the_spine():
    axes = box_plot(ROWS, "default").axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == ["C2", "L1"]
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    shown = np.sort(np.concatenate([line.get_ydata() for line in dots]))
    np.testing.assert_allclose(shown, [40, 60, 80, 90])


def test_simulated_case_is_kept_and_holds_only_vertebrae(tmp_path):
    phantom = lumbar_phantom(0, spacing_mm=(3.0, 3.0, 3.0), labels=(22,))
    array = np.asarray(phantom.labels.array).copy()
    array[:2, :2, :2] = 26
    mask = tmp_path / "masks" / "one_seg.nii.gz"
    mask.parent.mkdir()
    save_labels(mask, LabelVolume(array, phantom.labels.affine_vox_to_mm))
    (found,) = find_masks(tmp_path)
    volume, truth = simulated_case(found, tmp_path / "images", seed=1)
    assert set(np.unique(truth.array)) == {0, 22}
    bone, rest = (np.asarray(volume.array)[truth.array == n] for n in (22, 0))
    assert bone.mean() > rest.mean() + 100
    (kept,) = (tmp_path / "images").iterdir()
    written = kept.stat().st_mtime_ns
    again, _ = simulated_case(found, tmp_path / "images", seed=1)
    np.testing.assert_array_equal(again.array, volume.array)
    assert kept.stat().st_mtime_ns == written


def test_folder_without_masks_is_refused(tmp_path):
    with pytest.raises(InputError, match="NO-CASES"):
        find_masks(tmp_path)


@pytest.mark.slow
def test_smoke_variant_runs_end_to_end(tmp_path):
    phantom = lumbar_phantom(0, spacing_mm=(2.0, 2.0, 2.0), labels=(21, 22))
    (tmp_path / "masks").mkdir()
    save_labels(tmp_path / "masks" / "p_seg.nii.gz", phantom.labels)
    command = [sys.executable, "-m", "experiments.diffam_levels.run"]
    command += ["--masks", tmp_path / "masks", "--workdir", tmp_path / "out"]
    command += ["--config", "experiments/diffam_levels/config.py:smoke"]
    root = Path(__file__).parents[2]
    subprocess.run([str(part) for part in command], check=True, cwd=root)
    rows = json.loads((tmp_path / "out" / "rows.json").read_text())
    own = [row["dice"] for row in rows if row["method"] == "default"]
    assert len(own) == 2 and min(own) > 0.7
    assert "| lumbar | 2 |" in (tmp_path / "out" / "tables.md").read_text()
    assert (tmp_path / "out" / "levels_default.png").stat().st_size > 10_000
