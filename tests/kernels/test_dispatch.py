"""Choosing an implementation, and what is kept out of all of them."""

import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.dispatch import as_floats, resolve, screen


def test_resolve():
    available = {"quick": min, "slow": max}
    assert resolve(None, available) is min
    assert resolve("slow", available) is max
    with pytest.raises(ValueError, match="'gpu' is unknown, expected.*quick, slow"):
        resolve("gpu", available)


def test_as_floats(x64):
    f32, f64 = np.zeros(2, np.float32), np.zeros(2)
    assert [a.dtype for a in as_floats(f32, f32)] == ["float32"] * 2
    assert [a.dtype for a in as_floats(f32, f64)] == ["float64"] * 2
    assert [a.dtype for a in as_floats(f32, np.zeros(2, int))] == ["float32"] * 2
    assert as_floats(np.arange(3))[0].dtype == "float64"


def test_screen():
    points = jnp.array([[0.0, 1, 2], [jnp.nan, 1, 2], [3, 4, 5], [6, -jnp.inf, 7]])
    vertices = jnp.zeros((2, 3, 3)).at[1, 2, 0].set(jnp.inf)
    mesh = jnp.array([0, 0, 1, 0])
    clean, vertices, spoilt = screen(points, mesh, vertices, None)
    assert spoilt.tolist() == [False, True, True, True]
    assert clean.tolist() == [[0, 1, 2], [0, 1, 2], [3, 4, 5], [6, 0, 7]]
    assert not vertices.any()
    assert screen(points, mesh, vertices, 3)[2].tolist() == [False, True, False, False]
