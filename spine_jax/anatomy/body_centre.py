"""Finding the body of a vertebra mesh: what lies in front of the spinal canal."""

import numpy as np
from scipy import ndimage

from spine_jax.core import InputError, Mesh

_STEP_MM = 1.0
_SMALLEST_CANAL_MM2 = 40.0
_OPENING_MM = 5.0


def body_centre_from_mesh(mesh: Mesh) -> np.ndarray:
    """Volume centroid [3] mm of the vertebral body of a closed mesh.

    The mesh must have y anterior and z cranial (x either way). The canal is the
    largest hole of the axial slices; the body is the solid in front of the canal's
    front edge at the midline.

    Raises:
        InputError: where no slice shows a closed canal.
    """
    vertices, faces = np.asarray(mesh.vertices_mm, float), np.asarray(mesh.faces)
    solid, origin_mm = solid_voxels(vertices, faces, _STEP_MM)
    front_y_mm = _canal_front_y_mm(solid, origin_mm)
    y_mm = origin_mm[1] + _STEP_MM * np.arange(solid.shape[1])
    body = solid & (y_mm > front_y_mm)[None, :, None]
    # Opening takes the roots of the pedicles off.
    body = ndimage.binary_opening(body, _ball(_OPENING_MM / _STEP_MM))
    labels, sizes = _connected_parts(body)
    indices = np.argwhere(labels == 1 + np.argmax(sizes))
    return origin_mm + _STEP_MM * indices.mean(axis=0)


def _ball(radius: float) -> np.ndarray:
    reach = int(radius)
    offsets = np.mgrid[(slice(-reach, reach + 1),) * 3]
    return np.sum(offsets**2, axis=0) <= radius**2


def _connected_parts(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parts of a mask numbered from 1, and how many cells each has."""
    labels = np.empty(mask.shape, np.int32)
    ndimage.label(mask, output=labels)
    return labels, np.bincount(labels.ravel())[1:]


def _canal_front_y_mm(solid: np.ndarray, origin_mm: np.ndarray) -> float:
    """Anterior edge of the canal at its midline, mm."""
    fronts = []
    for k in range(solid.shape[2]):
        holes = ndimage.binary_fill_holes(solid[:, :, k]) & ~solid[:, :, k]
        labels, sizes = _connected_parts(holes)
        if not len(sizes) or sizes.max() * _STEP_MM**2 < _SMALLEST_CANAL_MM2:
            continue
        x, y = np.nonzero(labels == 1 + np.argmax(sizes))
        middle = np.abs(x - np.median(x)) * _STEP_MM <= 3.0
        fronts.append(origin_mm[1] + _STEP_MM * (y[middle].max() + 0.5))
    if not fronts:
        raise InputError(
            "NO-CANAL",
            "vertebra mesh",
            "no axial slice with a closed hole",
            "a vertebra with a closed arch around the canal, z pointing cranially",
            "naming the mesh's axes, or closing the arch",
        )
    return float(np.median(fronts))


def solid_voxels(
    vertices_mm: np.ndarray, faces: np.ndarray, step_mm: float
) -> tuple[np.ndarray, np.ndarray]:
    """Inside of a closed mesh on a grid, by parity along z.

    Returns:
        [X, Y, Z] bool and the position [3] mm of its first voxel centre.
    """
    # The odd fraction keeps grid columns off vertices at round coordinates.
    origin = vertices_mm.min(axis=0) - step_mm * 1.37137
    shape = np.ceil((vertices_mm.max(axis=0) - origin) / step_mm).astype(int) + 2
    crossings = np.zeros(shape, dtype=np.int32)
    for corners in ((vertices_mm - origin) / step_mm)[faces]:
        _count_crossings(crossings, corners)
    return np.cumsum(crossings, axis=2) % 2 == 1, origin


def _count_crossings(crossings: np.ndarray, corners: np.ndarray) -> None:
    """Add one at the first voxel above the triangle in each column it covers."""
    low = np.ceil(corners[:, :2].min(axis=0)).astype(int)
    high = np.floor(corners[:, :2].max(axis=0)).astype(int)
    if np.any(high < low):
        return
    x, y = np.mgrid[low[0] : high[0] + 1, low[1] : high[1] + 1]
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = corners
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area == 0:
        return
    v = ((x - ax) * (cy - ay) - (y - ay) * (cx - ax)) / area
    w = ((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / area
    inside = (v >= 0) & (w >= 0) & (v + w <= 1)
    height = az + v * (bz - az) + w * (cz - az)
    np.add.at(crossings, (x[inside], y[inside], np.ceil(height[inside]).astype(int)), 1)
