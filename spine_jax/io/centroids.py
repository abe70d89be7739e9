"""Centroid files -> body centres in RAS+ mm, and back to 3D Slicer."""

import os
import warnings
from pathlib import Path

import numpy as np

from spine_jax.core import Centroids, InputError, Volume, transform_points
from spine_jax.core.labels import label_name
from spine_jax.io.centroid_checks import (
    check_centroids,
    fitting_formats,
    in_anatomical_order,
)
from spine_jax.io.centroid_formats import CentroidTable, read_table
from spine_jax.io.centroid_frames import FORMATS, frame_affine
from spine_jax.io.markups import save_points_mrk
from spine_jax.io.mask_centroids import centroids_from_labels
from spine_jax.io.nifti import load_labels
from spine_jax.io.paths import require_file


def load_centroids(
    path: str | os.PathLike,
    *,
    volume: Volume | None = None,
    centroid_format: str | None = None,
) -> Centroids:
    """Read one point per vertebra from any of the usual files.

    Args:
        path: VerSe JSON, TPTBox POI JSON, 3D Slicer `.mrk.json`, CSV, or a label map of
            whole vertebrae (`.nii`, `.nii.gz`), whose body centres are estimated.
        volume: The image. Frames that count voxels need it, and all points must lie
            inside it.
        centroid_format: One of `centroid_frames.FORMATS`, for files that do not say
            how they count. It wins over what a file says, with a warning.

    Returns:
        Points [B, 3] float64 RAS+ mm in cranio-caudal order (T13 between T12 and L1).
        Rows with NaN and rows of sacrum or coccyx are left out with a warning.

    Raises:
        InputError: for a file that is missing or malformed, a frame that is not known
            or needs an image, unknown or repeated levels, points outside the image or
            not in order from head to foot.
    """
    path = require_file(path)
    if path.name.lower().endswith((".nii", ".nii.gz")):
        if centroid_format is not None:
            raise InputError(
                "CENTROID-FORMAT",
                path,
                "--centroid-format given for a label map",
                "no format, a label map knows its geometry",
                "leave --centroid-format out",
            )
        centroids = centroids_from_labels(load_labels(path), path)
        check_centroids(centroids, volume, "check that both are of one scan", path)
        return centroids
    table = read_table(path)
    affine_to_mm = _affine(table, volume, centroid_format, path)
    points_mm = transform_points(affine_to_mm, table.coordinates)
    centroids = in_anatomical_order(points_mm, table.labels, path)
    check_centroids(centroids, volume, _advice(table, volume), path)
    return centroids


def save_centroids_mrk(path: str | os.PathLike, centroids: Centroids) -> None:
    """Write a 3D Slicer point list (`.mrk.json`, LPS), labelled by vertebra name."""
    names = [label_name(label) for label in centroids.labels]
    numbers = [str(label) for label in centroids.labels]
    save_points_mrk(path, np.asarray(centroids.points_mm), names, numbers)


def _affine(
    table: CentroidTable, volume: Volume | None, chosen: str | None, path: Path
) -> np.ndarray:
    if chosen is not None and chosen not in FORMATS:
        raise InputError(
            "CENTROID-FORMAT",
            "--centroid-format",
            repr(chosen),
            f"one of {', '.join(FORMATS)}",
            "one of these",
        )
    frame = chosen or table.frame
    if frame is None:
        raise InputError(
            "NO-DIRECTION",
            path,
            "the file does not say how it counts, and several conventions are in use",
            "a direction or a space in the file, or the format named",
            _advice(table, volume),
        )
    if chosen is None and table.affine_to_mm is not None:
        return table.affine_to_mm
    if chosen is not None and table.frame not in (None, chosen):
        warnings.warn(
            f"{path}: the file says {table.frame}, read as {chosen} on request",
            stacklevel=3,
        )
    return frame_affine(frame, volume, path)


def _advice(table: CentroidTable, volume: Volume | None) -> str:
    if volume is None:
        return f"--centroid-format {'|'.join(FORMATS)}"
    fitting = fitting_formats(table.coordinates, table.labels, volume)
    if not fitting:
        return "another image or file: no format puts all points inside, head to foot"
    return f"--centroid-format {'|'.join(fitting)} (all points inside, head to foot)"
