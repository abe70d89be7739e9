"""Signed distance: value, the four tests of its gradient, and what it refuses."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import signed_distance
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers
from tests.geometry.plain_distance import plain_gradients

every_implementation = pytest.mark.parametrize("implementation", ["tiled", "reference"])

N_POINTS, N_FACES, N_VERTICES = 61, 145, 76
"""One array size for all meshes, so that they share compiled programs."""

MESHES = {
    "torus": lambda: helpers.torus(12, 6),
    "star": lambda: spiky(helpers.icosphere(1, 0.5)),
    "box": helpers.box,
    "plate": helpers.plate,
}


def spiky(mesh):
    vertices, faces = mesh
    vertices[:12] *= 2.4
    return vertices, faces


def sized(name):
    vertices, faces = helpers.refined(MESHES[name](), N_FACES, N_VERTICES)
    return vertices, build_hierarchy(vertices, faces)


def scattered_points():
    return np.random.default_rng(3).uniform(-1, 1, (N_POINTS, 3))


@functools.cache
def derivatives(implementation):
    """Compiled value and derivatives in (points, vertices) for any hierarchy."""

    def f(points, vertices, hierarchy):
        mesh = Mesh(vertices, hierarchy.faces)
        return signed_distance(
            points, mesh, hierarchy=hierarchy, implementation=implementation
        )

    @jax.jit
    def evaluate(points, vertices, hierarchy, direction, cotangent):
        at = (points, vertices)
        value, linear = jax.linearize(lambda p, v: f(p, v, hierarchy), *at)
        gradients = jax.linear_transpose(linear, *at)(cotangent)
        return value, linear(*direction), gradients

    return evaluate


def gradients_of(implementation, points, vertices, hierarchy, cotangent=None):
    """Distances, and their reverse gradients contracted with a cotangent (of ones)."""
    points, vertices = jnp.asarray(points), jnp.asarray(vertices)
    cotangent = np.ones(len(points)) if cotangent is None else cotangent
    cotangent = jnp.asarray(cotangent, points.dtype)
    value, _, gradients = derivatives(implementation)(
        points, vertices, hierarchy, (points, vertices), cotangent
    )
    return tuple(np.asarray(x) for x in (value, *gradients))


# 0. Value


def test_box_by_hand(x64):
    vertices, hierarchy = sized("box")
    points = np.zeros((N_POINTS, 3))
    # Inside, beside a face, an edge and a corner of the unit box at the origin.
    points[:4] = [[0, 0, 0.1], [0.2, 0.1, 2.5], [1.5, 0, -2.5], [1.5, 2.5, 2.5]]
    value, _, _ = gradients_of("tiled", points, vertices, hierarchy)
    expected = [-0.4, 2, np.sqrt(1 + 4), 3]
    np.testing.assert_allclose(value[:4], expected, atol=1e-14)


@pytest.mark.parametrize("name", MESHES)
def test_float32_against_float64(name, x64):
    vertices, hierarchy = sized(name)
    vertices = vertices.astype(np.float32)
    points = scattered_points().astype(np.float32)
    single, _, _ = gradients_of("reference", points, vertices, hierarchy)
    double, _, _ = gradients_of(
        "tiled", points.astype(float), vertices.astype(float), hierarchy
    )
    assert single.dtype == "float32"
    np.testing.assert_allclose(single, double, atol=1e-5)


# 1. Central differences


@pytest.mark.parametrize("name", ["torus", "star"])
@every_implementation
def test_central_differences(name, implementation, x64):
    vertices, hierarchy = sized(name)
    points = scattered_points()
    evaluate = derivatives(implementation)
    step = 1e-6
    for seed in range(4):
        rng = np.random.default_rng(seed)
        direction = tuple(
            jnp.asarray(rng.normal(size=a.shape)) for a in (points, vertices)
        )
        cotangent = jnp.asarray(rng.normal(size=N_POINTS))

        def at(t, direction=direction, cotangent=cotangent):
            moved = (a + t * d for a, d in zip((points, vertices), direction))
            return evaluate(*moved, hierarchy, direction, cotangent)

        difference = cotangent @ (at(step)[0] - at(-step)[0]) / (2 * step)
        _, forward, gradients = at(0.0)
        reverse = sum(jnp.vdot(g, d) for g, d in zip(gradients, direction))
        np.testing.assert_allclose(cotangent @ forward, difference, rtol=1e-6)
        np.testing.assert_allclose(reverse, cotangent @ forward, rtol=1e-10)


# 2. Autodiff of a plain reference


@pytest.mark.parametrize("name", ["torus", "star"])
@every_implementation
def test_autodiff_of_a_plain_reference(name, implementation, x64):
    vertices, hierarchy = sized(name)
    points, faces = scattered_points(), np.asarray(hierarchy.faces)
    faces = faces[faces[:, 0] != faces[:, 1]]
    cotangent = np.random.default_rng(5).normal(size=N_POINTS)
    value, of_points, of_vertices = gradients_of(
        implementation, points, vertices, hierarchy, cotangent
    )
    assert np.sum(value < 0) > 2
    distance, gradients = plain_gradients(
        points, vertices, faces, np.sign(value), cotangent
    )
    np.testing.assert_allclose(value, distance, atol=1e-13)
    for own, other in zip((of_points, of_vertices), gradients):
        np.testing.assert_allclose(own, other, atol=1e-11)


# 3. Identities


@pytest.mark.parametrize("name", MESHES)
@every_implementation
def test_identities(name, implementation, x64):
    vertices, hierarchy = sized(name)
    points = scattered_points()
    _, of_points, _ = gradients_of(implementation, points, vertices, hierarchy)
    np.testing.assert_allclose(np.linalg.norm(of_points, axis=1), 1, atol=1e-12)
    # Moving points and mesh together changes no distance: point by point.
    for i in range(0, N_POINTS, 10):
        one = np.eye(N_POINTS)[i]
        _, of_points, of_vertices = gradients_of(
            implementation, points, vertices, hierarchy, one
        )
        assert np.abs(of_vertices).max() > 0.1
        np.testing.assert_allclose(
            of_points.sum(axis=0) + of_vertices.sum(axis=0), 0, atol=1e-14
        )


# 4. The singular set


def check_normals(points, expected, vertices, hierarchy):
    """On-surface points: distance 0, unit gradient along the outward normal."""
    padded = np.concatenate([points, np.full((N_POINTS - len(points), 3), 5.0)])
    value, of_points, of_vertices = gradients_of("tiled", padded, vertices, hierarchy)
    np.testing.assert_allclose(value[: len(points)], 0, atol=1e-15)
    np.testing.assert_allclose(of_points[: len(points)], expected, atol=1e-12)
    assert np.isfinite(of_points).all() and np.isfinite(of_vertices).all()


def box_features():
    """Points on the unit box and the outward normal of the feature they lie on."""
    points = np.array(
        [
            [0.1, 0.2, 0.5],  # on a face
            [-0.5, 0.25, 0.125],
            [0.25, 0.25, -0.5],  # on the diagonal between two triangles of one face
            [0.5, 0.5, 0.25],  # on an edge
            [0.25, -0.5, 0.5],
            [0.5, 0.5, 0.5],  # on a vertex
            [-0.5, 0.5, -0.5],
        ]
    )
    normals = np.where(np.abs(points) == 0.5, np.sign(points), 0)
    return points, normals / np.linalg.norm(normals, axis=1, keepdims=True)


def test_unit_normal_on_faces_edges_and_vertices(x64):
    check_normals(*box_features(), *sized("box"))


def test_unit_normal_beside_degenerate_faces(x64):
    # Faces without area lie on the vertex and on the edge that hold test points, and
    # come first, so that ties choose them. The edge's own neighbours are then unknown:
    # its normal is blended from its ends, still of unit length and outward.
    vertices, faces = helpers.box()
    extra = [[7, 7, 7], [7, 7, 6], [6, 7, 6], [7, 6, 7]]
    vertices, faces = helpers.refined(
        (vertices, np.concatenate([extra, faces])), N_FACES, N_VERTICES
    )
    order = np.argsort([len(set(face)) for face in faces.tolist()], kind="stable")
    points, normals = box_features()
    on_bad_edge = 3
    assert points[on_bad_edge].tolist() == [0.5, 0.5, 0.25]
    normals[on_bad_edge] = np.array([2, 2, 1]) / 3
    check_normals(points, normals, vertices, build_hierarchy(vertices, faces[order]))


def test_normal_within_rounding_of_the_surface(x64):
    # In float32 a point "on" a slanted face is off it by rounding; the direction from
    # its closest point is noise, the gradient must still be the normal.
    vertices, faces = helpers.refined(helpers.torus(12, 6), N_FACES, N_VERTICES)
    hierarchy = build_hierarchy(vertices, faces)
    vertices = vertices.astype(np.float32)
    picked = np.flatnonzero(faces[:, 0] != faces[:, 1])[:N_POINTS]
    corners = vertices[faces[picked]]
    points = np.einsum("i,pij->pj", np.float32([0.2, 0.3, 0.5]), corners)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    value, of_points, _ = gradients_of("reference", points, vertices, hierarchy)
    assert of_points.dtype == "float32" and np.any(value != 0)
    np.testing.assert_allclose(of_points, normal, atol=1e-5)


def test_gradient_is_continuous_through_the_surface(x64):
    vertices, hierarchy = sized("box")
    heights = np.linspace(-1e-3, 1e-3, N_POINTS)
    points = np.array([0.1, 0.2, 0.5]) + heights[:, None] * [0, 0, 1]
    value, of_points, _ = gradients_of("tiled", points, vertices, hierarchy)
    np.testing.assert_allclose(value, heights, atol=1e-15)
    np.testing.assert_allclose(of_points - [0, 0, 1], 0, atol=1e-9)


# Batches and errors


def test_batch_equals_single_meshes(x64):
    vertices, hierarchy = sized("torus")
    meshes = np.stack([vertices, vertices * [1, 2, 0.5]]).astype(np.float32)
    points = scattered_points().astype(np.float32)
    # Without `hierarchy=`: it is built from the first mesh, which is concrete here.
    together = jax.jit(
        lambda points: signed_distance(
            points, Mesh(meshes, hierarchy.faces), implementation="reference"
        )
    )(points)
    assert together.shape == (2, N_POINTS)
    for own, mesh in zip(together, meshes):
        single, _, _ = gradients_of("reference", points, mesh, hierarchy)
        np.testing.assert_allclose(own, single, atol=1e-6)


@pytest.mark.parametrize("transform", [jax.jit, jax.grad])
def test_traced_vertices_need_a_hierarchy(transform):
    vertices, faces = helpers.box()
    points = jnp.zeros((1, 3))

    def total(vertices):
        return signed_distance(points, Mesh(vertices, faces)).sum()

    with pytest.raises(ValueError, match="expected a hierarchy beside it"):
        transform(total)(jnp.asarray(vertices))


def test_wrong_arguments():
    vertices, faces = helpers.box()
    mesh = Mesh(vertices, faces)
    with pytest.raises(ValueError, match=r"points_mm has shape \(3,\), expected"):
        signed_distance(np.zeros(3), mesh)
    with pytest.raises(ValueError, match="vertices_mm has shape"):
        signed_distance(np.zeros((1, 3)), Mesh(vertices[:, :2], faces))
    with pytest.raises(ValueError, match="'cuda' is unknown"):
        signed_distance(np.zeros((1, 3)), mesh, implementation="cuda")
