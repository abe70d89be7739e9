"""Point lists of 3D Slicer."""

import json

import numpy as np
import pytest

from spine_jax.io.markups import save_points_mrk


def test_points_are_written_in_lps_in_their_order(tmp_path):
    path = tmp_path / "a.mrk.json"
    points_mm = np.array([[1.0, 2.0, 3.0], [-4.0, 5.0, -6.0]])
    save_points_mrk(path, points_mm, ["L1 tip", "L2 tip"], ["", "outside"])
    content = json.loads(path.read_text())
    assert content["@schema"].endswith("markups-schema-v1.0.3.json#")
    (markup,) = content["markups"]
    assert markup["type"] == "Fiducial" and markup["coordinateSystem"] == "LPS"
    first, second = markup["controlPoints"]
    assert first == {
        "id": "1", "label": "L1 tip", "description": "",
        "position": [-1.0, -2.0, 3.0], "positionStatus": "defined",
    }  # fmt: skip
    assert second["position"] == [4.0, -5.0, -6.0]
    assert second["description"] == "outside"


def test_a_name_for_every_point(tmp_path):
    with pytest.raises(ValueError):
        save_points_mrk(tmp_path / "a.mrk.json", np.zeros((2, 3)), ["a"], ["", ""])
    assert not list(tmp_path.iterdir())
