"""The patient under the C-arm, whatever the scan's axes and however narrow it is."""

import numpy as np
import pytest

from spine_jax.core import LabelVolume, Volume
from spine_jax.simulation.cbct.placement import (
    Placement,
    beyond_scan,
    grid_affine,
    on_grid,
    patient_hu,
    place_patient,
)
from spine_jax.simulation.cbct.projector import grid_within

BOX = grid_within([-200, -100, -60], [200, 180, 60], 10.0)
UPRIGHT = Placement(np.eye(4), np.eye(3), (), np.zeros(3))


@pytest.fixture
def labels(phantom) -> LabelVolume:
    return phantom.labels


def placed(labels: LabelVolume, tilt: float = 10.0) -> Placement:
    return place_patient(np.random.default_rng(5), labels, tilt, 5.0)


def block(hu: np.ndarray | float) -> Volume:
    """A CT of 100 x 100 x 60 mm around the isocentre in 10 mm voxels."""
    affine = np.diag([10.0, 10, 10, 1])
    affine[:3, 3] = -45, -45, -25
    return Volume(np.broadcast_to(np.float32(hu), (10, 10, 6)).copy(), affine)


def value_at(image: np.ndarray, point_mm: tuple[float, float, float]) -> float:
    index = [int(np.abs(a - p).argmin()) for a, p in zip(BOX.axes_mm(), point_mm)]
    return float(image[tuple(index)])


def test_isocentre_lies_behind_the_bodies(labels):
    placement = placed(labels, tilt=0.0)
    turn = placement.carm_to_world[:3, :3]
    np.testing.assert_allclose(turn, np.eye(3), atol=1e-12)
    bodies = np.array([site.frame.origin_mm for site in placement.sites])
    # 12 mm in front of the isocentre and on both sides of it, but for the aim's spread.
    assert 0 < bodies[:, 1].mean() < 27
    assert bodies[0, 2] > 0 > bodies[1, 2]


def test_turn_is_a_rotation_by_the_tilt_told(labels):
    placement = placed(labels)
    turn = placement.carm_to_world[:3, :3]
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) > 0
    assert 0 < np.abs(placement.tilt_deg).max() <= 10
    # The axes of the sites turned with it: up of a vertebra is not up of the C-arm.
    ups = [site.frame.rotation[:, 2] for site in placement.sites]
    straight = [site.frame.rotation[:, 2] for site in placed(labels, 0.0).sites]
    np.testing.assert_allclose(turn @ ups[0], straight[0], atol=1e-9)


def test_order_and_direction_of_axes_do_not_matter(labels):
    array = np.asarray(labels.array)
    turned = np.ascontiguousarray(array.transpose(1, 2, 0)[::-1, ::-1])
    to_old = np.zeros((4, 4))
    to_old[[1, 2, 0, 3], [0, 1, 2, 3]] = -1, -1, 1, 1
    to_old[1, 3], to_old[2, 3] = array.shape[1] - 1, array.shape[2] - 1
    other = LabelVolume(turned, labels.affine_vox_to_mm @ to_old)
    one, two = placed(labels), placed(other)
    np.testing.assert_allclose(one.carm_to_world, two.carm_to_world, atol=1e-9)


def test_labels_on_a_turned_grid_are_where_the_world_says(labels):
    placement = placed(labels)
    grid = grid_within([-75, -95, -70], [75, 60, 70], 3.0)
    found = on_grid(labels, grid, placement, order=0)
    for number in (22, 23):
        here = np.argwhere(found == number).mean(axis=0)
        world = grid_affine(grid, placement) @ [*here, 1]
        voxels = np.argwhere(np.asarray(labels.array) == number)
        points = voxels @ labels.affine_vox_to_mm[:3, :3].T
        points += labels.affine_vox_to_mm[:3, 3]
        np.testing.assert_allclose(world[:3], points.mean(axis=0), atol=0.2)


def test_tissue_goes_on_beside_a_narrow_scan():
    image = patient_hu(block(60.0), BOX, UPRIGHT)
    assert value_at(image, (5, 5, 5)) == 60
    # Above and below the scan goes on; beside it soft tissue, then air.
    assert value_at(image, (5, 5, 55)) == 60
    assert value_at(image, (95, 5, 5)) == 20
    assert value_at(image, (95, 5, 55)) == 20
    assert value_at(image, (5, 125, 5)) == 20
    assert value_at(image, (195, 5, 5)) == -1000
    # The skin of the back lies 85 mm behind the bodies, which lie 12 mm in front.
    assert value_at(image, (5, -65, 5)) == 20
    assert value_at(image, (5, -85, 5)) == -1000


def test_a_patient_seen_whole_stays_whole():
    hu = np.full((10, 10, 6), -1000.0)
    hu[2:-2, 2:-2] = 40.0
    image = patient_hu(block(hu), BOX, UPRIGHT)
    assert value_at(image, (5, 5, 5)) == 40
    assert value_at(image, (95, 5, 5)) == -1000


def test_voxels_outside_are_told_by_direction():
    ct = block(0.0)
    beside = beyond_scan(ct, BOX, UPRIGHT, "RLAP")
    above = beyond_scan(ct, BOX, UPRIGHT, "SI")
    assert beside.sum() == (40 * 28 - 10 * 10) * 12
    assert above.sum() == 40 * 28 * 6
    np.testing.assert_array_equal(beyond_scan(ct, BOX, UPRIGHT), beside | above)
