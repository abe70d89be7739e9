"""Redundancy weights: every ray counts once."""

import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.simulation.cbct.carm import CArm
from spine_jax.simulation.cbct.weights import (
    complementary_angle,
    ray_share,
    redundancy_weights,
)


def sums(carm: CArm, angle, gamma) -> np.ndarray:
    """Weights of rays and of the same rays seen the other way, summed."""
    other = complementary_angle(angle, gamma)
    total = ray_share(carm, angle, gamma)
    for turn in (0.0, -2 * np.pi):
        total += ray_share(carm, other + turn, -gamma)
    return np.asarray(total)


def draw(arc_deg: float, largest_gamma: float):
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, np.radians(arc_deg), 4000)
    return jnp.asarray(angle), jnp.asarray(
        rng.uniform(-largest_gamma, largest_gamma, 4000)
    )


# Some rays are seen once from half of what the arc has beyond 180 degrees, and the
# blending begins at 0.7 of that.
@pytest.mark.parametrize(
    ("arc_deg", "largest_gamma"),
    [(190.0, np.radians(3.5)), (200.0, np.radians(7.0)), (270.0, 0.12)],
)
def test_complementary_rays_sum_to_one(arc_deg, largest_gamma):
    total = sums(CArm(arc_deg=arc_deg), *draw(arc_deg, largest_gamma))
    np.testing.assert_allclose(total, 1.0, atol=2e-5)


def test_at_the_rim_of_the_fan_rays_seen_twice_still_sum_to_one():
    angle, gamma = draw(190.0, np.radians(8.0))
    other = np.degrees(complementary_angle(angle, gamma))
    twice = (other < 189.99) | (other > 360.01)
    total = sums(CArm(arc_deg=190.0), angle, gamma)
    np.testing.assert_allclose(total[twice], 1.0, atol=2e-5)
    assert total.max() < 1.0001 and total[~twice].mean() > 0.97


def test_no_steps_along_the_detector():
    carm = CArm(arc_deg=190.0, n_columns=256)
    weights = np.asarray(redundancy_weights(carm))
    assert np.abs(np.diff(weights, axis=1)).max() < 0.06


def test_complementary_rays_are_the_same_line():
    # Ray of the source at angle b through u on the scaled detector, as a line in x, y.
    def line(angle, gamma, sod=600.0):
        source = sod * np.array([np.cos(angle), np.sin(angle)])
        u = sod * np.tan(gamma) * np.array([-np.sin(angle), np.cos(angle)])
        way = (u - source) / np.linalg.norm(u - source)
        return way, source[0] * way[1] - source[1] * way[0]

    way, offset = line(0.3, 0.08)
    back, back_offset = line(float(complementary_angle(0.3, 0.08)), -0.08)
    np.testing.assert_allclose(way, -back, atol=1e-6)
    np.testing.assert_allclose(offset, -back_offset, rtol=1e-5)


def test_central_ray_has_parkers_weights():
    # sin^2 over the ten degrees beyond 180, and its mirror at the end.
    angles = jnp.radians(jnp.array([0.0, 2.5, 5.0, 7.5, 10.0, 90.0, 182.5, 190.0]))
    share = ray_share(CArm(arc_deg=190.0), angles, jnp.zeros(8))
    expected = [0.0, 0.1464466, 0.5, 0.8535534, 1.0, 1.0, 0.8535534, 0.0]
    np.testing.assert_allclose(share, expected, atol=1e-4)


def test_rays_seen_once_keep_their_weight():
    # At fan angle -3 degrees complementary views lie at b + 186 degrees: off the arc
    # for b from 4 to 174.
    angles = jnp.radians(jnp.array([12.0, 60.0, 120.0, 170.0]))
    share = ray_share(CArm(arc_deg=190.0), angles, jnp.radians(jnp.full(4, -3.0)))
    np.testing.assert_allclose(share, 1.0, atol=1e-5)


def test_full_circle_counts_each_view_half():
    weights = redundancy_weights(CArm(arc_deg=360.0, n_views=8, n_columns=4))
    np.testing.assert_array_equal(weights, np.full((8, 4), 0.5))
