"""The smooth label surface: true to every voxel, closed, and without staircases."""

import numpy as np
import pytest
from scipy import ndimage

from spine_jax.geometry import enclosed_volume
from spine_jax.simulation.raster import inside_voxels
from spine_jax.simulation.surface_nets import smooth_surface

SPACING = np.array([1.0, 1.0, 3.0])


def ball(radius_mm, shape=(31, 31, 13)):
    grid = np.moveaxis(np.indices(shape), 0, -1) * SPACING
    centre = SPACING * (np.array(shape) - 1) / 2 + 0.2
    return np.linalg.norm(grid - centre, axis=-1) < radius_mm, centre


def rough(seed=0):
    """A blob with holes, bridges and voxels that touch only at corners."""
    noise = np.random.default_rng(seed).standard_normal((24, 22, 20))
    blob = ndimage.gaussian_filter(noise, 1.0) > 0.15
    return np.pad(blob, 1)


@pytest.mark.parametrize("mask", [ball(12.0)[0], rough()], ids=["ball", "rough"])
def test_every_voxel_centre_stays_on_its_side(mask):
    mesh = smooth_surface(mask, SPACING)
    affine = np.diag([*SPACING, 1.0])
    assert np.array_equal(inside_voxels(mesh, mask.shape, affine), mask)


@pytest.mark.parametrize("mask", [ball(12.0)[0], rough()], ids=["ball", "rough"])
def test_surface_is_closed(mask):
    faces = smooth_surface(mask, SPACING).faces
    edges = np.concatenate([faces[:, [i, (i + 1) % 3]] for i in range(3)])
    forward, count = np.unique(edges, axis=0, return_counts=True)
    backward, count_back = np.unique(edges[:, ::-1], axis=0, return_counts=True)
    assert np.array_equal(forward, backward)
    assert np.array_equal(count, count_back)


def test_ball_of_thick_slices_comes_out_round():
    mask, centre = ball(12.0)
    mesh = smooth_surface(mask, SPACING)
    radius = np.linalg.norm(mesh.vertices_mm - centre, axis=1)
    assert radius.mean() == pytest.approx(12.0, abs=0.15)
    # Corners of the voxels themselves lie up to 1.5 mm off.
    assert radius.std() < 0.3
    volume = float(enclosed_volume(mesh.vertices_mm, mesh.faces))
    assert volume == pytest.approx(4 / 3 * np.pi * 12.0**3, rel=0.03)


def test_shallow_slope_of_thick_slices_has_no_steps():
    x, _, z = np.indices((62, 42, 16))
    mask = np.zeros(x.shape, bool)
    inner = (slice(1, -1),) * 3
    mask[inner] = (3.0 * z < 9.0 + 0.3 * x)[inner]
    vertices = smooth_surface(mask, SPACING).vertices_mm
    middle = np.all((vertices > (14, 10, 4)) & (vertices < (44, 31, 42)), axis=1)
    off = vertices[middle, 2] - (9.0 + 0.3 * vertices[middle, 0])
    # Steps of 3 mm would have a standard deviation of 0.87 mm.
    assert off.std() < 0.35
    assert abs(off.mean()) < 0.3


def test_plate_of_one_voxel_keeps_its_thickness():
    mask = np.zeros((26, 26, 7), bool)
    mask[2:-2, 2:-2, 3] = True
    vertices = smooth_surface(mask, SPACING).vertices_mm
    middle = np.all((vertices[:, :2] > 8) & (vertices[:, :2] < 17), axis=1)
    height = vertices[middle, 2]
    upper, lower = height[height > 9.0], height[height < 9.0]
    assert upper.mean() - lower.mean() == pytest.approx(3.0, abs=0.3)
