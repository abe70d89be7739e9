"""Point-triangle arithmetic on the triangles that break formulas."""

import jax
import numpy as np
import pytest

from spine_jax.kernels.triangles import closest_on_triangle, solid_angle


@jax.jit
def closest(p, a, b, c):
    return closest_on_triangle(*(tuple(x.T) for x in (p, a, b, c)))


def edge_and_plane_distance(p, a, b, c):
    """True distances [N] in long double, from edges and projection."""
    p, a, b, c = (x.astype(np.longdouble) for x in (p, a, b, c))

    def to_edge(start, end):
        edge = end - start
        length2 = np.maximum(np.sum(edge**2, axis=1), np.finfo(np.longdouble).tiny)
        t = np.clip(np.sum((p - start) * edge, axis=1) / length2, 0, 1)
        return np.linalg.norm((p - start - t[:, None] * edge).astype(float), axis=1)

    distance = np.min([to_edge(a, b), to_edge(b, c), to_edge(c, a)], axis=0)
    normal = np.cross(b - a, c - a)
    sides = [
        np.sum(np.cross(end - start, p - start) * normal, axis=1)
        for start, end in ((a, b), (b, c), (c, a))
    ]
    squared = np.sum(normal**2, axis=1)
    inside = np.all(np.array(sides) >= 0, axis=0) & (squared > 0)
    height = np.abs(np.sum((p - a) * normal, axis=1))
    height = height / np.sqrt(np.where(squared > 0, squared, 1))
    return np.where(inside, np.minimum(height.astype(float), distance), distance)


@pytest.mark.parametrize("thickness", [1, 1e-2, 1e-4, 1e-6, 0])
def test_slivers_of_any_thickness(thickness):
    # Corner c lies `thickness` beside the line through a and b; half of the points are
    # scattered, half lie near that line.
    rng = np.random.default_rng(0)
    n = 20_000
    a, b = rng.uniform(-1, 1, (2, n, 3))
    side = rng.normal(size=(n, 3))
    c = a + rng.uniform(-0.2, 1.2, (n, 1)) * (b - a) + thickness * side
    near = a + rng.uniform(0, 1, (n, 1)) * (b - a)
    near += 10.0 ** rng.uniform(-7, 0, (n, 1)) * rng.normal(size=(n, 3))
    p = np.where(np.arange(n)[:, None] % 2, near, rng.uniform(-1, 1, (n, 3)))
    p, a, b, c = (x.astype(np.float32) for x in (p, a, b, c))
    squared, weights = closest(p, a, b, c)
    weights = np.stack(weights, axis=-1).astype(np.float64)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
    found = weights[:, :1] * a + weights[:, 1:2] * b + weights[:, 2:] * c
    distance = np.linalg.norm(p - found, axis=1)
    # The normal of a sliver is only good to its height over float32's digits; what is
    # lost is bounded by the height itself. 2e-4 is the worst of any thickness.
    expected = edge_and_plane_distance(p, a, b, c)
    np.testing.assert_allclose(distance, expected, atol=2e-4)
    np.testing.assert_allclose(np.sqrt(squared), distance, atol=1e-5)
    assert np.mean(np.abs(distance - expected) > 1e-5) < 0.01


def test_degenerate_triangles_are_their_edges():
    a, b, c = (np.float32([x]) for x in ((0, 0, 0), (2, 0, 0), (1, 0, 0)))
    p = np.float32([[1.5, 3, 4]])
    # A segment from 0 to 2 and the point 0, both 5 away at their nearest or more.
    squared, _ = closest(p, a, b, c)
    np.testing.assert_allclose(squared, [25], rtol=1e-6)
    squared, weights = closest(p, a, a, a)
    np.testing.assert_allclose(squared, [27.25], rtol=1e-6)
    np.testing.assert_allclose(np.sum(weights, axis=0), [1])


def test_solid_angle_of_an_octant_is_an_eighth():
    corners = [tuple(row) for row in np.eye(3)]
    origin = (0.0, 0.0, 0.0)
    np.testing.assert_allclose(solid_angle(origin, *corners), 1 / 8, atol=1e-7)
    np.testing.assert_allclose(solid_angle(origin, *corners[::-1]), -1 / 8, atol=1e-7)
