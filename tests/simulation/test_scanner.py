"""Random fields and the scanner against their stated statistics."""

import numpy as np
import pytest

from spine_jax.simulation.random_field import random_field
from spine_jax.simulation.scanner import Scanner, draw_scanner, scan

SPACING = np.array([1.0, 1.0, 2.0])


def correlation(field, axis, lag):
    first = np.take(field, range(field.shape[axis] - lag), axis=axis)
    second = np.take(field, range(lag, field.shape[axis]), axis=axis)
    return np.mean(first * second) / np.mean(field**2)


def test_field_has_unit_variance_and_the_stated_correlation_lengths():
    axes = (np.arange(80.0), np.arange(0, 80, 0.5), np.arange(0, 240, 3.0))
    field = random_field(np.random.default_rng(0), axes, (2.0, 4.0, 6.0))
    assert field.std() == pytest.approx(1.0, abs=0.03)
    # 1/e at 2 mm, 4 mm and 6 mm: 2, 8 and 2 voxels of these axes.
    for axis, lag in enumerate((2, 8, 2)):
        assert correlation(field, axis, lag) == pytest.approx(np.exp(-1), abs=0.05)


def test_blur_reaches_the_scanner_and_keeps_the_sum():
    image = np.zeros((31, 31, 31), np.float32)
    image[15, 15, 15] = 1e6
    quiet = Scanner(np.array([2.0, 2.0, 4.0]), noise_hu=0.0, sharpness=0.0)
    blurred = scan(np.random.default_rng(0), image, quiet, SPACING)
    assert blurred.sum() == pytest.approx(1e6, rel=1e-3)
    # The image counts as blurred by half a voxel before: 2^2 - 0.5^2, 4^2 - 1^2 mm2.
    offset = np.arange(31) - 15.0
    for axis, variance in ((0, 3.75), (2, 15.0)):
        profile = blurred.sum(axis=tuple({0, 1, 2} - {axis})) / 1e6
        measured = np.sum(profile * (offset * SPACING[axis]) ** 2)
        assert measured == pytest.approx(variance, rel=0.03)


@pytest.mark.parametrize("sharpness, sign", [(0.0, 1.0), (1.0, -1.0)])
def test_noise_has_its_level_and_its_correlation_follows_the_kernel(sharpness, sign):
    blur = np.array([0.9, 0.9, 1.0]) - 0.3 * sharpness * np.array([1, 1, 0])
    scanner = Scanner(blur, noise_hu=30.0, sharpness=sharpness)
    flat = np.zeros((64, 64, 32), np.float32)
    noise = scan(np.random.default_rng(1), flat, scanner, SPACING)
    assert noise.std() == pytest.approx(30.0, rel=0.02)
    assert sign * correlation(noise, 1, 1) > 0.1


def test_drawn_scanners_stay_in_the_measured_range():
    rng = np.random.default_rng(0)
    for scanner in (draw_scanner(rng, SPACING) for _ in range(50)):
        assert 12.0 <= scanner.noise_hu <= 80.0
        assert np.all((scanner.blur_mm[:2] >= 0.6) & (scanner.blur_mm[:2] <= 0.9))
        assert 0.8 <= scanner.blur_mm[2] <= 1.2
