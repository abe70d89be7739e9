"""Rows of the ablation: each differs from the preset, and the table subtracts."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.ablation_fit import CHANGES, ablation_table, changed
from spine_jax.fitting import PRESETS
from spine_jax.io.nifti import save_labels, save_volume
from spine_jax.simulation.phantom import lumbar_phantom


def test_every_row_but_the_first_differs_from_the_preset_as_it_says():
    default = PRESETS["default"]
    assert changed("default") == default
    for name, change in CHANGES.items():
        config = changed(name)
        for field in dataclasses.fields(config):
            was, now = getattr(default, field.name), getattr(config, field.name)
            assert (was != now) == (field.name in change), (name, field.name)
    assert changed("all modes", 25).iterations == 25


def test_table_subtracts_the_first_row():
    scores = {
        "default": {
            "L4": {"dice": 0.9, "assd_mm": 0.5},
            "L5": {"dice": 0.7, "assd_mm": 1.5},
        },
        "worse": {
            "L4": {"dice": 0.8, "assd_mm": 0.6},
            "L5": {"dice": 0.75, "assd_mm": 1.0},
        },
        "other": {"T12": {"dice": 0.85, "assd_mm": 0.4}},
    }
    assert ablation_table(scores).splitlines()[2:] == [
        "| default | 0.800 | +0.000 | 0.900 | 1.00 |",
        "| worse | 0.775 | -0.025 | 0.800 | 0.80 |",
        "| other | 0.850 | +0.050 | - | 0.40 |",
    ]


@pytest.mark.slow
def test_runs_end_to_end(tmp_path):
    phantom = lumbar_phantom(0, spacing_mm=(3.0, 3.0, 3.0), labels=(22,))
    save_volume(tmp_path / "cases" / "p_ct.nii.gz", phantom.volume)
    save_labels(tmp_path / "cases" / "p_seg-vert_msk.nii.gz", phantom.labels)
    command = [sys.executable, "-m", "experiments.ablation_fit", "--iterations", "25"]
    command += ["--cases", tmp_path / "cases", "--workdir", tmp_path / "out"]
    root = Path(__file__).parents[2]
    subprocess.run([str(part) for part in command], check=True, cwd=root)
    lines = (tmp_path / "out" / "tables.md").read_text().splitlines()
    assert len([line for line in lines if line.startswith("|")]) == 2 + len(CHANGES)
    first = json.loads((tmp_path / "out" / "cases" / "p_00.json").read_text())
    assert first["vertebrae"]["L3"]["dice"] > 0.6
