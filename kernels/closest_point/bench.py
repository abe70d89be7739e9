"""What the benchmark times of the closest point."""

import numpy as np

from spine_jax.kernels.cases import Case
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.timing import Job, kernel_run


def job(case: Case, implementation: str | None) -> Job:
    """Find the closest points; compared by their distances."""

    def values(result):
        face, barycentric = (np.asarray(a) for a in result)
        corners = case.vertices[case.faces[face]]
        closest = np.einsum("pi,pix->px", barycentric, corners)
        return np.linalg.norm(case.points - closest, axis=1)

    return Job(kernel_run(closest_point, case, implementation), values)
