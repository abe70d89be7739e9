"""Reordering a scan's axes and averaging painted voxels, worked by hand."""

import numpy as np
import pytest

from spine_jax.simulation.scan_grid import scan_grid


def affine(columns):
    """World steps of the three array axes -> affine."""
    result = np.eye(4)
    result[:3, :3] = np.array(columns, float).T
    return result


def test_axes_come_out_right_forwards_up():
    # PIR at 1 x 2 x 3 mm: first axis backwards, second down, third right.
    grid = scan_grid((4, 5, 6), affine([(0, -1, 0), (0, 0, -2), (3, 0, 0)]))
    assert grid.shape == (6, 4, 5)
    np.testing.assert_allclose(grid.spacing_mm, (3, 1, 2))
    array = np.arange(120).reshape(4, 5, 6)
    reordered = grid.reordered(array)
    # Left, back, bottom corner: last in P, last in I, first in R.
    assert reordered[0, 0, 0] == array[3, 4, 0]
    assert reordered[5, 3, 4] == array[0, 0, 5]
    assert np.array_equal(grid.restored(reordered), array)


def test_painted_voxels_average_to_voxels_of_the_scan():
    grid = scan_grid((3, 4, 2), np.diag([1.0, 1.0, 2.6, 1.0]))
    assert tuple(grid.fineness) == (1, 1, 2)
    np.testing.assert_allclose(grid.painted_axes_mm[2], (-0.65, 0.65, 1.95, 3.25))
    painted = np.zeros((3, 4, 4), np.float32)
    painted[1, 2] = (10.0, 20.0, 30.0, 50.0)
    assert grid.averaged(painted)[1, 2].tolist() == [15.0, 40.0]


@pytest.mark.parametrize(
    "spacing, expected",
    [((1, 1, 1), 2), ((3, 1, 1), 0), ((1, 1, 1.2), 2), ((2, 2, 1), 2)],
)
def test_slices_lie_across_a_clearly_coarser_axis_else_upwards(spacing, expected):
    assert scan_grid((2, 2, 2), np.diag([*spacing, 1.0])).slice_axis == expected
