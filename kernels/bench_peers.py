"""What others offer for the same jobs on a CPU: libigl, Open3D, Warp, each optional.

`pip install "spine-jax[bench]"` brings them. Each runs as its documentation suggests,
on the cores it takes: Open3D always uses all, libigl from 10,000 points on, Warp's CPU
device one. What belongs to a step of an optimisation is on the clock, what is done once
is not: libigl and Open3D have no refit and build their trees at every call, Warp
refits. None of them has gradients.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from spine_jax.kernels.cases import Case
from spine_jax.kernels.timing import Job

Peer = dict[str, Callable[[Case], Job]]
"""Operation -> the peer's way to do it; operations it does not have are absent."""

OPERATIONS = ("signed_distance", "closest_point", "winding_number")


def installed_peers() -> dict[str, Peer]:
    """The peers that can be imported, by name; stderr tells about the others."""
    found = {}
    for name, load in LOADERS.items():
        try:
            # Standard output belongs to the rows.
            with contextlib.redirect_stdout(sys.stderr):
                found[name] = load()
        except ImportError as error:
            print(
                f"{name} is left out: {error} (pip install 'spine-jax[bench]', and the "
                "system libraries it asks for)",
                file=sys.stderr,
            )
    return found


def peer_jobs(peers: dict[str, Peer], operation: str, case: Case) -> dict[str, Job]:
    """The job of every peer that has the operation."""
    return {
        name: peer[operation](case) for name, peer in peers.items() if operation in peer
    }


def load_libigl() -> Peer:
    """libigl, in float64: its Python functions take nothing else."""
    igl: Any = importlib.import_module("igl")

    def arrays(case):
        vertices, faces = case.as_one_mesh()
        return np.float64(case.points), np.float64(vertices), np.int64(faces)

    def signed_distance(case):
        points, vertices, faces = arrays(case)
        sign_type = igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER

        def values(result):
            # What it returns is scaled by 1 - 2 w of its approximate winding number w.
            scaled, _, closest, _ = result
            return np.sign(scaled) * np.linalg.norm(points - closest, axis=1)

        return Job(
            lambda: igl.signed_distance(points, vertices, faces, sign_type), values
        )

    def closest_point(case):
        points, vertices, faces = arrays(case)
        return Job(
            lambda: igl.point_mesh_squared_distance(points, vertices, faces),
            lambda result: np.sqrt(result[0]),
        )

    def winding_number(case):
        points, vertices, faces = arrays(case)
        return Job(lambda: igl.fast_winding_number(vertices, faces, points))

    return dict(zip(OPERATIONS, (signed_distance, closest_point, winding_number)))


def load_open3d() -> Peer:
    """Open3D's `RaycastingScene` (Embree); its sign is the parity of one ray."""
    open3d: Any = importlib.import_module("open3d")
    tensor = open3d.core.Tensor

    def query(case, ask):
        vertices, faces = (tensor(a) for a in case.as_one_mesh())
        faces = faces.to(open3d.core.uint32)
        points = tensor(case.points)

        def run():
            scene = open3d.t.geometry.RaycastingScene()
            scene.add_triangles(vertices, faces)
            return ask(scene, points)

        return run

    def signed_distance(case):
        run = query(case, lambda scene, points: scene.compute_signed_distance(points))
        return Job(run, lambda distance: distance.numpy())

    def closest_point(case):
        run = query(case, lambda scene, points: scene.compute_closest_points(points))
        return Job(
            run,
            lambda closest: np.linalg.norm(
                case.points - closest["points"].numpy(), axis=1
            ),
        )

    return dict(zip(OPERATIONS, (signed_distance, closest_point)))


def load_warp() -> Peer:
    """NVIDIA Warp on its CPU device; its kernels are compiled before the clock runs."""
    wp: Any = importlib.import_module("warp")
    wp.config.log_level = wp.LOG_ERROR
    wp.init()
    # Warp reads its types off the annotations, where type checkers want none.
    handle, vectors = wp.uint64, wp.array(dtype=wp.vec3)
    numbers = wp.array(dtype=wp.float32)

    @wp.kernel(enable_backward=False)
    def with_sign(mesh: handle, points: vectors, distance: numbers):  # type: ignore
        i = wp.tid()
        query = wp.mesh_query_point_sign_winding_number(mesh, points[i], 1.0e9)
        closest = wp.mesh_eval_position(mesh, query.face, query.u, query.v)
        distance[i] = query.sign * wp.length(points[i] - closest)

    @wp.kernel(enable_backward=False)
    def without_sign(mesh: handle, points: vectors, distance: numbers):  # type: ignore
        i = wp.tid()
        query = wp.mesh_query_point_no_sign(mesh, points[i], 1.0e9)
        closest = wp.mesh_eval_position(mesh, query.face, query.u, query.v)
        distance[i] = wp.length(points[i] - closest)

    def job(case: Case, kernel: Any, winding: bool) -> Job:
        vertices, faces = case.as_one_mesh()
        mesh = wp.Mesh(
            wp.array(vertices, dtype=wp.vec3, device="cpu"),
            wp.array(faces.reshape(-1), dtype=wp.int32, device="cpu"),
            support_winding_number=winding,
        )
        points = wp.array(case.points, dtype=wp.vec3, device="cpu")
        distance = wp.empty(len(points), dtype=wp.float32, device="cpu")

        def run():
            mesh.refit()
            wp.launch(kernel, len(points), [mesh.id, points, distance], device="cpu")
            return distance.numpy()

        return Job(run)

    return {
        "signed_distance": lambda case: job(case, with_sign, True),
        "closest_point": lambda case: job(case, without_sign, False),
    }


LOADERS = {"libigl": load_libigl, "open3d": load_open3d, "warp": load_warp}
