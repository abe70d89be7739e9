"""The comparison of 3D with slices, from made-up figures."""

import numpy as np
import pytest

from experiments import a3dseg_volumes as experiment


def test_jumps_count_what_changes_between_slices():
    mask = np.zeros((4, 2, 2, 1), bool)
    mask[1:3] = True
    # 8 voxels; 4 appear, 4 go.
    assert experiment.slice_jumps(mask) == 1.0
    ragged = mask.copy()
    ragged[1, 0] = False
    # 6 voxels; 2 appear, 2 appear, 4 go.
    assert experiment.slice_jumps(ragged) == pytest.approx(8 / 6)
    assert experiment.slice_jumps(np.zeros((3, 1, 1, 1), bool)) == 0.0


def test_table_holds_means_and_the_ratio_of_times():
    def row(name, dice, assd_mm):
        slices = {"dice_of_slices": 0.5, "jumps": 0.25}
        return {"volume": name, "dice": dice, "assd_mm": assd_mm} | slices

    rows = {
        "y_lh": [row("a", 0.5, 2.0), row("b", 0.7, 3.0)],
        "Y_l": [row("a", 0.9, 1.0), row("b", 0.7, 0.5)],
        "Y_lh": [row("a", 0.1, None), row("b", 0.3, None)],
    }
    table = experiment.as_markdown(rows, {"2D": 6.0, "3D": 3.0, "3D, fast": 1.5})
    lines = table.splitlines()
    assert lines[2] == (
        "| 2D, slice by slice | 0.600 | 2.500 | 0.500 | 0.250 | 0.819 / 1.47 |"
    )
    assert lines[3].startswith("| 3D, of the CBCT | 0.800 | 0.750 |")
    assert lines[4] == "| 3D, of its translation | 0.200 | - | 0.500 | 0.250 |  |"
    assert lines[6].split(" | ")[1:3] == ["2D, slice by slice", "3D, of the CBCT"]
    assert lines[8] == "| a | 0.500 / 2.00 | 0.900 / 1.00 | 0.100 / - |"
    assert lines[9] == "| b | 0.700 / 3.00 | 0.700 / 0.50 | 0.300 / - |"
    assert "3D, fast, is 4.0 x as fast as 2D" in lines[-1]
