"""The values every part of the package exchanges: frozen pytrees, world in RAS+ mm."""

import dataclasses
from typing import Any

import jax

Array = Any  # numpy.ndarray on the host, jax.Array inside jit


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Volume:
    """A scalar image on a voxel grid.

    Attributes:
        array: Intensities, [X, Y, Z] float32; Hounsfield units for CT.
        affine_vox_to_mm: [4, 4] float64, voxel index to RAS+ mm. An integer index is
            the centre of its voxel.
    """

    array: Array
    affine_vox_to_mm: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class LabelVolume:
    """A label map on a voxel grid; 0 is background, numbers follow `core.labels`.

    Attributes:
        array: Labels, [X, Y, Z] integer.
        affine_vox_to_mm: [4, 4] float64, voxel index to RAS+ mm.
    """

    array: Array
    affine_vox_to_mm: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Mesh:
    """A triangle mesh, faces counter-clockwise seen from outside.

    Attributes:
        vertices_mm: [V, 3] float, RAS+ mm.
        faces: [F, 3] int32, vertex indices.
    """

    vertices_mm: Array
    faces: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Centroids:
    """One point per vertebra: the centre of the vertebral *body*.

    Attributes:
        points_mm: [B, 3] float64, RAS+ mm, in cranio-caudal order.
        labels: B label numbers of the VerSe scheme (static).
    """

    points_mm: Array
    labels: tuple[int, ...] = dataclasses.field(metadata={"static": True})
