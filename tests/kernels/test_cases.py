"""The benchmark's inputs are what they claim, and the kernels get them right."""

import numpy as np
import pytest

from spine_jax.kernels.cases import Case, icosphere, sphere_cases
from spine_jax.kernels.hierarchy import build_hierarchy
from tests.kernels import battery, test_closest_point, test_winding_number


@pytest.mark.parametrize("subdivisions", [0, 1, 4])
def test_icosphere(subdivisions):
    vertices, faces = icosphere(subdivisions)
    assert faces.shape == (20 * 4**subdivisions, 3) and faces.dtype == np.int32
    # Euler: V - E + F = 2 with E = 3 F / 2.
    assert len(vertices) == len(faces) // 2 + 2
    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1, atol=1e-6)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    assert np.all(np.sum(np.cross(b - a, c - a) * (a + b + c), axis=1) > 0)
    assert build_hierarchy(vertices, faces).boundary.shape == (0, 2)


def test_sphere_cases_are_the_published_ones():
    normal, near = sphere_cases()
    assert normal.name == "sphere-20480/normal-10000"
    assert near.name == "sphere-20480/near-10000"
    for case in (normal, near):
        assert case.points.shape == (10_000, 3) and case.faces.shape == (20_480, 3)
        assert case.points.dtype == case.vertices.dtype == np.float32
    np.testing.assert_allclose(normal.points.std(axis=0), 1, atol=0.03)
    height = np.linalg.norm(near.points, axis=1) - 1
    np.testing.assert_allclose(height.std(), 0.03, atol=0.003)
    np.testing.assert_array_equal(sphere_cases()[0].points, normal.points)


@pytest.mark.slow
@pytest.mark.parametrize("case", sphere_cases(), ids=lambda case: case.name)
def test_full_size(case):
    hierarchy = build_hierarchy(case.vertices, case.faces)
    n, vertices = len(case.points), case.vertices[None]
    args = case.points, np.zeros(n, np.int32), vertices, hierarchy, n
    face, barycentric = test_closest_point.find(*args, "tiled")
    distance = battery.witness_distance(
        case.points, case.vertices, case.faces, face, barycentric
    )
    # The polyhedron lies between the sphere through its vertices and the one that
    # touches its faces.
    corners = case.vertices[case.faces].astype(float)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    touching = np.sum(normal * corners[:, 0], axis=1).min()
    radius = np.linalg.norm(case.points.astype(float), axis=1)
    outside, inside = radius > 1, radius < touching
    height = radius - 1
    assert np.all(distance[outside] >= height[outside] - 1e-6)
    assert np.all(distance[outside] <= (radius - touching)[outside] + 1e-6)
    assert np.all(distance[inside] >= (touching - radius)[inside] - 1e-6)
    assert np.all(distance[inside] <= -height[inside] + 1e-6)
    winding = np.asarray(test_winding_number.find(*args, 2.0, "tiled"))
    assert np.all(winding[outside] < 0.5) and np.all(winding[inside] > 0.5)


def test_a_union_as_one_mesh():
    vertices, faces = icosphere(0)
    apart = np.stack([vertices, vertices + np.float32([5, 0, 0])])
    case = Case("two", np.zeros((1, 3), np.float32), apart, faces)
    joined, joined_faces = case.as_one_mesh()
    assert joined.shape == (24, 3) and joined_faces.shape == (40, 3)
    np.testing.assert_array_equal(joined[joined_faces[:20]], apart[0][faces])
    np.testing.assert_array_equal(joined[joined_faces[20:]], apart[1][faces])
    # The icosahedron's box has sides of 2 * 0.8507 (golden ratio over its root).
    side = 2 * 0.8506508
    expected = np.sqrt((5 + side) ** 2 + 2 * side**2)
    np.testing.assert_allclose(case.size, expected, rtol=1e-6)


def test_one_mesh_stays_as_it_is():
    near = sphere_cases(1, 10)[1]
    vertices, faces = near.as_one_mesh()
    np.testing.assert_array_equal(vertices, near.vertices)
    np.testing.assert_array_equal(faces, near.faces)
