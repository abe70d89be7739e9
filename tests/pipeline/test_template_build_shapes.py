"""Similarities, the Procrustes mean and principal modes, against worked cases."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from spine_jax.pipeline.template_build_shapes import (
    align_surfaces,
    best_similarity,
    procrustes,
    shape_model,
)
from tests.helpers import icosphere

TURN = Rotation.from_euler("xyz", [10, -20, 15], degrees=True).as_matrix()


def cloud(seed=0, n=200):
    points = np.random.default_rng(seed).normal(size=(n, 3)) * [20, 30, 15]
    return points - points.mean(axis=0)


def free_of_similarities(offsets, shape):
    """Offsets without what moves, turns or grows the centred shape."""
    basis = [np.tile(axis, (len(shape), 1)) for axis in np.eye(3)]
    basis += [np.cross(axis, shape) for axis in np.eye(3)] + [shape]
    basis = np.stack([b.ravel() for b in basis], axis=1)
    coefficients = np.linalg.lstsq(basis, offsets.ravel(), rcond=None)[0]
    return offsets - (basis @ coefficients).reshape(shape.shape)


def test_best_similarity_is_exact():
    points = cloud()
    found = best_similarity(points, 1.3 * points @ TURN.T + [4, -5, 6])
    np.testing.assert_allclose(found.rotation, TURN, atol=1e-12)
    assert found.scale == pytest.approx(1.3)
    np.testing.assert_allclose(found.shift_mm, [4, -5, 6], atol=1e-10)
    np.testing.assert_allclose(found.undo(found.apply(points)), points, atol=1e-10)


def test_best_similarity_never_mirrors():
    points = cloud()
    found = best_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(found.rotation) == pytest.approx(1.0)
    # The least scatter lies along z: that axis pays for the mirror in x.
    np.testing.assert_allclose(np.diag(found.rotation), [-1, 1, -1], atol=0.05)


def test_best_motion_keeps_the_size():
    points = cloud()
    assert best_similarity(points, 2 * points, scaled=False).scale == 1.0


def test_surfaces_are_aligned():
    def wing(n):
        """Three unequal arms, so that no turn leaves the shape nearly as it is."""
        sphere = icosphere(n)[0]
        arms = np.array([[1.0, 0, 0], [0, 1, 0.3], [-0.2, -0.3, 1]])
        arms /= np.linalg.norm(arms, axis=1, keepdims=True)
        reach = np.exp(4 * (sphere @ arms.T - 1)) @ [1.0, 1.8, 2.5]
        return 15 * sphere * (1 + reach)[:, None]

    turn = Rotation.from_euler("xyz", [4, -6, 5], degrees=True).as_matrix()
    points = wing(3)
    # The target's points are others than the moved ones.
    moved = align_surfaces(points, 1.1 * wing(4) @ turn.T + [2, -1, 3]).apply(points)
    wanted = 1.1 * points @ turn.T + [2, -1, 3]
    before = np.linalg.norm(points - wanted, axis=1).mean()
    # Closest pairs creep along smooth parts: near, not exact.
    assert before > 3.0
    assert np.linalg.norm(moved - wanted, axis=1).mean() < 0.35 * before


def test_mean_of_two_shapes_about_a_third_is_the_third():
    third = cloud()
    offset = free_of_similarities(cloud(1) / 10, third)
    shapes = np.stack([third + offset, (third - offset) @ TURN.T + [9, 8, 7]])
    aligned, scales = procrustes(shapes)
    mean = aligned.mean(axis=0)
    back = best_similarity(mean, third, scaled=False)
    np.testing.assert_allclose(back.apply(mean), third, atol=1e-4)
    np.testing.assert_allclose(scales, 1.0, atol=1e-9)


def test_sizes_are_told_and_taken_out():
    shape = cloud()
    aligned, scales = procrustes(np.stack([shape, 4 * shape @ TURN.T]))
    np.testing.assert_allclose(scales, [0.5, 2.0])
    np.testing.assert_allclose(aligned[0], 2 * shape, atol=1e-8)
    np.testing.assert_allclose(aligned[1], 2 * shape, atol=1e-4)


def test_one_parameter_gives_one_mode():
    shape = cloud()
    offset = free_of_similarities(cloud(1) / 10, shape)
    shares = np.array([-2.0, -1, 0, 1, 2])
    model = shape_model(shape + shares[:, None, None] * offset, 3)
    np.testing.assert_allclose(model.explained, [1, 0, 0], atol=1e-12)
    # Variance of -2..2 with n - 1 = 4 is 2.5.
    length = np.linalg.norm(offset)
    np.testing.assert_allclose(
        model.standard_deviations_mm, [np.sqrt(2.5) * length, 0, 0], atol=1e-6
    )
    along = np.abs(np.sum(model.modes[0] * offset)) / length
    assert along == pytest.approx(1.0)
    np.testing.assert_allclose(model.mean_mm, shape, atol=1e-12)


def test_there_are_fewer_modes_than_shapes():
    model = shape_model(np.stack([cloud(0), cloud(1), cloud(2)]), 10)
    assert model.modes.shape == (2, 200, 3)
    assert model.explained.sum() == pytest.approx(1.0)
