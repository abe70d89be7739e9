"""Choosing an implementation, and what is kept out of all of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels import dispatch
from spine_jax.kernels.dispatch import as_floats, resolve, screen

AVAILABLE = {"native": min, "tiled": max, "reference": sum}


@pytest.fixture(params=[True, False])
def native(request, monkeypatch):
    """Whether the C++ library can be had."""
    monkeypatch.setattr(dispatch, "native_available", lambda: request.param)
    return request.param


def test_the_fastest_that_can_run_is_taken(native):
    assert resolve(None, AVAILABLE, jnp.float32) is (min if native else max)
    assert resolve(None, AVAILABLE, jnp.float64) is max
    assert resolve(None, {"tiled": max, "reference": sum}, jnp.float32) is max


def test_native_is_not_taken_off_the_cpu(native, monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert resolve(None, AVAILABLE, jnp.float32) is max


def test_nothing_is_built_that_cannot_be_used(monkeypatch):
    monkeypatch.setattr(dispatch, "native_available", lambda: pytest.fail("asked"))
    assert resolve(None, AVAILABLE, jnp.float64) is max
    assert resolve("tiled", AVAILABLE, jnp.float32) is max
    assert resolve("reference", AVAILABLE, jnp.float32) is sum


def test_a_named_implementation_is_never_replaced(native):
    assert resolve("tiled", AVAILABLE, jnp.float32) is max
    if native:
        assert resolve("native", AVAILABLE, jnp.float32) is min
    else:
        with pytest.raises(ValueError, match="could not be built.*install a C.. comp"):
            resolve("native", AVAILABLE, jnp.float32)
    # Which precision it has, what was found, what to do.
    with pytest.raises(ValueError, match="in float32, found float64: cast.*'tiled'"):
        resolve("native", AVAILABLE, jnp.float64)
    with pytest.raises(
        ValueError, match="'gpu' is unknown, expected one of native, tiled, reference"
    ):
        resolve("gpu", AVAILABLE, jnp.float32)


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
