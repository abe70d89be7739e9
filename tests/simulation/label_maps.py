"""Label maps of phantom vertebrae whose poses are known, without painting a CT."""

import numpy as np

from spine_jax.core import LabelVolume
from spine_jax.simulation.bone import Bone, bone_mesh
from spine_jax.simulation.column import draw_column
from spine_jax.simulation.raster import inside_voxels

MARGIN_MM = np.array([12.0, 16.0, 17.0])


def column_labels(
    seed: int, numbers: tuple[int, ...], spacing_mm: float
) -> tuple[LabelVolume, list[Bone]]:
    """A map of consecutive lumbar vertebrae, axes right, forwards and up."""
    bones = draw_column(np.random.default_rng(seed), numbers)[1:-1]
    meshes = [bone_mesh(bone, [b for b in bones if b is not bone]) for bone in bones]
    corners = np.concatenate([mesh.vertices_mm for mesh in meshes])
    low = corners.min(axis=0) - MARGIN_MM
    size = corners.max(axis=0) + MARGIN_MM - low
    x, y, z = (int(n) for n in np.ceil(size / spacing_mm))
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    array = np.zeros((x, y, z), np.uint8)
    for number, mesh in zip(numbers, meshes):
        array[inside_voxels(mesh, (x, y, z), affine)] = number
    return LabelVolume(array, affine), bones
