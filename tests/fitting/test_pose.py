import numpy as np
import pytest

from spine_jax.core import Centroids
from spine_jax.fitting.pose import pose_from_centroids

L3, SPACING_L2, SPACING_L3 = 22, 35.0, 34.8


def straight(labels, spacing=34.0, direction=(0.0, 0, 1)):
    steps = -spacing * np.arange(len(labels))[:, None]
    return Centroids(np.array([5.0, -20, 300]) + steps * np.array(direction), labels)


def test_straight_vertical_spine_takes_the_patient_axes():
    pose = pose_from_centroids(straight((20, 21, 22)), L3, anatomical=False)
    np.testing.assert_allclose(pose.rotation, np.tile(np.eye(3), (3, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(pose.centre_mm[0], [5, -20, 300])


def test_rotations_are_proper_and_cranial_follows_the_chord():
    direction = np.array([0.2, 0.3, 0.9])
    direction /= np.linalg.norm(direction)
    pose = pose_from_centroids(
        straight((20, 21, 22, 23), direction=direction), L3, anatomical=False
    )
    for rotation in pose.rotation:
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)
        assert np.linalg.det(rotation) == pytest.approx(1)
        np.testing.assert_allclose(rotation[:, 2], direction, atol=1e-12)
    # Right stays as close to the patient's right as the axis allows.
    assert (pose.rotation[:, 0, 0] > 0.9).all()


def test_scale_compares_spacing_with_the_level():
    # The template's own level at its own spacing: scale 1; twice the spacing: 2.
    centre = np.array([0.0, 0, 0])
    for factor in (1.0, 2.0):
        above = centre + factor * np.array([0, 0, SPACING_L2])
        below = centre - factor * np.array([0, 0, SPACING_L3])
        centroids = Centroids(np.stack([above, centre, below]), (21, 22, 23))
        pose = pose_from_centroids(centroids, L3, anatomical=False)
        assert pose.scale[1] == pytest.approx(factor)


def test_thoracic_levels_start_smaller_than_a_lumbar_template():
    pose = pose_from_centroids(straight((10, 11, 12), 22.0), L3, anatomical=False)
    assert (pose.scale < 0.75).all() and (pose.scale > 0.5).all()


def test_l5_leans_forward_of_its_chord():
    pose = pose_from_centroids(straight((23, 24)), L3, anatomical=True)
    # L4 to L5: centre 3.3 mm behind over 33.9 mm, 15.2 degrees of lordosis.
    own = np.rad2deg(np.arcsin(-3.3 / 33.9))
    lean = np.rad2deg(np.arctan2(pose.rotation[1, 1, 2], pose.rotation[1, 2, 2]))
    assert lean == pytest.approx(own + 15.2, abs=0.1)


def test_missing_level_counts_twice_the_spacing():
    whole = pose_from_centroids(straight((20, 21, 22), 34.0), L3, anatomical=False)
    gap = straight((20, 22), 68.0)
    skipped = pose_from_centroids(gap, L3, anatomical=True)
    assert skipped.scale[1] == pytest.approx(whole.scale[2], rel=0.05)
    np.testing.assert_allclose(skipped.rotation[0], np.eye(3), atol=1e-12)


def test_t13_lies_between_t12_and_l1_and_is_not_expected_elsewhere():
    with_t13 = pose_from_centroids(straight((19, 28, 20), 31.5), L3, anatomical=False)
    without = pose_from_centroids(straight((19, 20), 31.5), L3, anatomical=False)
    assert with_t13.scale[0] == pytest.approx(without.scale[0], rel=0.03)


def test_single_vertebra_takes_the_image_axes():
    pose = pose_from_centroids(straight((22,)), L3, anatomical=True)
    np.testing.assert_allclose(pose.rotation[0], np.eye(3), atol=1e-12)
    assert pose.scale[0] == pytest.approx(1)


def test_every_level_can_be_posed():
    labels = (*range(1, 20), 20, 21, 22, 23, 24, 25)
    pose = pose_from_centroids(straight(labels, 25.0), L3, anatomical=True)
    assert np.isfinite(pose.rotation).all() and (pose.scale > 0).all()
