"""Run by `test_native.py` in processes of its own: the bits of all native kernels.

Prints JSON: `threads`, of XLA's pool, or null where the system does not list them; and
`digest`, of every output byte.
"""

import hashlib
import json
from pathlib import Path

import jax
import numpy as np

from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.nearest_mesh import nearest_mesh
from spine_jax.kernels.winding_number import winding_number
from tests import helpers

N_POINTS = 20_000
SCALES = (1.0, 1e-20, 1e30)
"""Also where squares are denormal numbers or overflow: flushing them to zero is a
setting of each thread."""


def outputs(scale: float):
    """All outputs of the native kernels for three deformed meshes."""
    vertices, faces = helpers.star()
    hierarchy = build_hierarchy(vertices, faces)
    meshes = np.stack([vertices, vertices * [1, 0.5, 2] + 0.4, vertices[:, [1, 2, 0]]])
    rng = np.random.default_rng(0)
    points = (scale * rng.uniform(-1.2, 1.2, (N_POINTS, 3))).astype(np.float32)
    mesh = rng.integers(3, size=N_POINTS).astype(np.int32)
    meshes = (scale * meshes).astype(np.float32)
    return (
        closest_point(points, mesh, meshes, hierarchy, implementation="native"),
        winding_number(points, mesh, meshes, hierarchy, implementation="native"),
        nearest_mesh(points, meshes, hierarchy, implementation="native"),
    )


def main() -> None:
    digest = hashlib.sha256()
    for array in jax.tree.leaves([outputs(scale) for scale in SCALES]):
        digest.update(np.asarray(array).tobytes())
    names = [path.read_text() for path in Path("/proc/self/task").glob("*/comm")]
    threads = sum("XLAEigen" in name for name in names) or None
    print(json.dumps({"threads": threads, "digest": digest.hexdigest()}))


if __name__ == "__main__":
    main()
