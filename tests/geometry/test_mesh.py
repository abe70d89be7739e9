"""Mesh quantities against hand-worked shapes and their order of convergence."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax import geometry
from spine_jax.geometry import unique_edges
from spine_jax.geometry.mesh import normalise, safe_norm
from tests import helpers

SIZE = (2.0, 3.0, 5.0)

enclosed_volume = jax.jit(geometry.enclosed_volume)
surface_points = jax.jit(geometry.surface_points)
triangle_areas = jax.jit(geometry.triangle_areas)
triangle_normals = jax.jit(geometry.triangle_normals)
vertex_normals = jax.jit(geometry.vertex_normals)
sample_surface = jax.jit(geometry.sample_surface, static_argnames="n")


def test_box_by_hand(x64):
    vertices, faces = helpers.box(SIZE)
    assert triangle_areas(vertices, faces).sum() == 2 * (2 * 3 + 3 * 5 + 5 * 2)
    np.testing.assert_allclose(enclosed_volume(vertices, faces), 30, rtol=1e-14)
    np.testing.assert_allclose(enclosed_volume(vertices, faces[:, ::-1]), -30)
    # Each side contributes two equal triangles along its outward axis.
    normals = np.asarray(triangle_normals(vertices, faces))
    for axis, area in enumerate((15, 10, 6)):
        own = normals[np.abs(normals[:, axis]) > 0]
        np.testing.assert_allclose(own[:, axis], np.repeat([-area / 2, area / 2], 2))
    centre = vertices[faces].mean(axis=1)
    assert np.all(np.sum(normals * centre, axis=1) > 0)


def test_volume_far_from_the_origin_in_float32():
    vertices, faces = helpers.box(SIZE)
    moved = (vertices + [1000, -2000, 500]).astype(np.float32)
    np.testing.assert_allclose(enclosed_volume(moved, faces), 30, rtol=1e-3)


def test_sphere_converges_with_second_order(x64):
    errors = []
    for subdivisions in (2, 3, 4):
        vertices, faces = helpers.icosphere(subdivisions, 2.0)
        errors.append(
            [
                4 * np.pi * 4 - triangle_areas(vertices, faces).sum(),
                4 / 3 * np.pi * 8 - enclosed_volume(vertices, faces),
            ]
        )
    ratio = np.array(errors[:-1]) / np.array(errors[1:])
    assert np.all(np.array(errors) > 0) and np.all(np.abs(ratio - 4) < 0.1)


def test_batch_of_meshes():
    vertices, faces = helpers.box()
    meshes = np.stack([vertices, 2 * vertices])
    np.testing.assert_allclose(enclosed_volume(meshes, faces), [1, 8], rtol=1e-6)
    np.testing.assert_allclose(triangle_areas(meshes, faces).sum(axis=1), [6, 24])
    normals = vertex_normals(meshes, faces)
    np.testing.assert_allclose(normals[0], normals[1], atol=1e-6)


def test_vertex_normals_of_a_box_ignore_the_triangulation(x64):
    # A corner of a box has three right angles, however its sides are cut.
    vertices, faces = helpers.box(SIZE)
    expected = np.sign(vertices) / np.sqrt(3)
    np.testing.assert_allclose(vertex_normals(vertices, faces), expected, atol=1e-14)


def test_vertex_normals_of_a_sphere_are_radial(x64):
    vertices, faces = helpers.icosphere(3, 2.0)
    normals = np.asarray(vertex_normals(vertices, faces))
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-14)
    assert np.sum(normals * vertices / 2, axis=1).min() > np.cos(np.radians(0.5))


def test_gradients_stay_finite_on_degenerate_faces(x64):
    vertices, faces = helpers.with_degenerate_faces()

    @jax.jit
    def gradients(vertices):
        area = jax.grad(lambda v: triangle_areas(v, faces[-2:]).sum())(vertices)
        normal = jax.grad(lambda v: vertex_normals(v, faces)[:, 0].sum())(vertices)
        return area, normal

    area, normal = gradients(jnp.asarray(vertices))
    np.testing.assert_array_equal(area, 0)
    assert np.isfinite(normal).all() and np.abs(normal).max() > 0


def test_derivatives_against_central_differences(x64):
    vertices, faces = helpers.torus(8, 5)

    def quantities(vertices):
        parts = (triangle_areas, vertex_normals, enclosed_volume)
        return jnp.concatenate([part(vertices, faces).ravel() for part in parts])

    helpers.assert_jvp_vjp(quantities, (vertices,))


def test_safe_norm_and_normalise_at_zero():
    x = jnp.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(safe_norm(x), [5, 0])
    np.testing.assert_allclose(normalise(x), [[0.6, 0.8], [0, 0]], rtol=1e-6)
    gradient = jax.jit(jax.grad(lambda x: safe_norm(x).sum() + normalise(x).sum()))(x)
    assert np.isfinite(gradient).all()


def test_unique_edges_of_two_triangles():
    edges = unique_edges(np.array([[2, 1, 0], [0, 2, 3]]))
    assert edges.dtype == np.int32
    assert edges.tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [2, 3]]


@pytest.mark.parametrize("make, genus", [(helpers.star, 0), (helpers.torus, 1)])
def test_edges_satisfy_euler(make, genus):
    vertices, faces = make()
    assert len(vertices) - len(unique_edges(faces)) + len(faces) == 2 - 2 * genus


@functools.cache
def samples(n=40_000):
    """Samples of a batch of a box and its double, one face squeezed to no area."""
    vertices, faces = helpers.box(SIZE)
    faces = np.concatenate([faces, faces[:1, [0, 0, 1]]])
    meshes = np.stack([vertices, 2 * vertices]).astype(np.float32)
    drawn = sample_surface(jax.random.key(0), meshes, faces, n=n)
    return meshes, faces, drawn


def test_samples_are_uniform_by_area():
    meshes, faces, (mesh, face, _) = samples()
    area = np.asarray(triangle_areas(meshes, faces)).reshape(-1)
    counts = np.bincount(mesh * len(faces) + face, minlength=area.size)
    assert counts[area == 0].sum() == 0
    expected = (area / area.sum() * counts.sum())[area > 0]
    chi_square = np.sum((counts[area > 0] - expected) ** 2 / expected)
    freedom = len(expected) - 1
    # Mean and 4 standard deviations of the chi-square distribution.
    assert chi_square < freedom + 4 * np.sqrt(2 * freedom)
    assert chi_square > freedom - 4 * np.sqrt(2 * freedom)


def test_samples_are_uniform_within_a_face():
    _, _, (_, _, barycentric) = samples()
    weights = np.asarray(barycentric)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    # Uniform on a triangle: mean 1/3, variance 1/18, covariance -1/36.
    np.testing.assert_allclose(weights.mean(axis=0), 1 / 3, atol=0.005)
    covariance = np.full((3, 3), -1 / 36) + np.eye(3) / 12
    np.testing.assert_allclose(np.cov(weights.T), covariance, atol=0.001)


def test_samples_repeat_with_the_key():
    meshes, faces, (_, face, _) = samples()
    again, other = (
        sample_surface(jax.random.key(seed), meshes, faces, n=len(face))[1]
        for seed in (0, 1)
    )
    np.testing.assert_array_equal(face, again)
    assert np.any(face != other)


def test_surface_points_lie_on_their_box():
    meshes, faces, drawn = samples()
    points = np.asarray(surface_points(meshes, faces, *drawn))
    half = np.array(SIZE) / 2 * (1 + np.asarray(drawn[0]))[:, None]
    np.testing.assert_allclose(np.max(np.abs(points) / half, axis=1), 1, atol=1e-6)


def test_surface_points_interpolate_any_values():
    values = jnp.array([[[0.0, 1], [10, 2], [20, 4]]])
    at = jnp.zeros(1, jnp.int32), jnp.zeros(1, jnp.int32)
    weights = jnp.array([[0.5, 0.25, 0.25]])
    faces = np.array([[0, 1, 2]])
    found = surface_points(values, faces, *at, weights)
    np.testing.assert_allclose(found, [[7.5, 2]])
