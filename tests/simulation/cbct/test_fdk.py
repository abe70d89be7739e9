"""Reconstruction of cylinders, wires and noise known in closed form."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.simulation.cbct import CArm, fdk, grid_within
from spine_jax.simulation.cbct.materials import WATER_REFERENCE_PER_MM, to_hu
from tests.simulation.cbct.analytic import cylinder_lengths

SLICE = grid_within([-64, -64, -2], [64, 64, 2], 2.0)
FULL = CArm(
    pixel_mm=1.8, arc_deg=360.0, n_views=240, n_columns=160, n_rows=8, start_deg=0.0
)
SHORT = CArm(
    pixel_mm=1.8, arc_deg=190.0, n_views=200, n_columns=160, n_rows=8, start_deg=-5.0
)


def radius_of(grid) -> np.ndarray:
    x, y, z = grid.axes_mm()
    r = np.hypot(x[:, None], y[None, :])
    return np.broadcast_to(r[:, :, None], grid.shape)


def water_hu(carm: CArm, radius_mm: float, centre=(0.0, 0.0), **options) -> np.ndarray:
    water = WATER_REFERENCE_PER_MM * cylinder_lengths(carm, centre, radius_mm)
    return to_hu(
        np.asarray(fdk(jnp.asarray(water, jnp.float32), SLICE, carm, **options))
    )


@pytest.mark.parametrize(("carm", "radius"), [(FULL, 54.0), (SHORT, 50.0)])
@pytest.mark.parametrize("apodisation", ["ram-lak", "shepp-logan"])
def test_water_cylinder_is_flat(carm, radius, apodisation):
    found = water_hu(carm, radius, apodisation=apodisation)
    inside = radius_of(SLICE) < radius - 5
    assert np.abs(found[inside]).max() < 10
    outside = (radius_of(SLICE) > radius + 5) & (radius_of(SLICE) < 64)
    assert abs(found[outside].mean() + 1000) < 10


def test_water_off_centre_is_where_it_was_put():
    found = water_hu(FULL, 20.0, (25.0, -10.0))
    x, y, _ = SLICE.axes_mm()
    inside = np.hypot(x[:, None] - 25, y[None, :] + 10) < 15
    assert np.abs(found[inside]).max() < 15


def test_slices_off_the_middle_plane():
    carm = CArm(pixel_mm=1.8, arc_deg=360.0, n_views=120, n_columns=128, n_rows=64)
    grid = grid_within([-24, -24, 20], [24, 24, 24], 2.0)
    water = WATER_REFERENCE_PER_MM * cylinder_lengths(carm, (0, 0), 50.0)
    found = to_hu(np.asarray(fdk(jnp.asarray(water, jnp.float32), grid, carm)))
    assert np.abs(found).max() < 10


def test_truncation_makes_a_bright_rim_that_extrapolation_tames():
    carm = dataclasses.replace(FULL, pixel_mm=1.1)
    seen = radius_of(SLICE) < 50
    rim = seen & (radius_of(SLICE) > 46)
    bare = water_hu(carm, 140.0, extrapolate=False)
    tamed = water_hu(carm, 140.0, extrapolate=True)
    assert bare[rim].mean() > 300
    assert abs(tamed[rim].mean()) < 0.5 * bare[rim].mean()
    assert bare[rim].mean() - bare[radius_of(SLICE) < 10].mean() > 200


def half_width_mm(apodisation: str) -> float:
    """Full width at half maximum of a wire of 0.2 mm near the middle."""
    carm = CArm(pixel_mm=0.9, arc_deg=360.0, n_views=180, n_columns=64, n_rows=4)
    fine = grid_within([-3.0, -3.0, -0.2], [3.0, 3.0, 0.2], 0.1)
    # Averaged over each pixel, by eight rays.
    finer = CArm(pixel_mm=0.9 / 8, arc_deg=360.0, n_views=180, n_columns=512, n_rows=4)
    lengths = cylinder_lengths(finer, (0.3, 0.2), 0.1)
    lengths = lengths.reshape(180, 64, 8, 4).mean(axis=2)
    image = np.asarray(
        fdk(jnp.asarray(lengths, jnp.float32), fine, carm, apodisation=apodisation)
    )[:, :, 2]
    peak = np.unravel_index(image.argmax(), image.shape)
    x, y, _ = fine.axes_mm()
    assert abs(x[peak[0]] - 0.3) < 0.15 and abs(y[peak[1]] - 0.2) < 0.15
    return 0.1 * np.count_nonzero(image[:, peak[1]] > image.max() / 2)


def test_point_spread_follows_the_window():
    sharp, soft = half_width_mm("ram-lak"), half_width_mm("hann")
    # The pixel is 0.55 mm at the isocentre.
    assert 0.55 < sharp < 1.0
    assert 1.2 * sharp < soft < 1.6


def test_noise_follows_the_window():
    noise = 0.02 * jax.random.normal(jax.random.key(0), (240, 160, 8))

    def spread(apodisation, scale=1.0):
        return float(np.std(fdk(scale * noise, SLICE, FULL, apodisation=apodisation)))

    assert spread("hann") < 0.7 * spread("ram-lak")
    np.testing.assert_allclose(spread("hann", 2.0), 2 * spread("hann"), rtol=1e-4)
