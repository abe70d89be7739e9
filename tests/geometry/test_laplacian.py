"""The cotangent Laplacian: sign, scale, and the spectrum of a sphere."""

import numpy as np
import pytest
import scipy.linalg

from spine_jax.geometry import cotangent_laplacian, lumped_mass
from tests import helpers


def test_right_triangle_by_hand():
    # Angles 90, 45, 45 degrees: cotangents 0 at corner 0, 1 at corners 1 and 2. The
    # weight of an edge is half the cotangent opposite to it.
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    stiffness = cotangent_laplacian(vertices, [[0, 1, 2]]).toarray()
    expected = [[1, -0.5, -0.5], [-0.5, 0.5, 0], [-0.5, 0, 0.5]]
    np.testing.assert_allclose(stiffness, expected, atol=1e-15)
    np.testing.assert_allclose(lumped_mass(vertices, [[0, 1, 2]]), 1 / 6)


@pytest.mark.parametrize("name", helpers.CLOSED)
def test_symmetric_positive_with_rows_summing_to_zero(name):
    vertices, faces = helpers.CLOSED[name]()
    stiffness = cotangent_laplacian(vertices, faces)
    scale = abs(stiffness).max()
    assert abs(stiffness - stiffness.T).max() <= 1e-12 * scale
    assert abs(stiffness.sum(axis=1)).max() <= 1e-12 * scale
    assert np.linalg.eigvalsh(stiffness.toarray()).min() >= -1e-12 * scale
    assert np.isfinite(stiffness.data).all()


def test_energy_of_linear_functions_is_exact():
    # int |grad u|^2 over a flat mesh of area 12 with grad u = (2, -1, 0).
    x, y = np.meshgrid(np.linspace(0, 4, 5), np.linspace(0, 3, 4), indexing="ij")
    vertices = np.stack([x, y, 0 * x], axis=-1).reshape(-1, 3)
    corner = (np.arange(4)[:, None] * 4 + np.arange(3)).reshape(-1)
    quads = corner[:, None] + [0, 4, 5, 1]
    faces = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    u = vertices @ [2.0, -1.0, 0.0]
    energy = u @ cotangent_laplacian(vertices, faces) @ u
    np.testing.assert_allclose(energy, 5 * 12)


def test_scale_free_and_mass_is_the_area():
    vertices, faces = helpers.star()
    once, scaled = (cotangent_laplacian(s * vertices, faces) for s in (1, 7))
    assert abs(once - scaled).max() < 1e-12
    corners = vertices[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1).sum() / 2
    np.testing.assert_allclose(lumped_mass(vertices, faces).sum(), area)
    np.testing.assert_allclose(lumped_mass(7 * vertices, faces).sum(), 49 * area)


def test_degenerate_faces_contribute_nothing():
    vertices, faces = helpers.torus()
    extra = np.concatenate([faces, faces[:4, [0, 0, 1]], faces[5:9, [2, 2, 2]]])
    changed = cotangent_laplacian(vertices, extra) - cotangent_laplacian(
        vertices, faces
    )
    assert abs(changed).max() == 0
    np.testing.assert_array_equal(
        lumped_mass(vertices, extra), lumped_mass(vertices, faces)
    )


def sphere_eigenvalues(subdivisions, radius):
    vertices, faces = helpers.icosphere(subdivisions, radius)
    mass = np.diag(lumped_mass(vertices, faces))
    stiffness = cotangent_laplacian(vertices, faces).toarray()
    return scipy.linalg.eigh(
        stiffness, mass, eigvals_only=True, subset_by_index=(0, 15)
    )


def test_spectrum_of_a_sphere_converges_to_l_l_plus_1_over_r2():
    degree = np.repeat(np.arange(4), [1, 3, 5, 7])
    exact = degree * (degree + 1) / 2.0**2
    coarse, fine = (sphere_eigenvalues(s, 2.0) for s in (2, 3))
    np.testing.assert_allclose(fine[0], 0, atol=1e-10)
    np.testing.assert_allclose(fine[1:], exact[1:], rtol=0.02)
    # Halving the edges quarters the error; degree 1 gains more by symmetry.
    error = [np.abs(found - exact) for found in (coarse, fine)]
    ratio = error[0][1:] / error[1][1:]
    assert ratio[:3].min() > 4
    np.testing.assert_allclose(ratio[3:], 4, atol=0.2)
