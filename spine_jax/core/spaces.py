"""Voxel and world space. The only file that multiplies by an affine.

World is RAS+ millimetres, a voxel index is the centre of its voxel, and an affine is
always [4, 4] voxel -> mm.
"""

import numpy as np

from spine_jax.core.types import Array


def transform_points(affine: Array, points: Array) -> Array:
    """Apply a [4, 4] affine to points [..., 3] (numpy or JAX)."""
    # Written out, so that no accelerator replaces a matrix product by a coarser one.
    x, y, z = (points[..., axis, None] for axis in range(3))
    linear = affine[:3, :3].T
    return x * linear[0] + y * linear[1] + z * linear[2] + affine[:3, 3]


def vox_to_mm(affine_vox_to_mm: Array, points_vox: Array) -> Array:
    """Voxel indices [..., 3] to RAS+ mm."""
    return transform_points(affine_vox_to_mm, points_vox)


def mm_to_vox(affine_vox_to_mm: Array, points_mm: Array) -> Array:
    """RAS+ mm [..., 3] to fractional voxel indices."""
    return transform_points(np.linalg.inv(np.asarray(affine_vox_to_mm)), points_mm)


def spacing_mm(affine_vox_to_mm: Array) -> np.ndarray:
    """Length of one voxel step along each array axis, [3] mm."""
    return np.linalg.norm(np.asarray(affine_vox_to_mm)[:3, :3], axis=0)


def voxel_volume_mm3(affine_vox_to_mm: Array) -> float:
    """Volume of one voxel in mm3."""
    return float(abs(np.linalg.det(np.asarray(affine_vox_to_mm)[:3, :3])))


def orientation_codes(affine_vox_to_mm: Array) -> tuple[str, str, str]:
    """Where each array axis points, such as `("P", "I", "R")`.

    Each world axis is used once: array axes claim theirs in order of how closely they
    follow it, so oblique grids get distinct letters too.
    """
    direction = np.asarray(affine_vox_to_mm)[:3, :3] / spacing_mm(affine_vox_to_mm)
    remaining = np.abs(direction)
    codes = [""] * 3
    for _ in range(3):
        world, axis = np.unravel_index(np.argmax(remaining), (3, 3))
        codes[axis] = ("RAS" if direction[world, axis] > 0 else "LPI")[world]
        remaining[world, :] = -1.0
        remaining[:, axis] = -1.0
    return codes[0], codes[1], codes[2]
