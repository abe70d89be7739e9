import jax.numpy as jnp
import numpy as np

from spine_jax.layers.resize import mean_pool_overlapping, resize_to_corners


def row_of(values, ndim):
    """Values along the first spatial axis, constant along the others, [1, *S, 1]."""
    x = jnp.array(values, jnp.float32).reshape(1, -1, *(1,) * ndim)
    return jnp.broadcast_to(x, (1, len(values), *(3,) * (ndim - 1), 1))


def test_corners_stay_and_between_them_it_is_a_line():
    x = row_of([0, 3, -3], 2)
    found = resize_to_corners(x, (7, 5))
    assert found.shape == (1, 7, 5, 1)
    for column in range(5):
        np.testing.assert_allclose(
            found[0, :, column, 0], [0, 1, 2, 3, 1, -1, -3], atol=1e-5
        )


def test_overlapping_means_know_the_border():
    for ndim in (2, 3):
        found = mean_pool_overlapping(row_of([1, 2, 6, 4, 5], ndim))
        line = np.asarray(found)[(0, slice(None), *(0,) * ndim)]
        np.testing.assert_allclose(line, [1.5, 4, 4.5], rtol=1e-6)
        assert found.shape == (1, 3, *(2,) * (ndim - 1), 1)
