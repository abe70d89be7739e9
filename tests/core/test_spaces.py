import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import (
    mm_to_vox,
    orientation_codes,
    spacing_mm,
    vox_to_mm,
    voxel_volume_mm3,
)

# Axis 0 runs left by 2 mm, axis 1 down by 3 mm, axis 2 forwards by 0.5 mm.
AFFINE = np.array(
    [[-2.0, 0, 0, 100], [0, 0, 0.5, -50], [0, -3.0, 0, 900], [0, 0, 0, 1]]
)


def test_voxels_to_mm_by_hand():
    np.testing.assert_allclose(vox_to_mm(AFFINE, np.array([0, 0, 0])), [100, -50, 900])
    np.testing.assert_allclose(vox_to_mm(AFFINE, np.array([1, 2, 4])), [98, -48, 894])


def test_mm_to_voxels_inverts():
    points = np.random.default_rng(0).normal(size=(4, 5, 3)) * 40
    np.testing.assert_allclose(mm_to_vox(AFFINE, vox_to_mm(AFFINE, points)), points)


def test_works_on_jax_arrays():
    points = vox_to_mm(jnp.asarray(AFFINE), jnp.ones((2, 3)))
    np.testing.assert_allclose(points, [[98, -49.5, 897]] * 2)


def test_spacing_volume_and_codes():
    np.testing.assert_allclose(spacing_mm(AFFINE), [2, 3, 0.5])
    assert voxel_volume_mm3(AFFINE) == pytest.approx(3)
    assert orientation_codes(AFFINE) == ("L", "I", "A")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_codes_of_oblique_grids_use_each_axis_once(order):
    tilt = np.deg2rad(40)
    c, s = np.cos(tilt), np.sin(tilt)
    rotation = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = rotation[:, order]
    codes = orientation_codes(affine)
    assert codes == tuple("RAS"[axis] for axis in order)
