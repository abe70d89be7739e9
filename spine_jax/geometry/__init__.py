"""Differentiable geometry on triangle meshes and voxel fields; usable on its own.

from spine_jax.geometry import build_hierarchy, signed_distance, winding_number
"""

from spine_jax.geometry.distance import signed_distance
from spine_jax.geometry.fields import (
    blur_pyramid,
    gaussian_blur,
    inside_grid,
    sample_gradient,
    sample_trilinear,
)
from spine_jax.geometry.laplacian import cotangent_laplacian, lumped_mass
from spine_jax.geometry.mesh import (
    enclosed_volume,
    sample_surface,
    surface_points,
    triangle_areas,
    triangle_normals,
    unique_edges,
    vertex_normals,
)
from spine_jax.geometry.spectral import (
    SpectralBasis,
    from_spectral,
    spectral_basis,
    to_spectral,
)
from spine_jax.geometry.union import (
    UnionDistance,
    find_union_witness,
    union_distance,
)
from spine_jax.geometry.voxelise import voxelise
from spine_jax.geometry.winding import winding_number
from spine_jax.geometry.witness import distance_from_witness
from spine_jax.kernels.hierarchy import build_hierarchy

__all__ = [
    "UnionDistance",
    "SpectralBasis",
    "blur_pyramid",
    "build_hierarchy",
    "cotangent_laplacian",
    "distance_from_witness",
    "enclosed_volume",
    "find_union_witness",
    "from_spectral",
    "gaussian_blur",
    "inside_grid",
    "lumped_mass",
    "sample_gradient",
    "sample_surface",
    "sample_trilinear",
    "signed_distance",
    "spectral_basis",
    "surface_points",
    "to_spectral",
    "triangle_areas",
    "triangle_normals",
    "union_distance",
    "unique_edges",
    "vertex_normals",
    "voxelise",
    "winding_number",
]
