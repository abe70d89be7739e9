"""The projector against line integrals known in closed form, and its transpose."""

import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.simulation.cbct import CArm, Grid, back_project, grid_within, project
from tests.helpers import assert_jvp_vjp
from tests.simulation.cbct.analytic import (
    ellipsoid_lengths,
    ellipsoid_voxels,
    gaussian_integrals,
    points_of,
)

CARM = CArm(
    pixel_mm=6.0, start_deg=-20.0, arc_deg=190.0, n_views=5, n_columns=24, n_rows=18
)
HALF_MM = np.array([40.0, 36.0, 44.0])
ELLIPSOID = np.array([5.0, -4.0, 3.0]), np.array([25.0, 18.0, 30.0])
TINY = CArm(pixel_mm=20.0, n_views=3, n_columns=5, n_rows=4)
TINY_GRID = Grid(
    np.array([-9.0, -12.0, -10.0], np.float32),
    np.array([5.0, 6.0, 4.0], np.float32),
    (5, 4, 6),
)


def projected(spacing_mm: float, image) -> np.ndarray:
    """All rays of `CARM` through an image drawn on a grid of that spacing."""
    grid = grid_within(-HALF_MM, HALF_MM, spacing_mm)
    return np.asarray(project(jnp.asarray(image(grid))[None], grid, CARM)[0])


def test_ellipsoid_with_partial_volume():
    truth = ellipsoid_lengths(CARM, *ELLIPSOID)
    assert truth.max() > 45
    crossing = truth > 0.6 * truth.max()

    def image(grid):
        return ellipsoid_voxels(grid, *ELLIPSOID)

    errors = [projected(h, image) - truth for h in (6.0, 3.0)]
    coarse, fine = (np.sqrt(np.mean(e**2)) for e in errors)
    # First order over all rays, grazing ones included.
    assert fine < 0.02 * truth.max()
    assert 1.6 < coarse / fine < 3.0
    # Second order through the middle.
    coarse, fine = (np.sqrt(np.mean(e[crossing] ** 2)) for e in errors)
    assert fine < 0.01 * truth.max()
    assert coarse / fine > 2.5


def test_smooth_objects_converge_to_second_order():
    centre, sigma = np.array([4.0, -3.0, 2.0]), 7.0
    truth = gaussian_integrals(CARM, centre, sigma)

    def image(grid):
        distance2 = np.sum((points_of(grid) - centre) ** 2, -1)
        return np.exp(-distance2 / (2 * sigma**2)).astype(np.float32)

    coarse, fine = (
        np.sqrt(np.mean((projected(h, image) - truth) ** 2)) for h in (2.0, 1.0)
    )
    assert fine < 1e-3 * truth.max()
    assert 3.5 < coarse / fine < 4.5


def test_uniform_slab_along_the_central_ray():
    # A box 40 mm thick along x, seen along x: its central rays cross 40 mm.
    carm = CArm(pixel_mm=1.0, start_deg=0.0, n_views=2, n_columns=2, n_rows=2)
    grid = grid_within([-20, -30, -30], [20, 30, 30], 2.0)
    image = jnp.full((1, *grid.shape), 0.5)
    seen = project(image, grid, carm, step_mm=0.5)[0, 0]
    np.testing.assert_allclose(seen, 20.0, rtol=1e-3)


def test_images_are_projected_side_by_side(x64):
    images = jnp.asarray(np.random.default_rng(0).random((2, *TINY_GRID.shape)))
    both = project(images, TINY_GRID, TINY)
    assert both.shape == (2, 3, 5, 4)
    for image, found in zip(images, both):
        np.testing.assert_allclose(
            found, project(image[None], TINY_GRID, TINY)[0], rtol=1e-12
        )


def test_shifted_views_equal_a_shifted_object():
    # Rays moved by (2, 3) mm at the isocentre, seen along -x, meet what the nominal
    # rays meet in an object moved the other way, but for the cone over 4 mm of depth.
    carm = CArm(pixel_mm=3.0, start_deg=0.0, n_views=2, n_columns=16, n_rows=16)
    grid = grid_within([-2, -20, -20], [2, 20, 20], 1.0)
    points = points_of(grid)

    def blob(centre):
        distance2 = np.sum((points[..., 1:] - centre) ** 2, -1)
        return jnp.asarray(np.exp(-distance2 / 50), jnp.float32)[None]

    nominal = carm.trajectory()
    shifted = type(nominal)(
        nominal.angles_rad, np.full(2, 2.0, np.float32), np.full(2, 3.0, np.float32)
    )
    moved = project(blob(np.array([4.0, 1.0])), grid, carm, shifted)[0, 0]
    expected = project(blob(np.array([2.0, -2.0])), grid, carm)[0, 0]
    np.testing.assert_allclose(moved, expected, atol=0.02)


def test_back_projector_is_the_transpose(x64):
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.normal(size=(2, *TINY_GRID.shape)))
    y = jnp.asarray(rng.normal(size=(2, 3, 5, 4)))
    forward = jnp.vdot(project(x, TINY_GRID, TINY), y)
    backward = jnp.vdot(x, back_project(y, TINY_GRID, TINY))
    np.testing.assert_allclose(forward, backward, rtol=1e-12)
    assert abs(forward) > 1


def test_gradient_against_central_differences(x64):
    def transmission(images):
        return jnp.exp(-0.05 * project(images, TINY_GRID, TINY))

    images = np.random.default_rng(2).random((1, *TINY_GRID.shape))
    assert_jvp_vjp(transmission, (images,), tolerance=1e-7, n_seeds=2)


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_grid_covers_the_box_it_was_asked_for(spacing):
    grid = grid_within([-10.0, 0.0, 5.0], [11.0, 4.0, 6.0], spacing)
    for axis, low, high in zip(grid.axes_mm(), (-10, 0, 5), (11, 4, 6)):
        assert axis[0] - spacing / 2 <= low + 1e-5
        assert high - 1e-5 <= axis[-1] + spacing / 2
        assert axis[-1] - axis[0] + spacing < high - low + spacing
