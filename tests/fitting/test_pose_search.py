"""The search finds turned and shifted bright bodies, and keeps a good guess."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spine_jax.core import Mesh, Volume
from spine_jax.fitting import Pose, build_problem, build_template, search_pose
from spine_jax.fitting.template import UNIT_MM
from tests.helpers import icosphere

AXES_MM = np.array([20.0, 14, 9])
CENTRES_MM = np.array([[30.0, -40, 100], [30, -40, 60]])
LEAN = Rotation.from_euler("x", 10, degrees=True).as_matrix()


def image(turn=LEAN, axes_mm=AXES_MM):
    """Two bright ellipsoids, leaning forward by 10 degrees or turned otherwise."""
    shape, corner = (52, 46, 66), np.array([-22.0, -86, 15])
    affine = np.diag([2.0, 2, 2, 1])
    affine[:3, 3] = corner
    grid = np.stack(np.indices(shape), axis=-1) * 2.0 + corner
    own = [(grid - centre) @ turn / axes_mm for centre in CENTRES_MM]
    radius = np.min([np.linalg.norm(x, axis=-1) for x in own], axis=0)
    return Volume((300 / (1 + np.exp((radius - 1) * 12))).astype(np.float32), affine)


def problem(offset_mm, turn=LEAN, axes_mm=AXES_MM):
    vertices, faces = icosphere(2)
    template = build_template(Mesh(vertices * axes_mm, faces), 20)
    pose = Pose(np.tile(np.eye(3), (2, 1, 1)), np.ones(2), CENTRES_MM + offset_mm)
    return build_problem(
        image(turn, axes_mm), pose, template, 2.56
    ), pose.centre_mm.mean(axis=0)


def found_mm(problem, origin_mm):
    return np.asarray(problem.centre) * UNIT_MM + origin_mm


def lean_deg(problem):
    cranial = np.asarray(problem.rotation)[:, :, 2]
    return np.rad2deg(np.arctan2(-cranial[:, 1], cranial[:, 2]))


def test_finds_bodies_that_are_shifted_and_turned():
    start, origin_mm = problem(np.array([[3.0, -4, 5], [-3, 3, -4]]))
    found = search_pose(start, 0.1)
    error = np.linalg.norm(found_mm(found, origin_mm) - CENTRES_MM, axis=1)
    assert np.all(error < 1.5)
    np.testing.assert_allclose(lean_deg(found), 10, atol=3)


@pytest.mark.parametrize("twist_deg", [0, -10, 24])
def test_finds_a_twist_about_the_spine(twist_deg):
    twist = Rotation.from_euler("z", twist_deg, degrees=True).as_matrix()
    # As much longer than deep as a vertebra with its processes.
    offset_mm, axes_mm = np.array([[0.0, -2, 3], [0, 2, -3]]), np.array([32, 9.0, 9])
    start, origin_mm = problem(offset_mm, twist, axes_mm)
    found = search_pose(start, 0.1)
    right = np.asarray(found.rotation)[:, :, 0]
    turned = np.rad2deg(np.arctan2(right[:, 1], right[:, 0]))
    np.testing.assert_allclose(turned, twist_deg, atol=4.1)
    error = np.linalg.norm(found_mm(found, origin_mm) - CENTRES_MM, axis=1)
    assert np.all(error < 1.5)


@pytest.mark.parametrize("size", [0.92, 1.0, 1.06])
def test_finds_the_size(size):
    start, _ = problem(np.array([[0.0, -2, 2], [1, 2, -2]]))
    start = dataclasses.replace(start, scale=size * start.scale)
    # The blur moves the steepest fall of so small a body inwards.
    np.testing.assert_allclose(search_pose(start, 0.1).scale, 0.96, atol=0.035)


def test_the_same_seed_gives_the_same_pose():
    start, _ = problem(np.array([3.0, -4, 5]))
    once, again = search_pose(start, 0.1, seed=1), search_pose(start, 0.1, seed=1)
    np.testing.assert_array_equal(once.centre, again.centre)


def test_a_vertebra_outside_the_image_stays_where_it_was():
    start, origin_mm = problem(np.array([[0.0, 0, 0], [0, 0, 500]]))
    found = search_pose(start, 0.1)
    np.testing.assert_allclose(found_mm(found, origin_mm)[1], [30, -40, 560], atol=1e-3)
