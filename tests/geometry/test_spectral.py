"""The spectral basis: orthonormal, ascending, repeatable, invertible."""

import numpy as np
import pytest

from spine_jax.geometry import from_spectral, spectral_basis, to_spectral
from spine_jax.geometry.laplacian import cotangent_laplacian, lumped_mass
from tests import helpers


def test_modes_solve_the_eigenproblem():
    vertices, faces = helpers.torus(12, 8)
    basis = spectral_basis(vertices, faces, 20)
    assert basis.modes.shape == (96, 20) and basis.modes.dtype == np.float64
    np.testing.assert_array_equal(basis.mass, lumped_mass(vertices, faces))
    left = cotangent_laplacian(vertices, faces) @ basis.modes
    right = basis.mass[:, None] * basis.modes * basis.eigenvalues
    np.testing.assert_allclose(left, right, atol=1e-10)


@pytest.mark.parametrize("n_modes", [1, 20, None])
def test_orthonormal_and_ascending(n_modes):
    vertices, faces = helpers.star()
    basis = spectral_basis(vertices, faces, n_modes)
    k = n_modes or len(vertices)
    gram = basis.modes.T @ (basis.mass[:, None] * basis.modes)
    np.testing.assert_allclose(gram, np.eye(k), atol=1e-10)
    assert np.all(np.diff(basis.eigenvalues) >= 0)
    assert 0 <= basis.eigenvalues[0] < 1e-8


def test_first_mode_is_constant():
    vertices, faces = helpers.torus()
    basis = spectral_basis(vertices, faces, 3)
    # Of unit mass norm: 1 / sqrt(area) everywhere.
    constant = 1 / np.sqrt(lumped_mass(vertices, faces).sum())
    np.testing.assert_allclose(basis.modes[:, 0], constant, rtol=1e-9)


def test_the_largest_entry_of_every_mode_is_positive():
    basis = spectral_basis(*helpers.star(), 30)
    largest = np.abs(basis.modes).argmax(axis=0)
    assert np.all(basis.modes[largest, np.arange(30)] > 0)


def test_to_and_from_spectral_invert_each_other(x64):
    vertices, faces = helpers.torus(12, 8)
    basis = spectral_basis(vertices, faces)
    values = np.random.default_rng(0).normal(size=(2, 96, 3))
    coefficients = to_spectral(basis, values)
    assert coefficients.shape == (2, 96, 3)
    np.testing.assert_allclose(from_spectral(basis, coefficients), values, atol=1e-10)


def test_few_modes_keep_what_they_span(x64):
    vertices, faces = helpers.torus(12, 8)
    basis = spectral_basis(vertices, faces, 10)
    coefficients = np.random.default_rng(0).normal(size=(10, 3))
    values = from_spectral(basis, coefficients)
    np.testing.assert_allclose(to_spectral(basis, values), coefficients, atol=1e-12)
    # A projection: the rest of a function is orthogonal to the modes, so it is shorter.
    noise = np.random.default_rng(1).normal(size=(96, 3))
    kept = from_spectral(basis, to_spectral(basis, noise))
    norm = [np.sum(basis.mass[:, None] * np.square(f)) for f in (kept, noise)]
    assert norm[0] < 0.5 * norm[1]


def test_scaling_the_mesh_scales_the_spectrum():
    vertices, faces = helpers.star()
    once, thrice = (spectral_basis(s * vertices, faces, 12) for s in (1, 3))
    np.testing.assert_allclose(thrice.eigenvalues[1:], once.eigenvalues[1:] / 9)
    np.testing.assert_allclose(np.abs(thrice.modes[:, 0]), np.abs(once.modes[:, 0]) / 3)


def test_refuses_unused_vertices():
    vertices, faces = helpers.box()
    with pytest.raises(ValueError, match="2 vertices belong to no face with area"):
        spectral_basis(np.concatenate([vertices, np.ones((2, 3))]), faces)


@pytest.mark.parametrize("n_modes", [-1, 0, 9])
def test_refuses_impossible_mode_counts(n_modes):
    with pytest.raises(ValueError, match=f"^{n_modes} modes asked of.*8 vertices"):
        spectral_basis(*helpers.box(), n_modes)
