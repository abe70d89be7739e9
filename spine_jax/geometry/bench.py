"""Times the signed distance: `python -m spine_jax.geometry.bench [--quick]`.

Prints JSON lines; `ratio_to_libigl` is libigl's time over ours, in the same run.
"""

import argparse

import jax
import numpy as np

from spine_jax.core import Mesh
from spine_jax.geometry.distance import signed_distance
from spine_jax.kernels import timing
from spine_jax.kernels.cases import Case, sphere_cases
from spine_jax.kernels.hierarchy import build_hierarchy


def run(case: Case, repeats: int) -> None:
    """Print the rows of the value alone and of the value with both gradients."""
    hierarchy = build_hierarchy(case.vertices, case.faces)
    points, vertices = jax.device_put((case.points, case.vertices))

    def distance(points, vertices):
        mesh = Mesh(vertices, hierarchy.faces)
        return signed_distance(points, mesh, hierarchy=hierarchy)

    @jax.jit
    def with_gradients(points, vertices):
        value, pull = jax.vjp(distance, points, vertices)
        return value, pull(jax.numpy.ones_like(value))

    peers = libigl_runs(case)
    runs = {"forward": jax.jit(distance), "forward+backward": with_gradients}
    for name, own in runs.items():
        peer_ms = timing.median_ms(peers[name], repeats) if peers else None
        own_ms = timing.median_ms(lambda own=own: own(points, vertices), repeats)
        timing.print_row(
            case.name, f"signed_distance {name}", "default", own_ms, peer_ms
        )


def libigl_runs(case: Case):
    """The same two jobs with libigl, or None without it.

    libigl has no gradients: the second job adds what its users write in numpy, the
    envelope gradient of the points and its scatter to the vertices.
    """
    igl = timing.import_libigl()
    if igl is None:
        return None
    points = np.asarray(case.points, np.float64)
    vertices = np.asarray(case.vertices, np.float64)
    faces = np.asarray(case.faces, np.int64)
    sign_type = igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER

    def forward():
        return igl.signed_distance(points, vertices, faces, sign_type)

    def forward_and_backward():
        value, face, closest, _ = forward()
        direction = (points - closest) / value[:, None]
        corners = faces[face]
        weights = igl.barycentric_coordinates(
            closest, *(np.ascontiguousarray(vertices[corners[:, i]]) for i in range(3))
        )
        of_vertices = np.zeros_like(vertices)
        np.add.at(of_vertices, corners, -weights[..., None] * direction[:, None])
        return value, direction, of_vertices

    return {"forward": forward, "forward+backward": forward_and_backward}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small and noisy: seconds")
    quick = parser.parse_args().quick
    for case in sphere_cases(3, 1000) if quick else sphere_cases():
        run(case, 3 if quick else 15)


if __name__ == "__main__":
    main()
