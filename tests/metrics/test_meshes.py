"""Mesh distances against values worked by hand and against dense sampling."""

import numpy as np
import pytest
import trimesh

from spine_jax.core import Mesh
from spine_jax.metrics.meshes import (
    correspondence_error_mm,
    mesh_assd_mm,
    mesh_surface_distances,
)
from spine_jax.metrics.surface import hd95_mm

TRIANGLE_MM = np.array([[0.0, 0.0, 0.0], [8.0, 0.0, 0.0], [0.0, 6.0, 0.0]])
ONE_FACE = np.array([[0, 1, 2]], np.int32)


def _ball(radius_mm: float) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=3, radius=radius_mm)
    return Mesh(np.asarray(ball.vertices), np.asarray(ball.faces, np.int32))


def test_correspondence_error_of_a_translation():
    # 3-4-5 for two vertices, none for the other two.
    moved = np.zeros((4, 3))
    moved[:2] = [3.0, 4.0, 0.0]
    assert correspondence_error_mm(np.zeros((4, 3)), moved) == 2.5


def test_correspondence_needs_the_same_number_of_vertices():
    with pytest.raises(ValueError, match="vertices_b_mm"):
        correspondence_error_mm(np.zeros((4, 3)), np.zeros((5, 3)))


def test_sliding_along_the_surface_is_an_error_only_in_correspondence():
    ball = _ball(10.0)
    order = np.random.default_rng(0).permutation(len(ball.vertices_mm))
    shuffled = Mesh(ball.vertices_mm[order], np.argsort(order)[ball.faces])
    assert mesh_assd_mm(ball, shuffled) == pytest.approx(0.0, abs=1e-9)
    assert correspondence_error_mm(ball.vertices_mm, shuffled.vertices_mm) > 5.0


def test_parallel_triangles():
    lifted = Mesh(TRIANGLE_MM + [0.0, 0.0, 2.5], ONE_FACE)
    distances = mesh_surface_distances(Mesh(TRIANGLE_MM, ONE_FACE), lifted)
    assert distances.prediction_area_mm2.sum() == pytest.approx(24.0, rel=1e-12)
    np.testing.assert_allclose(distances.prediction_mm, 2.5, rtol=1e-12)
    np.testing.assert_allclose(distances.truth_mm, 2.5, rtol=1e-12)


def test_concentric_balls():
    # The flat triangles of 1280 faces lie up to 0.5 % inside the radius.
    inner, outer = _ball(10.0), _ball(12.0)
    assert mesh_assd_mm(inner, outer) == pytest.approx(2.0, abs=0.01)
    assert hd95_mm(mesh_surface_distances(inner, outer)) == pytest.approx(2, abs=0.03)


def test_areas_weigh_the_mean():
    """A large triangle 1 mm away and a small one 3 mm away on the other side."""
    small = TRIANGLE_MM / 2.0
    both = Mesh(
        np.concatenate([TRIANGLE_MM + [0, 0, 1.0], small - [0, 0, 3.0]]),
        np.array([[0, 1, 2], [3, 4, 5]], np.int32),
    )
    # Areas 24 at 1 mm and 6 at 3 mm on one side, 24 at 1 mm on the other.
    expected = (24 * 1.0 + 6 * 3.0 + 24 * 1.0) / (24 + 6 + 24)
    assert mesh_assd_mm(both, Mesh(TRIANGLE_MM, ONE_FACE)) == pytest.approx(expected)


def test_distance_to_a_triangle_above_its_face_edges_and_corners():
    """Points, as triangles of no size, against the brute minimum over dense samples."""
    rng = np.random.default_rng(3)
    points_mm = rng.uniform([-6, -6, -4], [12, 10, 4], (200, 3))
    specks = Mesh(np.repeat(points_mm, 3, axis=0), np.arange(600).reshape(200, 3))
    found_mm = mesh_surface_distances(specks, Mesh(TRIANGLE_MM, ONE_FACE)).prediction_mm

    side = np.linspace(0.0, 1.0, 201)
    first, second = np.meshgrid(side, side)
    inside = first + second <= 1.0
    samples_mm = np.stack(
        [8.0 * first[inside], 6.0 * second[inside], np.zeros(inside.sum())], axis=1
    )
    apart_mm = np.linalg.norm(points_mm[:, None] - samples_mm, axis=-1).min(axis=1)
    # Samples lie 0.05 mm apart at most.
    assert np.all(found_mm <= apart_mm + 1e-9)
    np.testing.assert_allclose(found_mm, apart_mm, atol=0.01)
