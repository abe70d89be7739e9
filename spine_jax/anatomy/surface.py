"""Closest points on a fixed triangle surface, on the host."""

import numpy as np
from scipy.spatial import KDTree

_CANDIDATES = 16


class SurfacePoints:
    """Projects points onto a triangle mesh.

    The closest point is taken over the 16 faces with the nearest centroids: right for
    points near a surface of fairly even triangles, and always on the surface.
    """

    def __init__(self, vertices_mm: np.ndarray, faces: np.ndarray) -> None:
        self._corners = np.asarray(vertices_mm, dtype=float)[np.asarray(faces)]
        self._tree = KDTree(self._corners.mean(axis=1))
        self._count = min(_CANDIDATES, len(self._corners))

    def closest(self, points_mm: np.ndarray) -> np.ndarray:
        """Closest surface points, [P, 3] for points [P, 3], mm."""
        _, faces = self._tree.query(points_mm, k=self._count)
        # One candidate comes without its axis.
        faces = np.reshape(faces, (len(points_mm), self._count))
        candidates = _closest_on_triangles(points_mm[:, None], self._corners[faces])
        distance = np.linalg.norm(candidates - points_mm[:, None], axis=-1)
        best = np.argmin(distance, axis=1)
        return candidates[np.arange(len(points_mm)), best]


def _closest_on_triangles(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Closest point of triangles [..., 3, 3] to points [..., 3]."""
    a, b, c = (corners[..., i, :] for i in range(3))
    normal = np.cross(b - a, c - a)
    squared = np.maximum(np.sum(normal * normal, axis=-1, keepdims=True), 1e-24)
    height = np.sum((points - a) * normal, axis=-1, keepdims=True) / squared
    best = points - height * normal
    inside = np.ones(best.shape[:-1], dtype=bool)
    for start, end in ((a, b), (b, c), (c, a)):
        side = np.sum(np.cross(end - start, best - start) * normal, axis=-1)
        inside &= side >= 0
    distance = np.where(inside, np.linalg.norm(points - best, axis=-1), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        candidate = _closest_on_segment(points, start, end)
        away = np.linalg.norm(points - candidate, axis=-1)
        closer = away < distance
        best = np.where(closer[..., None], candidate, best)
        distance = np.where(closer, away, distance)
    return best


def _closest_on_segment(points, start, end) -> np.ndarray:
    axis = end - start
    squared = np.maximum(np.sum(axis * axis, axis=-1, keepdims=True), 1e-24)
    along = np.sum((points - start) * axis, axis=-1, keepdims=True) / squared
    return start + np.clip(along, 0.0, 1.0) * axis
