"""Fields on voxel grids: exact on affine functions, defined at borders, blur in mm."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.ndimage

from spine_jax import geometry
from spine_jax.core import vox_to_mm
from spine_jax.geometry import blur_pyramid, gaussian_blur
from tests import helpers

inside_grid = jax.jit(geometry.inside_grid, static_argnums=0)
sample_gradient = jax.jit(geometry.sample_gradient)
sample_trilinear = jax.jit(geometry.sample_trilinear)

SHAPE = (7, 8, 9)
SLOPE_PER_MM = np.array([2.0, -3.0, 0.5])
OFFSET = 11.0


def oblique_affine():
    """Spacing 0.8, 1.1, 2.5 mm, turned about two axes, mirrored and shifted."""
    c, s = np.cos(0.4), np.sin(0.4)
    about_z = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    affine = np.eye(4)
    affine[:3, :3] = about_x @ about_z @ np.diag([-0.8, 1.1, 2.5])
    affine[:3, 3] = [30, -20, 10]
    return affine


def affine_image(affine):
    """The function OFFSET + SLOPE_PER_MM . x at every voxel centre."""
    index = np.stack(np.indices(SHAPE), axis=-1)
    return OFFSET + vox_to_mm(affine, index) @ SLOPE_PER_MM


def points_inside(margin=0.0):
    high = np.array(SHAPE) - 1 - margin
    return np.random.default_rng(0).uniform(margin, high, (50, 3))


def test_trilinear_is_exact_on_affine_functions(x64):
    affine, points = oblique_affine(), points_inside()
    values = sample_trilinear(affine_image(affine), points)
    expected = OFFSET + vox_to_mm(affine, points) @ SLOPE_PER_MM
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_gradient_is_exact_on_affine_functions_in_mm(x64):
    affine, points = oblique_affine(), points_inside(margin=0.5)
    vox_from_mm = np.linalg.inv(affine)[:3, :3]
    gradient = sample_gradient(affine_image(affine), points, vox_from_mm)
    np.testing.assert_allclose(gradient - SLOPE_PER_MM, 0, atol=1e-12)


def test_gradient_falls_to_zero_across_the_border():
    image = 10.0 * np.indices((3, 3, 3))[0]
    points = np.array([[x, 1, 1] for x in (0.5, 0.25, 0, -0.25, -0.5, -9, 2.25, 2.5)])
    gradient = sample_gradient(image, points, np.eye(3))
    expected = [10, 7.5, 5, 2.5, 0, 0, 2.5, 0]
    np.testing.assert_allclose(gradient[:, 0], expected, atol=1e-5)
    np.testing.assert_array_equal(gradient[:, 1:], 0)


def test_gradient_is_the_slope_of_the_interpolation_half_way(x64):
    # Between two voxel centres along an axis, the forward difference sits in place.
    image = np.random.default_rng(1).normal(size=SHAPE)
    vox_from_mm = np.diag([0.5, 1, 1])
    point, step = np.array([[3.5, 2.25, 4.75]]), np.array([1e-6, 0, 0])
    slope = (
        sample_trilinear(image, point + step) - sample_trilinear(image, point - step)
    ) / 4e-6  # the step is 2 mm per voxel
    gradient = sample_gradient(image, point, vox_from_mm)
    np.testing.assert_allclose(gradient[:, 0], slope, rtol=1e-6)


def test_values_at_voxel_centres_and_between():
    image = np.arange(24.0).reshape(2, 3, 4)
    points = np.array([[0, 0, 0], [1, 2, 3], [1, 0, 2], [0.5, 0, 0], [0, 0.5, 0.5]])
    # One step along the axes adds 12, 4 and 1.
    np.testing.assert_allclose(
        sample_trilinear(image, points), [0, 23, 14, 6, 2.5], rtol=1e-6
    )


def test_outside_is_the_border():
    image = np.arange(24.0).reshape(2, 3, 4)
    points = np.array([[-5, -5, -5], [9, 9, 9], [0, 1, 77], [0.5, 99, 1], [1, 2, 3.01]])
    np.testing.assert_allclose(
        sample_trilinear(image, points), [0, 23, 7, 15, 23], rtol=1e-6
    )


def test_an_axis_of_one_voxel():
    image = np.arange(6.0).reshape(2, 1, 3)
    points = np.array([[0.5, 0, 1], [1, 3, 2.5]])
    np.testing.assert_allclose(sample_trilinear(image, points), [2.5, 5])


def test_channels_are_sampled_alike():
    image = np.random.default_rng(2).normal(size=(*SHAPE, 3)).astype(np.float32)
    points = points_inside().astype(np.float32)
    together = sample_trilinear(image, points)
    assert together.shape == (50, 3)
    for channel in range(3):
        own = sample_trilinear(image[..., channel], points)
        np.testing.assert_allclose(together[:, channel], own, atol=1e-6)


@pytest.mark.parametrize("mode, low, high", [("nearest", -2, 2), (None, 0, 0)])
def test_trilinear_agrees_with_scipy(mode, low, high, x64):
    image = np.random.default_rng(3).normal(size=SHAPE)
    rng = np.random.default_rng(4)
    points = rng.uniform(low, np.array(SHAPE) - 1 + high, (50, 3))
    expected = scipy.ndimage.map_coordinates(
        image, points.T, order=1, mode=mode or "constant"
    )
    np.testing.assert_allclose(sample_trilinear(image, points), expected, atol=1e-12)


def test_derivatives_of_sampling(x64):
    # Inside cells, where the interpolation is smooth.
    rng = np.random.default_rng(5)
    image = rng.normal(size=SHAPE)
    points = rng.integers(0, 6, (20, 3)) + rng.uniform(0.1, 0.9, (20, 3))
    helpers.assert_jvp_vjp(geometry.sample_trilinear, (image, points))


def test_inside_grid_has_half_a_voxel_of_margin():
    points = np.array([[-0.5, 0, 0], [-0.51, 0, 0], [6.5, 7.5, 8.5], [0, 0, 8.51]])
    assert inside_grid(SHAPE, points).tolist() == [True, False, True, False]


def test_blur_keeps_constants_up_to_the_border():
    image = jnp.full(SHAPE, 3.0)
    blurred = gaussian_blur(image, 4.0, (0.8, 1.1, 2.5))
    np.testing.assert_allclose(blurred, 3, rtol=1e-6)
    assert gaussian_blur(image, 0.0, (1, 1, 1)) is image


def moments_mm(image, spacing_mm):
    """Total, and variance along each axis in mm2."""
    image = np.asarray(image, np.float64)
    variances = []
    for axis, step in enumerate(spacing_mm):
        others = tuple(a for a in range(3) if a != axis)
        profile = image.sum(axis=others)
        x = step * np.arange(len(profile))
        mean = np.sum(x * profile) / profile.sum()
        variances.append(np.sum((x - mean) ** 2 * profile) / profile.sum())
    return image.sum(), variances


def test_blur_is_isotropic_in_mm_and_variances_add():
    spacing = (0.8, 1.0, 2.0)
    impulse = jnp.zeros((61, 51, 31)).at[30, 25, 15].set(1.0)
    once = gaussian_blur(impulse, 3.0, spacing)
    total, variances = moments_mm(once, spacing)
    np.testing.assert_allclose(total, 1, rtol=1e-5)
    # Cut off at 4 sigma, a Gaussian loses 0.1 % of its variance.
    np.testing.assert_allclose(variances, 9, rtol=3e-3)
    twice = gaussian_blur(once, 2.0, spacing)
    np.testing.assert_allclose(moments_mm(twice, spacing)[1], 13, rtol=3e-3)


def test_blur_agrees_with_scipy_in_the_interior():
    spacing = np.array([0.8, 1.0, 2.0])
    image = np.random.default_rng(6).normal(size=(40, 36, 24)).astype(np.float32)
    blurred = np.asarray(gaussian_blur(image, 2.0, spacing))
    expected = scipy.ndimage.gaussian_filter(image, 2.0 / spacing, truncate=6)
    interior = (slice(11, -11), slice(9, -9), slice(5, -5))
    difference = np.abs(blurred - expected)[interior]
    # The tails beyond 4 sigma weigh 6e-5 per axis; the image is noise of size 1.
    assert difference.max() < 1e-4


def test_pyramid_stacks_single_blurs():
    image = np.random.default_rng(7).normal(size=SHAPE).astype(np.float32)
    sigmas = (0.0, 1.0, 2.5)
    pyramid = blur_pyramid(image, sigmas, (1, 1, 2))
    assert pyramid.shape == (3, *SHAPE)
    for level, sigma in enumerate(sigmas):
        single = gaussian_blur(image, sigma, (1, 1, 2))
        np.testing.assert_allclose(pyramid[level], single, atol=1e-6)
