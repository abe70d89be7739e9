"""Landmarks of a fitted case as a file for 3D Slicer."""

import os
from collections.abc import Mapping

import numpy as np

from spine_jax.core import Volume, mm_to_vox
from spine_jax.io.markups import save_points_mrk

LandmarksMm = Mapping[str, Mapping[str, np.ndarray]]
"""Landmarks [3], RAS+ mm, by vertebra and name."""


def save_landmarks(
    path: str | os.PathLike, landmarks_mm: LandmarksMm, volume: Volume
) -> None:
    """Write every landmark as `L3 spinous_tip`, saying which the image does not show.

    Args:
        path: `.mrk.json` to write.
        landmarks_mm: At least one.
        volume: The image.
    """
    flat = {
        f"{vertebra} {name}": point
        for vertebra, points in landmarks_mm.items()
        for name, point in points.items()
    }
    points_mm = np.array(list(flat.values()))
    seen = _inside(volume, points_mm)
    descriptions = ["" if inside else "outside the image" for inside in seen]
    save_points_mrk(path, points_mm, list(flat), descriptions)


def _inside(volume: Volume, points_mm: np.ndarray) -> np.ndarray:
    """Which points [P, 3] lie between the centres of the first and last voxels."""
    points_vox = mm_to_vox(volume.affine_vox_to_mm, points_mm)
    last = np.array(volume.array.shape) - 1
    return np.all((points_vox >= 0) & (points_vox <= last), axis=1)
