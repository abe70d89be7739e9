"""The smoothed curve bends freely and lets single centroids not stray."""

import numpy as np
import pytest

from spine_jax.fitting.curve import smoothed_curve

SPACINGS_MM = np.array([30.0, 32, 35, 35, 34])


def parabola():
    along = np.concatenate([[0], np.cumsum(SPACINGS_MM)])
    return np.stack([0.02 * along, 0.001 * (along - 80) ** 2, -along], axis=1)


@pytest.mark.parametrize("strength", [0.0, 3.0, 1e4])
def test_a_bent_spine_stays(strength):
    curve = smoothed_curve(parabola(), SPACINGS_MM, strength)
    np.testing.assert_allclose(curve, parabola(), atol=1e-6)


def test_noise_falls_and_the_mean_stays():
    rng = np.random.default_rng(0)
    noise = 3 * rng.normal(size=(200, 6, 3))
    left = np.array(
        [smoothed_curve(parabola() + n, SPACINGS_MM, 3.0) - parabola() for n in noise]
    )
    assert left.std() < 0.85 * noise.std()
    np.testing.assert_allclose(left.mean(axis=1), noise.mean(axis=1), atol=1e-9)


def test_strength_zero_leaves_the_points():
    points = np.random.default_rng(1).normal(size=(6, 3))
    np.testing.assert_allclose(smoothed_curve(points, SPACINGS_MM, 0.0), points)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_points_are_left_alone(n):
    points = parabola()[:n] + np.random.default_rng(2).normal(size=(n, 3))
    curve = smoothed_curve(points, SPACINGS_MM[: n - 1], 3.0)
    np.testing.assert_array_equal(curve, points)
