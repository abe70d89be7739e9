"""Geometry of the preview's slices, against positions worked by hand."""

import numpy as np
import pytest

from spine_jax.core import LabelVolume, Volume, vox_to_mm
from spine_jax.pipeline.reformat import (
    axial_axes,
    axial_slice,
    corners_mm,
    coronal_slice,
    find_body,
    label_regions,
    sagittal_slice,
    sample_intensity,
    sample_mask,
    spine_curve,
    spine_direction,
)

POINTS_MM = np.array([[4.0, 10.0, 60.0], [0.0, 0.0, 30.0], [-4.0, 6.0, 0.0]])
LOW_MM, HIGH_MM = np.array([-20.0, -30.0, -10.0]), np.array([25.0, 35.0, 70.0])


def test_curve_passes_through_the_points_in_any_order():
    curve = spine_curve(POINTS_MM[[1, 0, 2]])
    np.testing.assert_allclose(curve(POINTS_MM[:, 2]), POINTS_MM[:, :2], atol=1e-12)


def test_curve_goes_straight_beyond_its_ends():
    curve = spine_curve(POINTS_MM)
    np.testing.assert_allclose(curve(np.array([90.0, 61.0])), [[4, 10], [4, 10]])
    np.testing.assert_allclose(curve(np.array([-50.0])), [[-4, 6]])


def test_curve_through_one_point_and_through_points_of_one_height():
    alone = spine_curve(POINTS_MM[:1])
    np.testing.assert_array_equal(alone(np.zeros((2, 3))), np.full((2, 3, 2), [4, 10]))
    level = spine_curve(np.array([[1.0, 2.0, 5.0], [3.0, 4.0, 5.5]]))
    np.testing.assert_array_equal(level(np.array([5.2])), [[1.0, 2.0]])


def test_spine_direction_is_the_chord_of_the_neighbours():
    np.testing.assert_allclose(
        spine_direction(POINTS_MM, 1), np.array([8, 4, 60]) / np.sqrt(3680)
    )
    assert spine_direction(POINTS_MM, 0)[2] > 0
    up = [0.0, 0.0, 1.0]
    np.testing.assert_array_equal(spine_direction(POINTS_MM[:1], 0), up)
    np.testing.assert_array_equal(spine_direction(POINTS_MM[::-1], 1), up)


def test_sagittal_slice_has_anterior_left_and_follows_x():
    view = sagittal_slice(spine_curve(POINTS_MM), LOW_MM, HIGH_MM, 1.0)
    # Bottom left: front of the box, x of the lowest point.
    np.testing.assert_allclose(view.points_mm[0, 0], [-4.0, 35.0, -10.0])
    np.testing.assert_allclose(view.points_mm[-1, -1], [4.0, -30.0, 70.0])
    assert (view.right_mm[0], view.right_mm[-1]) == (-35.0, 30.0)
    assert view.points_mm.shape == (81, 66, 3)
    assert view.letters == "APIS"


def test_coronal_slice_has_the_patients_right_left_and_follows_y():
    view = coronal_slice(spine_curve(POINTS_MM), LOW_MM, HIGH_MM, 1.0)
    np.testing.assert_allclose(view.points_mm[0, 0], [25.0, 6.0, -10.0])
    np.testing.assert_allclose(view.points_mm[-1, -1], [-20.0, 10.0, 70.0])
    assert view.letters == "RLIS"


