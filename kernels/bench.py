"""Times the signed distance and its kernels, beside libigl, Open3D and Warp.

`python -m spine_jax.kernels.bench [--quick]` prints one JSON line per row: `case`,
`operation`, `implementation`, `milliseconds` (median), and for every peer installed,
timed by turns with ours, `milliseconds_<peer>`, `ratio_to_<peer>` (its time over ours)
and `max_difference_to_<peer>` (of its answers to ours: distances in diagonals of the
case's box, winding numbers as they are); then `ratio_to_fastest_peer`.

Ours refits the hierarchy to the vertices in every call. No peer has gradients: rows of
`signed_distance forward+backward` set our value with the gradients in points and
vertices against the peers' value alone.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.anatomy.morphometry import spacing_to_next_mm
from spine_jax.anatomy.template import lumbar_template
from spine_jax.core import Centroids, Mesh
from spine_jax.core.labels import label_number
from spine_jax.fitting import Pose, pose_from_centroids
from spine_jax.geometry import (
    distance_from_witness,
    find_union_witness,
    sample_surface,
    signed_distance,
    surface_points,
)
from spine_jax.kernels import closest_point, winding_number
from spine_jax.kernels.bench_peers import Peer, installed_peers, peer_jobs
from spine_jax.kernels.cases import Case, sphere_cases
from spine_jax.kernels.closest_point import bench as closest_point_bench
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.timing import (
    Job,
    implementations_to_time,
    make_row,
    time_jobs,
    usable_cores,
)
from spine_jax.kernels.winding_number import bench as winding_number_bench

FORWARD, BOTH = "signed_distance forward", "signed_distance forward+backward"
LEVELS = tuple(range(1, 25))
"""C1 to L5."""
SPINE_SIZE = 2 / 3
"""Our lumbar template at life size would overlap its own copies at the facet joints,
where the distance to a union and to the concatenated mesh differ."""


def bench_cases(quick: bool) -> Iterator[Case]:
    """All cases, or only 20,480 faces at 10,000 points near them."""
    if quick:
        _, near = sphere_cases(5, 10_000)
        yield near
        return
    for n_points in (10_000, 1_000_000):
        for subdivisions in (4, 5):
            yield from sphere_cases(subdivisions, n_points)
    yield spine_case()


def spine_centroids(labels: tuple[int, ...]) -> Centroids:
    """Vertebrae at their mean spacing along a gently curved line, cranial first."""
    height = -np.cumsum([0.0, *map(spacing_to_next_mm, labels[:-1])])
    length = max(-height[-1], 1.0)
    turn = 2 * np.pi * height / length
    # Turned by 13 degrees at most.
    sway = length * np.stack([np.sin(turn / 2) / 100, np.sin(turn) / 28], axis=1)
    points_mm = np.column_stack([sway, height])
    return Centroids(points_mm - points_mm.mean(axis=0), labels)


def placed(vertices_mm: np.ndarray, pose: Pose) -> np.ndarray:
    """Copies of a template [V, 3] at the poses of B vertebrae, [B, V, 3]."""
    own = pose.scale[:, None, None] * np.asarray(vertices_mm)
    turned = np.einsum("bij,bvj->bvi", pose.rotation, own)
    return turned + pose.centre_mm[:, None]


def spine_case(n_points: int = 10_000, spread_mm: float = 3.0) -> Case:
    """24 vertebrae, asked at points some millimetres off their surfaces."""
    template = lumbar_template()
    level = label_number(template.name)
    pose = pose_from_centroids(spine_centroids(LEVELS), level, anatomical=True)
    vertices = jnp.float32(placed(SPINE_SIZE * template.mesh.vertices_mm, pose))
    faces = jnp.asarray(template.mesh.faces)
    key_surface, key_noise = jax.random.split(jax.random.key(0))
    sample = sample_surface(key_surface, vertices, faces, n_points)
    points = surface_points(vertices, faces, *sample)
    points += spread_mm * jax.random.normal(key_noise, points.shape)
    name = f"spine-{len(LEVELS)}x{len(faces)}/near-{n_points}"
    return Case(name, *(np.asarray(a) for a in (points, vertices, faces)))


def case_rows(
    case: Case, peers: Mapping[str, Peer], repeats: int
) -> Iterator[dict[str, Any]]:
    """Every row of a case, operation by operation; of a union the distance alone."""

    def own(operation, job, available):
        n_faces = len(case.as_one_mesh()[1])
        names = implementations_to_time(available, len(case.points), n_faces)
        return {(operation, name): job(case, name) for name in names}

    available = closest_point.IMPLEMENTATIONS
    jobs = own(FORWARD, distance_job, available) | own(BOTH, gradient_job, available)
    yield from rows(case, jobs, peers, "signed_distance", repeats, case.size)
    if case.vertices.ndim == 3:
        return
    jobs = own("closest_point", closest_point_bench.job, available)
    yield from rows(case, jobs, peers, "closest_point", repeats, case.size)
    available = winding_number.IMPLEMENTATIONS
    jobs = own("winding_number", winding_number_bench.job, available)
    yield from rows(case, jobs, peers, "winding_number", repeats)


def rows(
    case: Case,
    own: Mapping[tuple[str, str], Job],
    peers: Mapping[str, Peer],
    peer_operation: str,
    repeats: int,
    unit: float = 1.0,
) -> Iterator[dict[str, Any]]:
    """Time our jobs, by (operation, implementation), and the peers' by turns."""
    others = peer_jobs(peers, peer_operation, case)
    timings = time_jobs({**own, **others}, repeats)
    of_peers = {name: timings[name] for name in others}
    for operation, implementation in own:
        timing = timings[operation, implementation]
        yield make_row(case.name, operation, implementation, timing, of_peers, unit)


def distance_job(case: Case, implementation: str | None) -> Job:
    """The signed distance of a case; of the union where it has many meshes."""
    distance, arguments = _distance(case, implementation)
    run = jax.jit(distance)
    return Job(lambda: run(*arguments))


def gradient_job(case: Case, implementation: str | None) -> Job:
    """The signed distance, and its sum's gradients in points and vertices."""
    distance, arguments = _distance(case, implementation)

    @jax.jit
    def run(points, vertices, hierarchy):
        def of_positions(points, vertices):
            return distance(points, vertices, hierarchy)

        value, pull = jax.vjp(of_positions, points, vertices)
        return value, pull(jnp.ones_like(value))

    return Job(lambda: run(*arguments), lambda result: np.asarray(result[0]))


def _distance(case: Case, implementation: str | None):
    """Signed distance as a function of (points, vertices, hierarchy), and these."""

    def of_one(points, vertices, hierarchy):
        mesh = Mesh(vertices, hierarchy.faces)
        return signed_distance(
            points, mesh, hierarchy=hierarchy, implementation=implementation
        )

    def of_union(points, vertices, hierarchy):
        witness = find_union_witness(
            points, vertices, hierarchy, implementation=implementation
        )
        return distance_from_witness(points, vertices, hierarchy, witness.first)

    batched = case.vertices.ndim == 3
    typical = case.vertices[0] if batched else case.vertices
    hierarchy = build_hierarchy(typical, case.faces)
    arguments = jax.device_put((case.points, case.vertices, hierarchy))
    return of_union if batched else of_one, arguments


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one case, under a minute")
    quick = parser.parse_args().quick
    peers = installed_peers()
    print(f"cores: {usable_cores()}", file=sys.stderr)
    for case in bench_cases(quick):
        for row in case_rows(case, peers, 3 if len(case.points) > 100_000 else 15):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
