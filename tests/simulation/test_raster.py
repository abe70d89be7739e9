"""Voxelising and distances on the host against closed forms."""

import numpy as np

from spine_jax.core import Mesh, vox_to_mm
from spine_jax.simulation.raster import inside_voxels, surface_band
from tests.helpers import icosphere, torus

AFFINE = np.diag([1.0, 0.9, 1.3, 1.0])
AFFINE[:3, 3] = (-14.3, -13.2, -15.1)
SHAPE = (29, 30, 24)


def grid_mm():
    return vox_to_mm(AFFINE, np.moveaxis(np.indices(SHAPE), 0, -1).astype(float))


def fine_torus():
    """Ring of radius 10.5 mm, tube of 4.5 mm; facets less than 0.02 mm off it."""
    vertices, faces = torus(160, 80, 0.3)
    return Mesh(15 * vertices, faces)


def torus_distance(points_mm):
    x, y, z = np.moveaxis(points_mm, -1, 0)
    return np.hypot(np.hypot(x, y) - 10.5, z) - 4.5


def test_inside_of_a_torus_is_its_equation():
    inside = inside_voxels(fine_torus(), SHAPE, AFFINE)
    exact = torus_distance(grid_mm())
    clear = np.abs(exact) > 0.02
    assert np.array_equal(inside[clear], exact[clear] < 0)
    assert np.count_nonzero(clear) > 0.98 * clear.size


def test_mesh_that_leaves_the_grid_is_filled_up_to_the_border():
    vertices, faces = icosphere(3, 10.0)
    inside = inside_voxels(Mesh(vertices + [0, 0, 14.0], faces), SHAPE, AFFINE)
    exact = np.linalg.norm(grid_mm() - [0, 0, 14.0], axis=-1) - 10.0
    assert np.all(inside[exact < -0.2])
    assert not np.any(inside[exact > 0.01])
    assert inside[..., -1].any()


def test_inverted_mesh_has_no_inside():
    vertices, faces = icosphere(2, 10.0)
    assert not inside_voxels(Mesh(vertices, faces[:, ::-1]), SHAPE, AFFINE).any()


def test_band_distances_of_a_torus_are_its_equation():
    mesh = fine_torus()
    inside = inside_voxels(mesh, SHAPE, AFFINE)
    band = surface_band(mesh, inside, AFFINE, inner_mm=3.0, outer_mm=2.0)
    exact = torus_distance(vox_to_mm(AFFINE, band.voxels))
    np.testing.assert_allclose(band.distance_mm, exact, atol=0.03)


def test_band_holds_all_voxels_near_the_surface_with_outward_normals():
    vertices, faces = icosphere(4, 10.0)
    mesh = Mesh(vertices, faces)
    inside = inside_voxels(mesh, SHAPE, AFFINE)
    band = surface_band(mesh, inside, AFFINE, inner_mm=3.0, outer_mm=2.0)
    exact = np.linalg.norm(grid_mm(), axis=-1) - 10.0
    expected = np.count_nonzero((exact > -3) & (exact < 2))
    assert abs(len(band.voxels) - expected) < 0.02 * expected
    radial = vox_to_mm(AFFINE, band.voxels)
    radial /= np.linalg.norm(radial, axis=1, keepdims=True)
    assert np.sum(radial * band.normal, axis=1).min() > 0.98
