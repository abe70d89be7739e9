"""Landmarks for 3D Slicer say which of them the image does not show."""

import json

import numpy as np

from spine_jax.core import Volume
from spine_jax.pipeline.landmark_files import save_landmarks


def test_names_places_and_what_is_outside(tmp_path):
    affine = np.diag([2.0, 2.0, 4.0, 1.0])
    affine[:3, 3] = [-10, 0, 100]
    # Centres of the outer voxels: x -10 to 8, y 0 to 18, z 100 to 116.
    volume = Volume(np.zeros((10, 10, 5), np.float32), affine)
    landmarks_mm = {
        "L1": {"spinous_tip": np.array([0.0, 17.5, 100.0])},
        "L2": {
            "spinous_tip": np.array([0.0, 18.5, 110.0]),
            "body_centre": np.array([8.0, 1.0, 116.0]),
        },
    }
    save_landmarks(tmp_path / "l.mrk.json", landmarks_mm, volume)
    (markup,) = json.loads((tmp_path / "l.mrk.json").read_text())["markups"]
    found = {
        each["label"]: (each["position"], each["description"])
        for each in markup["controlPoints"]
    }
    assert found == {
        "L1 spinous_tip": ([0.0, -17.5, 100.0], ""),
        "L2 spinous_tip": ([0.0, -18.5, 110.0], "outside the image"),
        "L2 body_centre": ([-8.0, -1.0, 116.0], ""),
    }
