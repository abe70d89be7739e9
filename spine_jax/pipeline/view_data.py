"""What the page of a result holds: meshes, slices and numbers, all inlined."""

import base64
import zlib
from typing import Any

import numpy as np
from scipy import ndimage

from spine_jax.core import LabelVolume, Mesh, Volume, spacing_mm, vox_to_mm
from spine_jax.core.labels import label_colour, label_number

MOST_VERTICES = 6000
MOST_VOXELS = 2_000_000
FINEST_MM = 0.7
_MARGIN_MM = 18.0
_GREYS = 255
_WINDOW_PERCENTILES = (3.0, 99.7)
_STEPS = 65535
# Columns of the table: heading, key in statistics.json, digits, factor.
_COLUMNS = (
    ("volume cm³", "volume_mm3", 1, 0.001),
    ("surface cm²", "mesh_area_mm2", 1, 0.01),
    ("mean HU", "mean_hu", 0, 1.0),
    ("sd HU", "std_hu", 0, 1.0),
    ("visible %", "visible_fraction", 0, 100.0),
    ("image error HU", "image_error_hu", 0, 1.0),
    ("edges % of best", "edge_share", 0, 100.0),
)


def mesh_entry(name: str, mesh: Mesh, note: str) -> dict[str, Any]:
    """A mesh in 16 bits: vertices on a grid over its box, triples of indices.

    A mesh of more than `MOST_VERTICES` is thinned first.
    """
    mesh = thinned(mesh, MOST_VERTICES)
    vertices = np.asarray(mesh.vertices_mm, np.float64)
    low = vertices.min(axis=0)
    step = np.maximum(np.ptp(vertices, axis=0), 1e-3) / _STEPS
    label = label_number(name)
    return {
        "name": name,
        "label": label,
        "colour": label_colour(label),
        "note": note,
        "low_mm": low.tolist(),
        "step_mm": step.tolist(),
        "centre_mm": vertices.mean(axis=0).tolist(),
        "vertices": _text(np.rint((vertices - low) / step).astype("<u2")),
        "faces": _text(np.asarray(mesh.faces).astype("<u2")),
    }


def thinned(mesh: Mesh, most_vertices: int) -> Mesh:
    """A mesh of at most so many vertices: those of each cell of a grid become one.

    It stays closed in the sense that every edge still has faces on both sides.
    """
    vertices, faces = np.asarray(mesh.vertices_mm), np.asarray(mesh.faces)
    low, size = vertices.min(axis=0), float(np.ptp(vertices, axis=0).max())
    cell = size / np.sqrt(most_vertices)
    while len(vertices) > most_vertices:
        cells = np.floor((np.asarray(mesh.vertices_mm) - low) / cell).astype(int)
        _, group = np.unique(cells, axis=0, return_inverse=True)
        group = group.ravel()
        count = np.bincount(group)[:, None]
        sums = [np.bincount(group, column) for column in np.asarray(mesh.vertices_mm).T]
        vertices = np.stack(sums, axis=1) / count
        faces = group[np.asarray(mesh.faces)]
        cell *= 1.1
    kept = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    return Mesh(vertices, faces[kept].astype(np.int32))


def slice_grid(labels: LabelVolume) -> dict[str, Any]:
    """The grid of the slices: along the world's axes, around the vertebrae.

    Returns:
        `origin_mm` [3], `spacing_mm`, `shape` [3], and the voxel to `start` from [3].
    """
    affine = np.asarray(labels.affine_vox_to_mm)
    inside = np.argwhere(np.asarray(labels.array) > 0)
    if not len(inside):
        inside = np.array([[0, 0, 0], np.array(labels.array.shape) - 1])
    points_mm = vox_to_mm(affine, inside)
    low = points_mm.min(axis=0) - _MARGIN_MM
    extent = points_mm.max(axis=0) + _MARGIN_MM - low
    step = max(FINEST_MM, float(spacing_mm(affine).min()))
    step = max(step, float((np.prod(extent) / MOST_VOXELS) ** (1 / 3)))
    shape = np.maximum(np.ceil(extent / step), 1).astype(int)
    start = np.rint((np.median(points_mm, axis=0) - low) / step)
    return {
        "origin_mm": low.tolist(),
        "spacing_mm": step,
        "shape": shape.tolist(),
        "start": start.astype(int).tolist(),
    }


def grey_voxels(volume: Volume, grid: dict[str, Any]) -> np.ndarray:
    """An image on the grid, [X, Y, Z] uint8; black outside of it.

    Black and white are percentiles of what lies on the grid, which suits any scale.
    """
    array = np.asarray(volume.array, np.float32)
    affine = np.asarray(volume.affine_vox_to_mm)
    # A voxel of the page that spans several of the image shows their mean.
    across = grid["spacing_mm"] / spacing_mm(affine)
    array = ndimage.gaussian_filter(array, 0.4 * np.sqrt(np.maximum(across**2 - 1, 0)))
    values = _resampled(array, affine, grid, order=1, outside=np.nan)
    low, high = np.nanpercentile(values, _WINDOW_PERCENTILES)
    share = np.clip((values - low) / max(high - low, 1e-6), 0, 1)
    return np.rint(np.nan_to_num(share) * _GREYS).astype(np.uint8)


def label_voxels(labels: LabelVolume, grid: dict[str, Any]) -> np.ndarray:
    """A label map on the grid, [X, Y, Z] uint8."""
    array, affine = np.asarray(labels.array, np.uint8), labels.affine_vox_to_mm
    return _resampled(array, np.asarray(affine), grid, order=0, outside=0)


def packed(voxels: np.ndarray) -> str:
    """Voxels [X, Y, Z] uint8 as text: deflated, then base 64."""
    return base64.b64encode(zlib.compress(voxels.tobytes(), 9)).decode()


def table_of(statistics: list[dict[str, Any]]) -> dict[str, list]:
    """The numbers as they are shown: headings and a row of text per vertebra."""
    columns = [
        c for c in _COLUMNS if any(row.get(c[1]) is not None for row in statistics)
    ]
    cells = []
    for row in statistics:
        values = [(row.get(key), digits, factor) for _, key, digits, factor in columns]
        shown = ["–" if v is None else f"{v * f:.{d}f}" for v, d, f in values]
        cells.append([row["name"], *shown])
    return {"columns": ["vertebra", *(c[0] for c in columns)], "cells": cells}


def _resampled(
    array: np.ndarray,
    affine_vox_to_mm: np.ndarray,
    grid: dict[str, Any],
    *,
    order: int,
    outside: float,
) -> np.ndarray:
    to_mm = np.diag([*[grid["spacing_mm"]] * 3, 1.0])
    to_mm[:3, 3] = grid["origin_mm"]
    return ndimage.affine_transform(
        array,
        np.linalg.inv(affine_vox_to_mm) @ to_mm,
        output_shape=tuple(grid["shape"]),
        order=order,
        mode="constant",
        cval=outside,
    )


def _text(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
