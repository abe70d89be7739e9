"""More than a million points around the shapes of the battery, against float64.

The truth is the dense reference in float64, 100,000 points to a shape; a distance is
evaluated in float64 from the face and the barycentric coordinates that are returned.
Open, self-intersecting and degenerate shapes are among them.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.nearest_mesh import nearest_mesh
from spine_jax.kernels.winding_number import winding_number
from tests.kernels import battery
from tests.kernels.winding import STATED_ERROR

N_POINTS = 100_000

DISTANCE = {"native": 1e-6, "tiled": 2e-5}
"""Allowed error over the larger of mesh and point. In both the face is chosen in
float32, which shows on thin faces; `native` has the position on it in float64."""

SURFACE, THIN_SURFACE = 2e-7, {"plate": 2e-6, "slivers": 4e-6}
"""Points nearer to the surface than this, in mesh sizes, may fall on either side: up to
a height of rounding over area the float32 triple product of a face is rounding itself.
Measured with points 1e-9 to 1e-5 off: 1e-7 at most, 2.4e-6 beside thin faces."""


def points_about(vertices, faces) -> np.ndarray:
    """Half of them near the surface, a quarter around it, a quarter far; float32."""
    rng = np.random.default_rng(0)
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1)
    picked = rng.choice(np.flatnonzero(length > 0), N_POINTS // 2)
    on_surface = np.einsum(
        "pi,pij->pj", rng.dirichlet(np.ones(3), len(picked)), corners[picked]
    )
    off = 10.0 ** rng.uniform(-7, -1, len(picked)) * rng.choice([-1, 1], len(picked))
    near = on_surface + (off / length[picked])[:, None] * normal[picked]
    around = rng.uniform(-1.2, 1.2, (N_POINTS // 4, 3))
    direction = rng.normal(size=(N_POINTS // 4, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    far = direction * 10.0 ** rng.uniform(0, 4, (N_POINTS // 4, 1))
    return np.concatenate([near, around, far]).astype(np.float32)


@functools.partial(jax.jit, static_argnames="implementation")
def closest(points, vertices, hierarchy, implementation):
    index = jnp.zeros(len(points), jnp.int32)
    return closest_point(
        points, index, vertices[None], hierarchy, implementation=implementation
    )


@functools.partial(jax.jit, static_argnames="implementation")
def wind(points, vertices, hierarchy, accuracy, implementation):
    return winding_number(
        points,
        jnp.zeros(len(points), jnp.int32),
        vertices[None],
        hierarchy,
        accuracy=accuracy,
        implementation=implementation,
    )


@functools.partial(jax.jit, static_argnames="implementation")
def nearest(points, vertices, hierarchy, implementation):
    return nearest_mesh(
        points,
        vertices[None],
        hierarchy,
        accuracy=1.2,
        implementation=implementation,
    )


def distance_to(case, points, face, barycentric) -> np.ndarray:
    faces = np.asarray(case.hierarchy.faces)
    return battery.witness_distance(points, case.vertices, faces, face, barycentric)


@functools.cache
def truth(name: str):
    """Points about a shape, their distances and winding numbers."""
    case = battery.case(name)
    points = points_about(case.vertices, np.asarray(case.hierarchy.faces))
    asked = points.astype(np.float64), case.vertices, case.hierarchy
    face, barycentric = closest(*asked, "reference")
    distance = distance_to(case, points, face, barycentric)
    return points, distance, np.asarray(wind(*asked, 2.0, "reference"))


every_shape = pytest.mark.parametrize("name", battery.MESHES)
every_implementation = battery.every(DISTANCE)


@pytest.mark.slow
@every_shape
@every_implementation
def test_distance(name, implementation, x64):
    case = battery.case(name)
    points, distance, _ = truth(name)
    vertices = case.vertices.astype(np.float32)
    scale = np.maximum(1, np.abs(points).max(axis=1))
    allowed = DISTANCE[implementation]
    found = closest(points, vertices, case.hierarchy, implementation)
    assert found[1].dtype == "float32"
    error = np.abs(distance_to(case, points, *found) - distance)
    assert (error / scale).max() < allowed


@pytest.mark.slow
@every_shape
@every_implementation
def test_side(name, implementation, x64):
    case = battery.case(name)
    points, distance, exact = truth(name)
    vertices = case.vertices.astype(np.float32)
    off = distance > THIN_SURFACE.get(name, SURFACE)
    assert off.mean() > 0.85
    for accuracy in (1.2, 2.0):
        error = STATED_ERROR[accuracy]
        found = wind(
            points, vertices, case.hierarchy, np.float32(accuracy), implementation
        )
        decided = off & (np.abs(exact - 0.5) > error)
        assert not np.any(((found > 0.5) != (exact > 0.5))[decided])
        far = distance > 1e-4
        assert np.abs(found - exact)[far].max() < error


@pytest.mark.slow
@every_shape
@every_implementation
def test_signed_distance(name, implementation, x64):
    # The two together, as `geometry.signed_distance` asks for them, in the box only.
    case = battery.case(name)
    points, distance, exact = truth(name)
    vertices = case.vertices.astype(np.float32)
    found = nearest(points, vertices, case.hierarchy, implementation)
    inside = np.asarray(found.inside[:, 0])
    in_box = (points >= vertices.min(axis=0)) & (points <= vertices.max(axis=0))
    expected = in_box.all(axis=1) & (exact > 0.5)
    off = distance > THIN_SURFACE.get(name, SURFACE)
    decided = off & (np.abs(exact - 0.5) > STATED_ERROR[1.2])
    np.testing.assert_array_equal(inside[decided], expected[decided])
    assert 500 < inside.sum() < N_POINTS / 2
    scale = np.maximum(1, np.abs(points).max(axis=1))
    allowed = DISTANCE[implementation]
    error = np.abs(
        distance_to(case, points, found.face[:, 0], found.barycentric[:, 0]) - distance
    )
    assert (error / scale).max() < allowed
