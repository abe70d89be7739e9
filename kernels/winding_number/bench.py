"""What the benchmark times of the winding number."""

from spine_jax.kernels.cases import Case
from spine_jax.kernels.timing import Job, kernel_run
from spine_jax.kernels.winding_number import winding_number


def job(case: Case, implementation: str | None) -> Job:
    """Ask for winding numbers at the default accuracy of 2, which is libigl's too."""
    return Job(kernel_run(winding_number, case, implementation))
