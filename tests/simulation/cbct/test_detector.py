"""Each effect does what it should, alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.simulation.cbct import CArm, Physics, detector, fdk, grid_within
from spine_jax.simulation.cbct.materials import WATER_REFERENCE_PER_MM, to_hu
from tests.simulation.cbct.analytic import cylinder_lengths

CARM = CArm(
    pixel_mm=2.4, arc_deg=360.0, n_views=90, n_columns=128, n_rows=8, start_deg=0.0
)
GRID = grid_within([-80, -80, -2], [80, 80, 2], 2.0)
RADIUS = 70.0
WATER = WATER_REFERENCE_PER_MM * cylinder_lengths(CARM, (0, 0), RADIUS)


def paths(*metal_mm: np.ndarray) -> jax.Array:
    return jnp.asarray(np.stack([WATER, 0 * WATER, *metal_mm]), jnp.float32)


def reconstructed(physics: Physics, metal_mm: np.ndarray | None = None) -> np.ndarray:
    """Middle slice in HU."""
    metals = () if metal_mm is None else ("titanium",)
    given = paths() if metal_mm is None else paths(metal_mm)
    measured = detector.measured_line_integrals(given, metals, CARM, physics, 0)
    return to_hu(np.asarray(fdk(measured, GRID, CARM)))[:, :, 1]


def cupping_hu(physics: Physics) -> float:
    """How much brighter water is at 58 to 62 mm than in the middle."""
    image = reconstructed(physics)
    x, y, _ = GRID.axes_mm()
    r = np.hypot(x[:, None], y[None, :])
    return float(image[(r > 58) & (r < 62)].mean() - image[r < 10].mean())


def test_ideal_device_changes_nothing():
    measured = detector.measured_line_integrals(paths(), (), CARM, Physics(), 0)
    np.testing.assert_allclose(measured, WATER, atol=1e-5)


def test_beam_hardening_cups_and_the_correction_flattens():
    bare = Physics(tube_kv=100.0, water_correction=0.0)
    cupped, half, flat = (
        cupping_hu(dataclasses.replace(bare, water_correction=s))
        for s in (0.0, 0.5, 1.0)
    )
    assert cupped > 25
    assert 0.3 * cupped < half < 0.7 * cupped
    assert abs(flat) < 6


def test_scatter_cups_and_darkens():
    none, some, more = (
        cupping_hu(Physics(scatter_ratio=ratio)) for ratio in (0.0, 0.5, 1.5)
    )
    assert abs(none) < 6
    assert none + 30 < some < more - 30


def test_scatter_has_the_ratio_asked_for():
    signal = jnp.exp(-jnp.asarray(WATER, jnp.float32))
    total = detector.add_scatter(signal, CARM, Physics(scatter_ratio=0.8))
    middle = slice(51, 77), slice(3, 5)
    ratio = np.mean((total - signal)[:, *middle]) / np.mean(signal[:, *middle])
    np.testing.assert_allclose(ratio, 0.8, rtol=1e-4)


def test_glare_fills_the_dark_and_keeps_a_flat_field():
    physics = Physics(glare=0.1)
    flat = jnp.full((2, 64, 8), 0.7)
    np.testing.assert_allclose(
        detector.spread_signal(flat, CARM, physics), flat, rtol=1e-5
    )
    edge = flat.at[:, 32:].set(0.001)
    spread = detector.spread_signal(edge, CARM, physics)
    # Next to the edge half of the veil comes from the bright side.
    np.testing.assert_allclose(spread[0, 32, 4], 0.0009 + 0.1 * 0.35, rtol=0.06)


def test_blur_has_the_width_asked_for():
    line = jnp.zeros((1, 65, 9)).at[0, 32].set(1.0)
    blurred = detector.spread_signal(line, CARM, Physics(blur_px=1.5))[0, :, 4]
    offset = np.arange(65) - 32
    np.testing.assert_allclose(blurred.sum(), 1.0, rtol=1e-5)
    np.testing.assert_allclose(np.sqrt(np.sum(blurred * offset**2)), 1.5, rtol=0.02)


@pytest.mark.parametrize("electronic", [0.0, 30.0])
def test_noise_has_the_variance_of_counts_and_electronics(electronic):
    physics = Physics(photons=1000.0, electronic_photons=electronic)
    signal = jnp.full((90, 128, 8), 0.4)
    counts = 1000 * np.asarray(detector.add_noise(signal, physics, 3))
    np.testing.assert_allclose(counts.mean(), 400, rtol=5e-3)
    np.testing.assert_allclose(counts.var(), 400 + electronic**2, rtol=0.04)


def test_starvation_stays_finite():
    physics = Physics(tube_kv=90.0, photons=1e4, electronic_photons=5.0)
    steel_mm = np.where(WATER > 2, 60.0, 0.0)
    measured = detector.measured_line_integrals(
        paths(steel_mm), ("steel",), CARM, physics, 0
    )
    assert np.all(np.isfinite(measured))
    # The floor of one photon: -log(1 / 1e4) = 9.2, corrected for water 8.7 or so.
    assert 6 < np.max(measured) < 11
    assert np.mean(np.asarray(measured)[steel_mm > 0] > 6) > 0.3


def test_without_noise_starvation_is_finite_too():
    physics = Physics(tube_kv=90.0)
    measured = detector.measured_line_integrals(
        paths(np.full_like(WATER, 500.0)), ("steel",), CARM, physics, 0
    )
    assert np.all(np.isfinite(measured)) and np.all(np.asarray(measured) > 0)


def test_two_screws_have_a_dark_streak_between_them():
    metal_mm = sum(cylinder_lengths(CARM, (x, 0.0), 4.0) for x in (-20.0, 20.0))
    x, y, _ = GRID.axes_mm()
    between = (np.abs(x) < 8)[:, None] & (np.abs(y) < 2)[None, :]
    aside = (np.abs(x) < 8)[:, None] & (np.abs(y - 45) < 6)[None, :]

    def streak(physics):
        image = reconstructed(physics, metal_mm)
        return image[between].mean() - image[aside].mean()

    # What one energy leaves is the ringing of few views.
    of_views = streak(Physics())
    assert streak(Physics(tube_kv=100.0)) < of_views - 150


def test_gains_make_rings():
    image = reconstructed(Physics(gain_spread=0.02)) - reconstructed(Physics())
    x, y, _ = GRID.axes_mm()
    r = np.hypot(x[:, None], y[None, :])
    rings = np.array([image[(r >= a) & (r < a + 2)].mean() for a in range(10, 60, 2)])
    # Were it not for rings, the mean of a ring of 100 voxels were a tenth of one.
    assert rings.std() > 0.3 * image[r < 60].std()


def test_same_seed_same_bits():
    physics = Physics(photons=1e4, electronic_photons=5.0, gain_spread=0.01)

    def measured(seed):
        return np.asarray(
            detector.measured_line_integrals(paths(), (), CARM, physics, seed)
        )

    np.testing.assert_array_equal(measured(7), measured(7))
    assert np.mean(measured(7) != measured(8)) > 0.9


def test_shaken_views_have_the_jitter_asked_for():
    carm = dataclasses.replace(CARM, n_views=2000)
    shaken = detector.shaken_trajectory(
        carm, Physics(jitter_mm=0.3, jitter_deg=0.1), seed=0
    )
    nominal = carm.trajectory()
    np.testing.assert_allclose(np.std(shaken.column_shift_mm), 0.3, rtol=0.06)
    np.testing.assert_allclose(np.std(shaken.row_shift_mm), 0.3, rtol=0.06)
    spread = np.std(np.degrees(shaken.angles_rad - nominal.angles_rad))
    np.testing.assert_allclose(spread, 0.1, rtol=0.06)
    still = detector.shaken_trajectory(carm, Physics(), seed=0)
    np.testing.assert_array_equal(still.angles_rad, nominal.angles_rad)
