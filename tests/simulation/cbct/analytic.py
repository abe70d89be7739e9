"""Objects whose line integrals are known, and their voxels."""

import numpy as np

from spine_jax.simulation.cbct.carm import CArm
from spine_jax.simulation.cbct.projector import Grid


def rays(carm: CArm) -> tuple[np.ndarray, np.ndarray]:
    """Source [V, 1, 1, 3] and unit direction [V, columns, rows, 3] of every ray.

    Built from source and detector in space, not from depths as the projector is.
    """
    angle = np.asarray(carm.trajectory().angles_rad, np.float64)
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], -1)[:, None, None]
    across = np.stack([-np.sin(angle), np.cos(angle), 0 * angle], -1)[:, None, None]
    u = carm.pixel_mm * (np.arange(carm.n_columns) - (carm.n_columns - 1) / 2)
    v = carm.pixel_mm * (np.arange(carm.n_rows) - (carm.n_rows - 1) / 2)
    source = carm.source_to_isocentre_mm * out
    middle = source - carm.source_to_detector_mm * out
    pixel = middle + u[:, None, None] * across + v[:, None] * np.array([0.0, 0, 1])
    direction = pixel - source
    return source, direction / np.linalg.norm(direction, axis=-1, keepdims=True)


def ellipsoid_lengths(carm: CArm, centre_mm, half_mm) -> np.ndarray:
    """Length of every ray in an ellipsoid, [V, columns, rows] mm."""
    source, direction = rays(carm)
    o, d = (source - centre_mm) / half_mm, direction / half_mm
    return _chords(o, d)


def cylinder_lengths(carm: CArm, centre_mm, radius_mm: float) -> np.ndarray:
    """Length of every ray in an endless cylinder along z, [V, columns, rows] mm."""
    source, direction = rays(carm)
    o = (source[..., :2] - np.asarray(centre_mm)) / radius_mm
    return _chords(o, direction[..., :2] / radius_mm)


def _chords(o: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Length of the parameter interval in which o + t d lies in the unit ball."""
    a, b = np.sum(d * d, -1), np.sum(o * d, -1)
    c = np.sum(o * o, -1) - 1
    return 2 * np.sqrt(np.maximum(b * b - a * c, 0)) / a


def gaussian_integrals(carm: CArm, centre_mm, sigma_mm: float) -> np.ndarray:
    """Line integrals of exp(-|x - centre|^2 / (2 sigma^2)), [V, columns, rows] mm."""
    source, direction = rays(carm)
    o = source - centre_mm
    along = np.sum(o * direction, -1)
    aside2 = np.sum(o * o, -1) - along**2
    return sigma_mm * np.sqrt(2 * np.pi) * np.exp(-aside2 / (2 * sigma_mm**2))


def points_of(grid: Grid, supersampling: int = 1) -> np.ndarray:
    """Voxel centres, or the centres of their parts, [X n, Y n, Z n, 3]."""
    n = supersampling
    parts = (np.arange(n) + 0.5) / n - 0.5
    axes = [
        (axis[:, None] + step * parts).ravel()
        for axis, step in zip(grid.axes_mm(), grid.spacing_mm)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def ellipsoid_voxels(grid: Grid, centre_mm, half_mm) -> np.ndarray:
    """Share of an ellipsoid in every voxel, [X, Y, Z] float32, from 4^3 parts."""
    n = 4
    inside = np.sum(((points_of(grid, n) - centre_mm) / half_mm) ** 2, -1) < 1
    x, y, z = grid.shape
    parts = inside.reshape(x, n, y, n, z, n)
    return parts.mean(axis=(1, 3, 5)).astype(np.float32)
