"""Blends and limbs against shapes whose distance is known."""

import numpy as np

from spine_jax.anatomy.primitives import (
    Limb,
    limb_distance,
    smooth_max,
    smooth_min,
    superellipsoid_distance,
)


def test_smooth_min_equals_min_outside_the_fillet_and_dips_below_inside():
    assert smooth_min(np.array(1.0), np.array(5.0), 2.0) == 1.0
    # Equal values: the dip is width / 4.
    assert smooth_min(np.array(1.0), np.array(1.0), 2.0) == 0.5
    assert smooth_max(np.array(1.0), np.array(1.0), 2.0) == 1.5


def test_superellipsoid_of_equal_radii_and_exponent_two_is_a_sphere():
    points = np.array([[3.0, 4.0, 0.0], [0.0, 0.0, 7.0], [1.0, 2.0, 2.0]])
    distance = superellipsoid_distance(tuple(points.T), (5.0, 5.0, 5.0), 2.0)
    np.testing.assert_allclose(distance, [0.0, 2.0, -2.0], atol=1e-6)


def test_limb_is_a_round_bar_between_its_nodes():
    limb = Limb(((0, 0, 0, 3, 3), (10, 0, 0, 3, 3)), (0, 0, 1))
    points = np.array([[5.0, 0, 5], [5, 3, 0], [-4, 0, 0], [13, 0, 0], [5, 1, 0]])
    np.testing.assert_allclose(
        limb_distance(points, limb, 1.0), [2.0, 0.0, 1.0, 0.0, -2.0], atol=1e-6
    )


def test_limb_is_wide_along_its_wide_axis_and_tapers():
    limb = Limb(((0, 0, 0, 4, 2), (10, 0, 0, 2, 1)), (0, 0, 1))
    surface = np.array([[0.0, 0, 4], [0, 2, 0], [5, 0, 3], [5, 1.5, 0], [10, 0, 2]])
    np.testing.assert_allclose(limb_distance(surface, limb, 1.0), 0.0, atol=1e-6)
