"""Shape to shape: a template finds a known deformation of itself."""

import numpy as np
import pytest

from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.core import Mesh
from spine_jax.fitting.surface_fit import SurfaceFitConfig, build_target, fit_surface
from spine_jax.fitting.template import build_template
from tests.helpers import icosphere

CONFIG = SurfaceFitConfig(n_samples=2000)
MODES = 100


def knobbly(subdivisions):
    """An ellipsoid with three knobs, so that no rotation maps it to itself."""
    directions, faces = icosphere(subdivisions)
    knobs = np.array([[1.0, 0, 0.2], [-0.3, 1, 0], [0.1, -0.4, -1]])
    knobs /= np.linalg.norm(knobs, axis=1, keepdims=True)
    height = np.exp(8 * (directions @ knobs.T - 1)).sum(axis=1)
    return 20 * directions * [1.2, 1.0, 0.8] * (1 + 0.5 * height)[:, None], faces


def bend(points_mm):
    """A smooth deformation of up to about 7 mm."""
    x, y, z = points_mm.T
    return points_mm + np.stack(
        [0.004 * y**2, 4 * np.sin(z / 15), 4 * np.sin(x / 20) + 0.1 * z], axis=1
    )


def fit(start, target):
    template = build_template(Mesh(*start), MODES)
    return fit_surface(template, build_target(Mesh(*target)), CONFIG)


def mean_gap_mm(points_mm, mesh):
    offsets = SurfacePoints(*mesh).closest(points_mm) - points_mm
    return np.linalg.norm(offsets, axis=1).mean()


@pytest.fixture(scope="module")
def bent():
    """The truth [V, 3], the fit [V, 3] and the target of a bent knobbly ball."""
    start, fine = knobbly(3), knobbly(4)
    target = bend(fine[0]), fine[1]
    return start[0], bend(start[0]), fit(start, target), target


def test_finds_a_smooth_deformation(bent):
    start, _, (found, _), target = bent
    assert mean_gap_mm(start, target) > 1.0
    assert mean_gap_mm(found, target) < 0.1


def test_vertices_go_where_the_deformation_took_them(bent):
    start, truth, (found, _), _ = bent
    before = np.linalg.norm(truth - start, axis=1)
    after = np.linalg.norm(truth - found, axis=1)
    assert before.mean() > 2.0
    assert after.mean() < 0.3 * before.mean()
    assert np.quantile(after, 0.95) < 0.6 * before.mean()


def test_loss_falls_and_is_recorded(bent):
    losses = bent[2][1]
    assert losses.shape == (CONFIG.iterations,)
    assert losses[-20:].mean() < 0.05 * losses[:5].mean()


def test_same_seed_same_bits(bent):
    start, fine = knobbly(3), knobbly(4)
    again, _ = fit(start, (bend(fine[0]), fine[1]))
    np.testing.assert_array_equal(again, bent[2][0])


def test_sides_of_a_thin_plate_do_not_swap():
    # 3 mm thick, moved by 4: the nearest side of the target is the wrong one.
    vertices, faces = icosphere(3)
    plate = vertices * [25.0, 20.0, 1.5]
    found, _ = fit((plate, faces), (plate + [0, 0, 4.0], faces))
    middle = np.linalg.norm(vertices[:, :2], axis=1) < 0.7
    np.testing.assert_allclose(found[middle, 2], plate[middle, 2] + 4.0, atol=0.3)
