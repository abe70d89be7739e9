import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.diffam_table1.cases import find_cases
from experiments.diffam_table1.config import get_config
from experiments.diffam_table1.paper import FIGURE_2A, TABLE_1
from experiments.diffam_table1.tables import level_figure, level_table, segment_table
from spine_jax.core import InputError
from spine_jax.core.labels import ANATOMICAL_ORDER, label_name
from spine_jax.io.nifti import save_labels, save_volume
from spine_jax.simulation.phantom import lumbar_phantom

ROWS = [
    {"case": "a", "method": "Ours", "vertebra": "T12", "dice": 0.8},
    {"case": "a", "method": "Ours", "vertebra": "L1", "dice": 0.9},
    {"case": "b", "method": "Ours", "vertebra": "L1", "dice": 0.7},
    {"case": "a", "method": "-I", "vertebra": "L1", "dice": 0.5},
]


def test_segment_table_averages_vertebrae_beside_the_paper():
    lines = segment_table(ROWS, ["Ours", "-I"]).splitlines()
    assert lines[2] == "| thoracic | 1 | 80.0 (75.8) | - (44.7) |"
    assert lines[3] == "| lumbar | 2 | 80.0 (86.3) | 50.0 (56.7) |"
    assert lines[4] == "| total | 3 | 80.0 (77.3) | 50.0 (46.5) |"


def test_level_table_runs_down_the_spine():
    lines = level_table(ROWS, ["Ours"]).splitlines()
    assert lines[2] == "| T12 | 1 | 80.0 | 88.5 |"
    assert lines[3] == "| L1 | 2 | 80.0 | 90.3 |"


def test_figure_shows_every_instance_of_the_method():
    axes = level_figure(ROWS, "Ours").axes[0]
    shown = sorted(
        y for line in axes.lines for y in line.get_ydata() if y in (70, 80, 90)
    )
    assert {70, 80, 90} <= set(np.round(shown))
    assert [text.get_text() for text in axes.get_xticklabels()] == ["T12", "L1"]


def test_published_levels_are_the_label_scheme():
    assert set(FIGURE_2A) == {label_name(label) for label in ANATOMICAL_ORDER}
    assert TABLE_1["total"]["Ours"] == 77.3


@pytest.mark.parametrize("variant", ["smoke", "small", "paper"])
def test_config_ablates_one_loss_each(variant):
    config = get_config(variant)
    assert set(config.methods) == set(TABLE_1["total"])
    assert config.methods["-I"].to_dict() == {"weight_image": 0.0}
    assert config.methods["-N"].to_dict() == {"weight_normal": 0.0}
    assert config.methods["-E"].to_dict() == {"weight_edge": 0.0}
    assert not config.methods["Ours"]


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_cases_of_the_verse_release(tmp_path):
    raw = tmp_path / "rawdata" / "sub-verse004"
    derived = tmp_path / "derivatives" / "sub-verse004"
    image = touch(raw / "sub-verse004_ct.nii.gz")
    truth = touch(derived / "sub-verse004_seg-vert_msk.nii.gz")
    centroids = touch(derived / "sub-verse004_seg-subreg_ctd.json")
    (case,) = find_cases(tmp_path)
    assert (case.image, case.truth, case.centroids) == (image, truth, centroids)
    assert case.name == "sub-verse004"


def test_split_series_keep_their_own_mask(tmp_path):
    for split in ("verse010", "verse011"):
        touch(tmp_path / f"sub-verse009_split-{split}_ct.nii.gz")
        touch(tmp_path / f"sub-verse009_split-{split}_seg-vert_msk.nii.gz")
    cases = find_cases(tmp_path)
    assert len(cases) == 2
    for case in cases:
        assert case.truth.name.startswith(case.name)
        assert case.centroids == case.truth


def test_folder_without_cases_is_refused(tmp_path):
    touch(tmp_path / "lonely_ct.nii.gz")
    with pytest.raises(InputError, match="NO-CASES"):
        find_cases(tmp_path)


@pytest.mark.slow
def test_smoke_variant_runs_end_to_end(tmp_path):
    phantom = lumbar_phantom(0, spacing_mm=(2.0, 2.0, 2.0), labels=(21, 22))
    save_volume(tmp_path / "cases" / "p_ct.nii.gz", phantom.volume)
    save_labels(tmp_path / "cases" / "p_seg-vert_msk.nii.gz", phantom.labels)
    command = [sys.executable, "-m", "experiments.diffam_table1.run"]
    command += ["--cases", tmp_path / "cases", "--workdir", tmp_path / "out"]
    command += ["--config", "experiments/diffam_table1/config.py:smoke"]
    root = Path(__file__).parents[2]
    subprocess.run([str(part) for part in command], check=True, cwd=root)
    rows = json.loads((tmp_path / "out" / "rows.json").read_text())
    mean = {
        method: np.mean([row["dice"] for row in rows if row["method"] == method])
        for method in TABLE_1["total"]
    }
    assert mean["Ours"] > 0.7
    assert "| lumbar | 2 |" in (tmp_path / "out" / "tables.md").read_text()
