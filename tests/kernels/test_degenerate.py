"""Meshes that break formulas: flat, doubled, coincident, enormous, tiny.

All kernels, all implementations, one array size: faces are made up with copies of the
first vertex, which are thousands of coincident faces without area themselves.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.closest_point import IMPLEMENTATIONS, closest_point
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.nearest_mesh import nearest_mesh
from spine_jax.kernels.winding_number import winding_number
from tests import helpers
from tests.kernels import battery

every_implementation = battery.every(IMPLEMENTATIONS)

N_POINTS, N_FACES, N_VERTICES = 64, 5000, 162


@functools.partial(jax.jit, static_argnames="implementation")
def find(points, vertices, hierarchy, implementation):
    index = jnp.zeros(len(points), jnp.int32)
    return (
        closest_point(
            points, index, vertices, hierarchy, implementation=implementation
        ),
        winding_number(
            points, index, vertices, hierarchy, implementation=implementation
        ),
        nearest_mesh(
            points, vertices, hierarchy, accuracy=2.0, implementation=implementation
        ),
    )


@dataclasses.dataclass(frozen=True)
class Answer:
    """What the three kernels say of one mesh.

    Attributes:
        distance: [P], to the point that `closest_point` names, in float64.
        weights: [P, 3], its barycentric coordinates.
        winding, inside: [P].
    """

    distance: np.ndarray
    weights: np.ndarray
    winding: np.ndarray
    inside: np.ndarray


def scattered_points():
    return np.random.default_rng(0).uniform(-1, 1, (N_POINTS, 3)).astype(np.float32)


def ask(points, vertices, faces, implementation) -> Answer:
    points = np.resize(np.asarray(points, np.float32), (N_POINTS, 3))
    vertices = np.asarray(vertices, np.float32)
    vertices = np.pad(vertices, ((0, N_VERTICES - len(vertices)), (0, 0)), mode="edge")
    faces = np.asarray(faces, np.int32)
    faces = np.pad(
        faces, ((0, N_FACES - len(faces)), (0, 0)), constant_values=faces[0, 0]
    )
    hierarchy = build_hierarchy(vertices, faces)
    hierarchy = dataclasses.replace(hierarchy, boundary=hierarchy.boundary[:0])
    (face, weights), winding, nearest = find(
        points, vertices[None], hierarchy, implementation
    )
    face, weights, winding = (np.asarray(a) for a in (face, weights, winding))
    assert face.min() >= 0 and face.max() < N_FACES
    # With one mesh both searches end at the same place.
    assert not np.any(nearest.mesh)
    np.testing.assert_array_equal(nearest.face[:, 0], face)
    np.testing.assert_array_equal(nearest.barycentric[:, 0], weights)
    assert not np.any(nearest.inside[:, 1])
    return Answer(
        battery.witness_distance(points, vertices, faces, face, weights),
        weights,
        winding,
        np.asarray(nearest.inside[:, 0]),
    )


@every_implementation
def test_all_vertices_in_one_place(implementation):
    points, place = scattered_points(), np.float32([0.3, -0.2, 0.5])
    vertices, faces = np.tile(place, (N_VERTICES, 1)), helpers.icosphere(2)[1]
    points[0] = place
    answer = ask(points, vertices, faces, implementation)
    expected = np.linalg.norm(points.astype(np.float64) - place, axis=1)
    np.testing.assert_allclose(answer.distance, expected, atol=1e-7)
    np.testing.assert_allclose(answer.weights.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(answer.winding, 0)
    assert not answer.inside.any()


@every_implementation
def test_all_faces_on_a_line(implementation):
    # A sphere flattened onto the segment from (-1, 0, 0) to (1, 0, 0).
    vertices, faces = helpers.icosphere(2)
    vertices = vertices / np.abs(vertices[:, 0]).max() * [1, 0, 0]
    points = scattered_points()
    answer = ask(points, vertices, faces, implementation)
    expected = np.linalg.norm(points.astype(np.float64)[:, 1:], axis=1)
    np.testing.assert_allclose(answer.distance, expected, atol=1e-6)
    np.testing.assert_allclose(answer.winding, 0, atol=1e-6)
    assert not answer.inside.any()


@every_implementation
def test_all_faces_in_a_plane(implementation):
    # A box flattened onto the square |x|, |y| <= 1/2: both sides of it are outside.
    vertices, faces = helpers.box()
    points = scattered_points() * np.float32([0.4, 0.4, 1])
    answer = ask(points, vertices * [1, 1, 0], faces, implementation)
    np.testing.assert_allclose(answer.distance, np.abs(points[:, 2]), atol=1e-6)
    np.testing.assert_allclose(answer.winding, 0, atol=1e-5)
    assert not answer.inside.any()


def box_depth(points):
    """Unsigned distance to the unit box of points inside it."""
    return (0.5 - np.abs(points)).min(axis=1)


@every_implementation
def test_every_face_twice(implementation):
    vertices, faces = helpers.box()
    points = 0.45 * scattered_points()
    answer = ask(points, vertices, np.repeat(faces, 2, axis=0), implementation)
    np.testing.assert_allclose(answer.distance, box_depth(points), atol=1e-6)
    np.testing.assert_allclose(answer.winding, 2, atol=0.1)
    assert answer.inside.all()


@every_implementation
def test_every_face_and_its_reverse(implementation):
    vertices, faces = helpers.box()
    points = 0.45 * scattered_points()
    both = np.concatenate([faces, faces[:, ::-1]])
    answer = ask(points, vertices, both, implementation)
    np.testing.assert_allclose(answer.distance, box_depth(points), atol=1e-6)
    np.testing.assert_allclose(answer.winding, 0, atol=1e-4)
    assert not answer.inside.any()


@every_implementation
def test_thousands_of_coincident_faces(implementation):
    # No box tells them apart, and all are equally near. The origin sees each over an
    # octant from behind, 1/8, and its mirror image in their plane the other side.
    points = np.array([[0, 0, 0], np.full(3, 2 / 3), [2, -1, -1], np.full(3, -0.01)])
    answer = ask(points, np.eye(3), np.tile([[0, 1, 2]], (N_FACES, 1)), implementation)
    np.testing.assert_allclose(answer.winding[:2], [625, -625], rtol=1e-4)
    expected = np.sqrt([1 / 3, 1 / 3, 3, 1.03**2 / 3])
    np.testing.assert_allclose(answer.distance[:4], expected, rtol=1e-6)
    # A mesh holds nothing outside its box, whatever it winds.
    assert answer.winding[3] > 500
    assert answer.inside[:4].tolist() == [True, False, False, False]


# Sizes


@pytest.mark.parametrize("size", [1e-8, 1e-4, 1e4, 1e7])
@every_implementation
def test_answers_scale_with_the_mesh(size, implementation):
    # Between these sizes nothing overflows or is lost; the size has no unit.
    vertices, faces = helpers.icosphere(2)
    vertices = (size * vertices).astype(np.float32)
    points = (size * 1.5 * scattered_points()).astype(np.float32)
    answer = ask(points, vertices, faces, implementation)
    expected = battery.closest_distance(points, vertices, faces)
    np.testing.assert_allclose(answer.distance, expected, atol=1e-6 * size)
    winding = battery.winding(points, vertices, faces)
    np.testing.assert_allclose(answer.winding, winding, atol=0.07)
    np.testing.assert_array_equal(answer.inside, winding > 0.5)
    assert 5 < answer.inside.sum() < N_POINTS - 5


def check_defined(answer):
    weights, known = answer.weights, np.isfinite(answer.weights).all(axis=1)
    assert np.isnan(weights[~known]).any(axis=1).all()
    assert (weights[known] >= 0).all()
    np.testing.assert_allclose(weights[known].sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    "size", [1e-45, 1e-30, 1e-20, 1e-12, 1e9, 1e15, 1e20, 1e30, 3e38]
)
@every_implementation
def test_sizes_whose_squares_overflow_have_an_answer(size, implementation):
    vertices, faces = helpers.icosphere(2)
    vertices, points = (
        (size * a.astype(np.float64)).astype(np.float32)
        for a in (0.5 * vertices, scattered_points())
    )
    assert np.isfinite(vertices).all() and np.isfinite(points).all()
    answer = ask(points, vertices, faces, implementation)
    check_defined(answer)
    # What is held is held for a reason, and not because a comparison with NaN failed.
    assert (answer.winding[answer.inside] > 0.5).all()


@every_implementation
def test_one_enormous_vertex_among_others(implementation):
    vertices, faces = helpers.icosphere(2)
    for value in (1e20, -3e38):
        vertices[7] = value
        answer = ask(scattered_points(), vertices, faces, implementation)
        check_defined(answer)
        assert (answer.winding[answer.inside] > 0.5).all()
