"""Surface distances against values worked by hand and against analytic bodies."""

import numpy as np
import pytest

from spine_jax.metrics.surface import (
    SurfaceDistances,
    assd_mm,
    hd95_mm,
    normalised_surface_dice,
    surface_distances,
    surface_scores,
)

SPACING_MM = np.array([1.0, 2.0, 3.0])


def _voxel(*index: int) -> np.ndarray:
    mask = np.zeros((9, 9, 9), bool)
    mask[index] = True
    return mask


def _ball(radius_mm: float, spacing_mm: np.ndarray, centre_mm=(0.0, 0.0, 0.0)):
    half_mm = 20.0
    counts = np.round(2 * half_mm / spacing_mm).astype(int)
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(counts, spacing_mm)]
    grid_mm = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return np.linalg.norm(grid_mm - centre_mm, axis=-1) <= radius_mm


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_two_single_voxels_in_each_direction(axis):
    """One voxel of size s is an octahedron with corners at +-s/2 along each axis.

    Its eight triangles are equal and their centres lie at +-s/6. Two voxels apart along
    an axis, the near half of each surface is 2 s - s/3 from the other, the far half
    2 s.
    """
    other = np.array([4, 4, 4])
    other[axis] += 2
    step_mm = 2 * SPACING_MM[axis]
    near_mm, far_mm = step_mm - SPACING_MM[axis] / 3, step_mm

    scores = surface_scores(
        _voxel(4, 4, 4), _voxel(*other), spacing_mm=SPACING_MM, tolerance_mm=near_mm
    )

    assert scores.assd_mm == pytest.approx((near_mm + far_mm) / 2, rel=1e-12)
    assert scores.hd95_mm == pytest.approx(far_mm, rel=1e-12)
    assert scores.nsd == pytest.approx(0.5, rel=1e-12)


def test_area_of_a_single_voxel():
    """Corners (1/2, 0, 0), (0, 1, 0), (0, 0, 3/2): edges (-1/2, 1, 0), (-1/2, 0, 3/2).

    Their cross product is (3/2, 3/4, 1/2), of length 7/4, so a triangle has 7/8 mm2.
    """
    distances = surface_distances(
        _voxel(1, 2, 3), _voxel(4, 4, 4), spacing_mm=SPACING_MM
    )
    np.testing.assert_allclose(distances.prediction_area_mm2, np.full(8, 0.875))


def test_equal_masks_agree_exactly():
    ball = _ball(8.0, SPACING_MM, (0.3, 0.2, 0.1))
    scores = surface_scores(ball, ball.copy(), spacing_mm=SPACING_MM)
    assert (scores.assd_mm, scores.hd95_mm, scores.nsd) == (0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("spacing_mm", "mean_slack_mm", "tail_slack_mm"),
    [((0.5, 0.5, 0.5), 0.07, 0.1), ((1, 1, 1), 0.07, 0.25), ((1, 1, 2), 0.1, 0.25)],
)
def test_concentric_balls_are_two_mm_apart(spacing_mm, mean_slack_mm, tail_slack_mm):
    """The slack is what the staircase of the voxels costs, at a generic centre."""
    spacing_mm = np.array(spacing_mm, float)
    centre_mm = (0.13, 0.31, 0.2)
    scores = surface_scores(
        _ball(12.0, spacing_mm, centre_mm),
        _ball(10.0, spacing_mm, centre_mm),
        spacing_mm=spacing_mm,
    )
    assert scores.assd_mm == pytest.approx(2.0, abs=mean_slack_mm)
    assert scores.hd95_mm == pytest.approx(2.0, abs=tail_slack_mm)
    assert scores.nsd < 0.02


def test_area_of_a_ball_grows_with_the_square_of_its_radius():
    spacing_mm = np.array([0.5, 0.5, 1.0])
    distances = surface_distances(
        _ball(12.0, spacing_mm), _ball(6.0, spacing_mm), spacing_mm=spacing_mm
    )
    ratio = distances.prediction_area_mm2.sum() / distances.truth_area_mm2.sum()
    assert ratio == pytest.approx(4.0, rel=0.03)


