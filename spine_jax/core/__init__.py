"""Values and the spaces they live in. Everything else in the package builds on this."""

from spine_jax.core.errors import InputError
from spine_jax.core.shapes import check_shapes
from spine_jax.core.spaces import (
    mm_to_vox,
    orientation_codes,
    spacing_mm,
    transform_points,
    vox_to_mm,
    voxel_volume_mm3,
)
from spine_jax.core.types import Centroids, LabelVolume, Mesh, Volume

__all__ = [
    "Centroids",
    "InputError",
    "LabelVolume",
    "Mesh",
    "Volume",
    "check_shapes",
    "mm_to_vox",
    "orientation_codes",
    "spacing_mm",
    "transform_points",
    "vox_to_mm",
    "voxel_volume_mm3",
]
