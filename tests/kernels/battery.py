"""What every implementation of a kernel is asked, and the brute force to check it by.

The brute force is plain numpy and shares no code with `spine_jax.kernels`: closest
points by Ericson's region walk in long double (it squares areas, and slivers need the
digits), winding numbers by solid angles of unit vectors in float64.
"""

import dataclasses
import functools
from collections.abc import Iterable

import numpy as np
import pytest

from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy
from spine_jax.kernels.native.build import native_available
from tests import helpers

MESHES = {**helpers.CLOSED, "open_bowl": helpers.open_bowl}
N_POINTS = 301
N_FACES, N_VERTICES = 961, 500

EXACT = {"float32": 5e-6, "float64": 1e-12}
"""Allowed error of a distance over the size of mesh and point. Float32 is good to 1e-7
on well-shaped faces; slivers of 1:1000 cost the rest (see `test_many_points.py`)."""


needs_native = pytest.mark.skipif(not native_available(), reason="needs a C++ compiler")


def every(implementations: Iterable[str]) -> pytest.MarkDecorator:
    """Run a test once for each `implementation`; `native` where it can be built."""
    return pytest.mark.parametrize(
        "implementation",
        [
            pytest.param(name, marks=[needs_native] if name == "native" else [])
            for name in implementations
        ],
    )


@dataclasses.dataclass(frozen=True)
class Case:
    """One mesh with points of all kinds and the true answers.

    Positions are float32 numbers held in float64, so that both precisions are asked
    the same question.

    Attributes:
        points: [P, 3]; vertices: [V, 3]; hierarchy: of the mesh.
        distance: [P], to the surface, unsigned.
        winding: [P].
        scale: [P], the larger of the mesh (1) and the point's largest coordinate.
    """

    points: np.ndarray
    vertices: np.ndarray
    hierarchy: FaceHierarchy
    distance: np.ndarray
    winding: np.ndarray
    scale: np.ndarray


@functools.cache
def case(name: str) -> Case:
    """The named mesh of `MESHES`; all have the same array sizes and share programs."""
    vertices, faces = helpers.refined(MESHES[name](), N_FACES, N_VERTICES)
    vertices = vertices.astype(np.float32)
    hierarchy = build_hierarchy(vertices, faces)
    # The kernels do not read the boundary, whose size would compile them again.
    hierarchy = dataclasses.replace(hierarchy, boundary=hierarchy.boundary[:0])
    points = query_points(vertices, faces).astype(np.float32).astype(np.float64)
    vertices = vertices.astype(np.float64)
    return Case(
        points=points,
        vertices=vertices,
        hierarchy=hierarchy,
        distance=closest_distance(points, vertices, faces),
        winding=winding(points, vertices, faces),
        scale=np.maximum(1, np.abs(points).max(axis=1)),
    )


def query_points(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Points around, near, on and far from a mesh of unit size, [N_POINTS, 3]."""
    rng = np.random.default_rng(0)
    corners = vertices[faces[rng.integers(len(faces), size=100)]]
    on_surface = np.einsum("pi,pij->pj", rng.dirichlet(np.ones(3), 100), corners)
    groups = [
        rng.uniform(-1.2, 1.2, (80, 3)),
        on_surface[:40],
        on_surface[40:80] + 1e-3 * rng.normal(size=(40, 3)),
        corners[:25, 0],
        corners[:25, :2].mean(axis=1),
        np.array(list(np.ndindex(4, 4, 4))) / 2 - 0.75,
        vertices.mean(axis=0) + 1e-3 * rng.normal(size=(7, 3)),
        10 * rng.normal(size=(10, 3)),
        1e4 * rng.normal(size=(10, 3)),
    ]
    points = np.concatenate(groups)
    assert points.shape == (N_POINTS, 3)
    return points


def closest_distance(points, vertices, faces) -> np.ndarray:
    """Distance [P] from points to a triangle mesh.

    Faces without area are left out: in the meshes of the tests they lie on others.
    """
    triangles = np.asarray(vertices, np.longdouble)[faces]
    ab, ac = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    triangles = triangles[np.any(np.cross(ab, ac) != 0, axis=1)]
    nearest = []
    for point in np.asarray(points, np.longdouble):
        offset = point - _closest_on_triangles(point, triangles)
        nearest.append(np.sqrt(np.sum(offset**2, axis=1).min()))
    return np.array(nearest, np.float64)


def _closest_on_triangles(p, triangles) -> np.ndarray:
    """Closest point of each triangle [F, 3, 3] to one point.

    Follows C. Ericson, Real-Time Collision Detection, section 5.1.5: which of the
    seven Voronoi regions of the triangle holds the point.
    """
    a, b, c = triangles.transpose(1, 0, 2)
    ab, ac, bc = b - a, c - a, c - b
    d1, d3, d5 = (np.sum(ab * (p - x), axis=1) for x in (a, b, c))
    d2, d4, d6 = (np.sum(ac * (p - x), axis=1) for x in (a, b, c))
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    with np.errstate(invalid="ignore", divide="ignore"):
        on_ab = a + (d1 / (d1 - d3))[:, None] * ab
        on_ac = a + (d2 / (d2 - d6))[:, None] * ac
        on_bc = b + ((d4 - d3) / ((d4 - d3) + (d5 - d6)))[:, None] * bc
        inside = a + (vb[:, None] * ab + vc[:, None] * ac) / (va + vb + vc)[:, None]
    regions = [
        ((d1 <= 0) & (d2 <= 0), a),
        ((d3 >= 0) & (d4 <= d3), b),
        ((d6 >= 0) & (d5 <= d6), c),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), on_ab),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), on_ac),
        ((va <= 0) & (d4 >= d3) & (d5 >= d6), on_bc),
    ]
    conditions, answers = zip(*regions)
    return np.select([held[:, None] for held in conditions], answers, inside)


def winding(points, vertices, faces) -> np.ndarray:
    """Generalized winding number [P], float64; meaningless on the surface."""
    triangles = np.asarray(vertices, np.float64)[faces]
    values = []
    for point in np.asarray(points, np.float64):
        rays = triangles - point
        length = np.linalg.norm(rays, axis=-1, keepdims=True)
        a, b, c = (rays / np.where(length > 0, length, 1)).transpose(1, 0, 2)
        denominator = 1 + np.sum(a * b + b * c + c * a, axis=-1)
        triple = np.sum(a * np.cross(b, c), axis=-1)
        values.append(np.sum(np.arctan2(triple, denominator)) / (2 * np.pi))
    return np.array(values)


def witness_distance(points, vertices, faces, face, barycentric) -> np.ndarray:
    """Distance [P] to the points the kernel names, evaluated in float64."""
    corners = np.asarray(vertices, np.float64)[faces[np.asarray(face)]]
    closest = np.einsum("pi,pij->pj", np.asarray(barycentric, np.float64), corners)
    return np.linalg.norm(np.asarray(points, np.float64) - closest, axis=1)