def test_slab_moved_by_one_thick_slice():
    """A face that moved by 3 mm is 3 mm away; a wall that slid in its plane is not.

    The slab is 14 x 14 x 9 mm: two faces of 196 mm2 and walls of 56 x 9 = 504 mm2. At
    3 mm are the whole outer face, and of the inner face the 8 x 8 mm that lie more than
    3 mm from the walls: 260 of 896 mm2, up to the edges that marching cubes chamfers.
    """
    truth = np.zeros((20, 20, 9), bool)
    truth[3:17, 3:17, 2:5] = True
    prediction = np.roll(truth, 1, axis=2)
    spacing_mm = (1.0, 1.0, 3.0)
    distances = surface_distances(prediction, truth, spacing_mm=spacing_mm)
    assert hd95_mm(distances) == pytest.approx(3.0, rel=1e-12)
    assert normalised_surface_dice(distances, 3.0) == 1.0
    within = normalised_surface_dice(distances, 2.99)
    assert within == pytest.approx(1 - 260 / 896, abs=0.02)


def test_missed_structure_has_no_distance_and_no_agreement():
    full, empty = _voxel(4, 4, 4), np.zeros((9, 9, 9), bool)
    for prediction, truth in ((empty, full), (full, empty)):
        scores = surface_scores(prediction, truth, spacing_mm=SPACING_MM)
        assert (scores.assd_mm, scores.hd95_mm, scores.nsd) == (None, None, 0.0)


def test_two_empty_masks_agree():
    empty = np.zeros((9, 9, 9), bool)
    scores = surface_scores(empty, empty, spacing_mm=SPACING_MM)
    assert (scores.assd_mm, scores.hd95_mm, scores.nsd) == (None, None, 1.0)


def test_a_mask_that_fills_the_image_is_closed_at_the_border():
    full = np.ones((4, 4, 4), bool)
    scores = surface_scores(full, full, spacing_mm=SPACING_MM)
    assert (scores.assd_mm, scores.hd95_mm, scores.nsd) == (0.0, 0.0, 1.0)


def _distances(prediction, prediction_area, truth, truth_area) -> SurfaceDistances:
    return SurfaceDistances(
        *map(np.asarray, (prediction, prediction_area, truth, truth_area))
    )


def test_assd_weighs_by_area_over_both_surfaces():
    # (2 * 3 + 5 * 1 + 1 * 6) / (3 + 1 + 6); the mean of directed means would be 1.875.
    distances = _distances([2.0, 5.0], [3.0, 1.0], [1.0], [6.0])
    assert assd_mm(distances) == pytest.approx(1.7, rel=1e-12)


@pytest.mark.parametrize(("far_area", "expected_mm"), [(5.0, 1.0), (6.0, 9.0)])
def test_hd95_switches_when_more_than_a_twentieth_is_far(far_area, expected_mm):
    near_area = 100.0 - far_area
    one_sided = _distances([9.0, 1.0], [far_area, near_area], [0.5], [1.0])
    assert hd95_mm(one_sided) == expected_mm
    other_side = _distances([0.5], [1.0], [9.0, 1.0], [far_area, near_area])
    assert hd95_mm(other_side) == expected_mm


def test_hd95_reaches_a_share_met_exactly_by_equal_elements():
    distances = _distances([0.1] * 19 + [7.0], [0.3] * 20, [0.0], [1.0])
    assert hd95_mm(distances) == 0.1


def test_distance_equal_to_the_tolerance_is_within_it():
    distances = _distances([1.0, 1.00001, 1.01], [1.0, 2.0, 4.0], [0.0], [1.0])
    assert normalised_surface_dice(distances, 1.0) == 0.5


def test_spacing_must_be_given_and_sensible():
    voxel = _voxel(4, 4, 4)
    with pytest.raises(TypeError):
        surface_scores(voxel, voxel)
    for spacing_mm in ((1.0, 1.0), (1.0, 0.0, 1.0), (1.0, float("nan"), 1.0)):
        with pytest.raises(ValueError, match="spacing_mm"):
            surface_scores(voxel, voxel, spacing_mm=spacing_mm)
