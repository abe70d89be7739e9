"""Times the closest-point implementations, beside libigl where it is installed."""

from spine_jax.kernels.cases import Case
from spine_jax.kernels.closest_point import IMPLEMENTATIONS, closest_point
from spine_jax.kernels.timing import time_kernel


def run(case: Case, repeats: int) -> None:
    """Print one row per implementation."""
    time_kernel(case, closest_point, IMPLEMENTATIONS, _libigl, repeats)


def _libigl(igl, points, vertices, faces):
    return igl.point_mesh_squared_distance(points, vertices, faces)
