"""Sliding windows, with networks simple enough to know the answer."""

import numpy as np
import pytest

from spine_jax.disentangle.segment3d import sliding_window


def volume(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(8, 8, 8), (9, 20, 8), (3, 5, 30), (1, 1, 1)])
@pytest.mark.parametrize("overlap", [0.0, 0.5, 0.75])
def test_what_treats_voxels_alone_comes_back(shape, overlap):
    image = volume(*shape)
    made = sliding_window(lambda w: 2 * w + 1, image, (8, 8, 8), overlap=overlap)
    assert made.dtype == np.float32 and made.shape == shape
    np.testing.assert_allclose(made, 2 * image + 1, rtol=1e-5, atol=1e-5)


def test_windows_are_counted_and_their_middles_count_most():
    seen = []

    def number_of_window(window):
        seen.append(window.copy())
        return np.full(window.shape, len(seen) - 1.0, np.float32)

    image = volume(4, 4, 12)
    made = sliding_window(number_of_window, image, (4, 4, 8))
    # Starts 0 and 4 along the last axis.
    assert len(seen) == 2
    np.testing.assert_array_equal(seen[1], image[:, :, 4:])
    row = made[2, 2]
    np.testing.assert_array_equal(row[:4], 0)
    np.testing.assert_array_equal(row[8:], 1)
    assert np.all(np.diff(row[3:9]) > 0)
    np.testing.assert_allclose(row[4:8] + row[4:8][::-1], 1, atol=1e-6)
    # At offset x from the middles, 3.5 and 7.5, weights are exp(-(x / 2)^2 / 2).
    near, far = np.exp(-0.5 * (0.5 / 2) ** 2), np.exp(-0.5 * (3.5 / 2) ** 2)
    assert row[4] == pytest.approx(far / (near + far), rel=1e-5)


def test_a_small_volume_lies_in_the_middle_of_its_window():
    windows = []

    def look(window):
        windows.append(window.copy())
        return window

    sliding_window(look, volume(2, 4, 4), (4, 4, 4), fill=-7.0)
    assert len(windows) == 1
    np.testing.assert_array_equal(windows[0][[0, 3]], -7.0)
    np.testing.assert_array_equal(windows[0][1:3], volume(2, 4, 4))
