"""Remeshing keeps topology and surface and makes even triangles."""

import numpy as np
import pytest

from spine_jax.anatomy.editable import EditableMesh
from spine_jax.anatomy.meshing import mesh_implicit, mirrored, onto_surface, right_half
from spine_jax.anatomy.remesh import remesh
from spine_jax.anatomy.surface import SurfacePoints
from tests.anatomy.meshes import (
    edge_lengths,
    euler_characteristic,
    is_closed,
    torus,
    triangle_quality,
    volume,
)

BOX = (np.full(3, -14.0), np.full(3, 14.0))


def ball(points):
    return np.linalg.norm(points, axis=-1) - 10.0


def ring(points):
    """A torus about the z axis, radii 9 and 3."""
    flat = np.linalg.norm(points[..., :2], axis=-1) - 9.0
    return np.sqrt(flat**2 + points[..., 2] ** 2) - 3.0


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(("function", "euler"), [(ball, 2), (ring, 0)])
def test_implicit_mesh_is_closed_even_and_on_the_surface(function, euler, mirror):
    mesh = mesh_implicit(function, BOX, vertex_count=600, mirror=mirror)
    vertices, faces = mesh.vertices_mm, mesh.faces
    assert is_closed(faces) and euler_characteristic(vertices, faces) == euler
    assert volume(vertices, faces) > 0
    assert abs(len(vertices) - 600) < 60
    np.testing.assert_allclose(function(vertices), 0.0, atol=1e-4)
    lengths = edge_lengths(vertices, faces)
    assert lengths.std() < 0.25 * lengths.mean()
    assert triangle_quality(vertices, faces).min() > 0.3


def test_mirrored_mesh_is_symmetric_to_the_last_bit():
    mesh = mesh_implicit(ring, BOX, vertex_count=600, mirror=True)
    points = {tuple(p) for p in mesh.vertices_mm.tolist()}
    assert {(-x, y, z) for x, y, z in points} == points
    half = right_half(mesh.vertices_mm, mesh.faces)
    again, faces = mirrored(*half)
    np.testing.assert_array_equal(again, mesh.vertices_mm)
    np.testing.assert_array_equal(faces, mesh.faces)


def test_newton_steps_reach_the_surface_along_the_normal():
    points = onto_surface(ball, np.array([[11.0, 0, 0], [0, 8.5, 0]]))
    np.testing.assert_allclose(points, [[10, 0, 0], [0, 10, 0]], atol=1e-6)


def test_dense_torus_is_coarsened_without_leaving_its_surface():
    vertices, faces = torus(20.0, 8.0, 80, 40)
    surface = SurfacePoints(vertices, faces)
    new_vertices, new_faces = remesh(vertices, faces, surface.closest, 500)
    assert is_closed(new_faces) and euler_characteristic(new_vertices, new_faces) == 0
    assert abs(len(new_vertices) - 500) < 50
    radial = np.linalg.norm(new_vertices[:, :2], axis=1) - 20.0
    np.testing.assert_allclose(np.hypot(radial, new_vertices[:, 2]), 8.0, atol=0.1)
    assert volume(new_vertices, new_faces) == pytest.approx(
        volume(vertices, faces), rel=0.04
    )


def test_closest_points_on_one_triangle():
    triangle = SurfacePoints(np.array([[0.0, 0, 0], [4, 0, 0], [0, 4, 0]]), [[0, 1, 2]])
    points = np.array([[1.0, 1, 5], [-1, 2, 0], [9, -3, 0], [3, 3, 0]])
    expected = [[1, 1, 0], [0, 2, 0], [4, 0, 0], [2, 2, 0]]
    np.testing.assert_allclose(triangle.closest(points), expected, atol=1e-12)


def tetrahedron():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    return EditableMesh(
        vertices, np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
    )


def test_split_adds_one_vertex_and_two_faces():
    mesh = tetrahedron()
    mesh.split(0, 1)
    vertices, faces = mesh.arrays()
    assert (len(vertices), len(faces)) == (5, 6) and is_closed(faces)
    assert [0.5, 0.0, 0.0] in vertices.tolist()


def test_collapse_that_would_flatten_the_solid_is_refused():
    mesh = tetrahedron()
    assert not mesh.collapse(0, 1, longest=10.0)
    assert len(mesh.arrays()[1]) == 4