def test_tilted_axial_slice_is_flat_and_square_to_the_spine():
    normal = np.array([0.1, -0.4, 0.9])
    normal /= np.linalg.norm(normal)
    to_right, to_front = axial_axes(normal)
    frame = np.stack([to_right, to_front, normal])
    np.testing.assert_allclose(frame @ frame.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(frame) > 0 and to_right[0] > 0.9 and to_front[1] > 0.9

    centre_mm = np.array([1.0, 2.0, 3.0])
    low_mm, high_mm = np.array([-30.0, -60.0]), np.array([40.0, 20.0])
    view = axial_slice(centre_mm, normal, low_mm, high_mm, 1.0)
    np.testing.assert_allclose((view.points_mm - centre_mm) @ normal, 0, atol=1e-9)
    # Bottom left is 40 mm to the patient's right and 60 mm behind the centre.
    np.testing.assert_allclose(
        view.points_mm[0, 0], centre_mm + 40 * to_right - 60 * to_front
    )
    assert view.letters == "RLPA"


def test_sampling_is_exact_for_a_linear_image_on_an_oblique_grid():
    turn = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([1.0, -2.0, 3.0])
    affine[:3, 3] = [5.0, -7.0, 11.0]
    grid_mm = vox_to_mm(affine, np.stack(np.indices((8, 9, 10)), axis=-1))
    slope = np.array([2.0, -3.0, 0.5])
    volume = Volume((grid_mm @ slope).astype(np.float32), affine)

    points_mm = vox_to_mm(affine, np.array([[1.3, 4.7, 6.2], [0.1, 7.9, 8.9]]))
    np.testing.assert_allclose(
        sample_intensity(volume, points_mm), points_mm @ slope, atol=1e-4
    )
    outside_mm = vox_to_mm(affine, np.array([[-1.0, 4.0, 4.0], [3.0, 4.0, 9.7]]))
    assert np.isnan(sample_intensity(volume, outside_mm)).all()


def test_mask_cover_is_half_midway_between_slices():
    array = np.zeros((5, 5, 5), np.uint8)
    array[2:, 1:4, 1:4] = 22
    labels = LabelVolume(array, np.diag([4.0, 1.0, 1.0, 1.0]))
    region = label_regions(labels)[22]
    points_vox = np.array([[1.0, 2, 2], [1.5, 2, 2], [1.75, 2, 2], [3, 2, 2]])
    np.testing.assert_allclose(
        sample_mask(labels, 22, region, points_vox), [0, 0.5, 0.75, 1]
    )
    # At the border of the image the outline closes half a voxel beyond the last one.
    edge_vox = np.array([[4.0, 2, 2], [4.5, 2, 2], [7.0, 2, 2]])
    np.testing.assert_allclose(sample_mask(labels, 22, region, edge_vox), [1, 0.5, 0])


def test_regions_are_of_vertebrae_in_anatomical_order():
    array = np.zeros((6, 3, 3), np.uint8)
    array[[0, 1, 2, 4], 1, 1] = (20, 28, 19, 26)
    regions = label_regions(LabelVolume(array, np.eye(4)))
    assert list(regions) == [19, 28, 20]
    assert regions[28] == (slice(1, 2), slice(1, 2), slice(1, 2))


def test_outer_corners_of_a_box_of_voxels():
    affine = np.diag([-2.0, 1.0, 3.0, 1.0])
    corners = corners_mm(affine, [(slice(1, 3), slice(0, 1), slice(2, 4))])
    np.testing.assert_allclose(corners.min(axis=0), [-5.0, -0.5, 4.5])
    np.testing.assert_allclose(corners.max(axis=0), [-1.0, 0.5, 10.5])


def _vertebra(cut: int = 0) -> LabelVolume:
    """A body of 30 x 24 x 24 mm with a thin, long process behind; z steps of 2 mm."""
    array = np.zeros((50, 90, 30), np.uint8)
    array[10:40, 50:74, 8:20] = 22
    array[23:27, 10:50, 9:12] = 22
    return LabelVolume(array[:, :, cut:], np.diag([1.0, 1.0, 2.0, 1.0]))


def test_body_is_found_in_spite_of_the_process():
    labels = _vertebra()
    body = find_body(labels, 22, label_regions(labels)[22])
    assert body.whole
    np.testing.assert_allclose(body.centre_mm, [24.5, 61.5, 27.0], atol=1.0)


@pytest.mark.parametrize(("cut", "whole"), [(5, True), (14, False), (18, False)])
def test_a_body_cut_below_is_not_whole(cut, whole):
    labels = _vertebra(cut)
    assert find_body(labels, 22, label_regions(labels)[22]).whole is whole
