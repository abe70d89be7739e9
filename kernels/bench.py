"""Times every kernel: `python -m spine_jax.kernels.bench [--quick]`, JSON lines.

The differentiable operator on top is timed by `python -m spine_jax.geometry.bench`.
"""

import argparse

from spine_jax.kernels.cases import sphere_cases
from spine_jax.kernels.closest_point import bench as closest_point
from spine_jax.kernels.winding_number import bench as winding_number


def main() -> None:
    parser = argparse.ArgumentParser(description="Time every kernel.")
    parser.add_argument("--quick", action="store_true", help="small and noisy: seconds")
    quick = parser.parse_args().quick
    for case in sphere_cases(3, 1000) if quick else sphere_cases():
        for kernel in (closest_point, winding_number):
            kernel.run(case, 3 if quick else 15)


if __name__ == "__main__":
    main()
