"""Times the winding-number implementations, beside libigl where it is installed."""

from spine_jax.kernels.cases import Case
from spine_jax.kernels.timing import time_kernel
from spine_jax.kernels.winding_number import IMPLEMENTATIONS, winding_number


def run(case: Case, repeats: int) -> None:
    """Print one row per implementation, at the default accuracy of 2 (libigl's too)."""
    time_kernel(case, winding_number, IMPLEMENTATIONS, _libigl, repeats)


def _libigl(igl, points, vertices, faces):
    return igl.fast_winding_number(vertices, faces, points)
