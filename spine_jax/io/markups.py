"""Point lists of 3D Slicer."""

import os
from collections.abc import Sequence

import numpy as np

from spine_jax.io.atomic import write_json_atomic

_SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/"
    "Resources/Schema/markups-schema-v1.0.3.json#"
)


def save_points_mrk(
    path: str | os.PathLike,
    points_mm: np.ndarray,
    names: Sequence[str],
    descriptions: Sequence[str],
) -> None:
    """Write points as a Markups list (`.mrk.json`, LPS).

    Args:
        path: File to write.
        points_mm: [P, 3], RAS+ mm.
        names: What Slicer shows beside each point, [P].
        descriptions: What its table says of each, [P].
    """
    lps_mm = np.asarray(points_mm, np.float64) * [-1.0, -1.0, 1.0]
    points = [
        {
            "id": str(index),
            "label": name,
            "description": description,
            "position": point,
            "positionStatus": "defined",
        }
        for index, (name, description, point) in enumerate(
            zip(names, descriptions, lps_mm, strict=True), start=1
        )
    ]
    markup = {
        "type": "Fiducial",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "controlPoints": points,
    }
    write_json_atomic(path, {"@schema": _SCHEMA, "markups": [markup]})
