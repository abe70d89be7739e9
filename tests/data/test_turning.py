import numpy as np

from spine_jax.data.turning import turned

VIEW = np.ones((41, 41), bool)


def disc(centre, radius, size=41):
    rows, columns = np.indices((size, size)) - size // 2
    inside = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
    return np.repeat(inside[None, ..., None], 3, axis=0).astype(np.float32)


def test_a_quarter_turn_takes_columns_to_rows():
    found = turned(disc((0, 8), 5), VIEW, 90, 1.0)
    np.testing.assert_allclose(found, disc((8, 0), 5), atol=1e-6)


def test_zoom_enlarges_about_the_middle():
    found = turned(disc((6, 0), 4), VIEW, 0, 1.5)
    # Half of the pixels on the rim may differ.
    assert np.abs(found - disc((9, 0), 6)).sum() < 0.5 * 2 * np.pi * 6 * 3


def test_nothing_moved_is_nothing_changed_and_only_the_view_moves():
    image = np.random.default_rng(0).uniform(-1, 1, (3, 41, 41, 1)).astype(np.float32)
    np.testing.assert_allclose(turned(image, VIEW, 0, 1.0), image, atol=1e-6)
    view = disc((0, 0), 15)[0, ..., 0] > 0
    made = turned(image, view, 33, 1.2)
    np.testing.assert_array_equal(made[:, ~view], image[:, ~view])
    assert np.abs(made - image)[:, view].mean() > 0.1
    assert made.dtype == np.float32
