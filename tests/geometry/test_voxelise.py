"""Meshes to labels: the voxels whose centres lie inside, on any grid."""

import numpy as np
import pytest

from spine_jax.core import vox_to_mm, voxel_volume_mm3
from spine_jax.geometry import voxelise
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers

RADIUS_MM = 20.0


def ball(centre_mm=(0, 0, 0), radius_mm=RADIUS_MM):
    """A sphere of 1,280 faces; all tests share this topology and so the programs."""
    vertices, faces = helpers.icosphere(3, radius_mm)
    return vertices + np.asarray(centre_mm), build_hierarchy(vertices, faces)


def oblique_grid():
    """Spacing 0.9, 1.3, 2.1 mm, turned, mirrored; origin at voxel (30, 22, 14)."""
    c, s = np.cos(0.5), np.sin(0.5)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, c, -s], [0, s, c]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ np.diag([0.9, -1.3, 2.1])
    affine[:3, 3] = -affine[:3, :3] @ [30, 22, 14]
    return affine, (61, 45, 29)


def distance_to(centre_mm, shape, affine):
    index = np.stack(np.indices(shape), axis=-1)
    return np.linalg.norm(vox_to_mm(affine, index) - centre_mm, axis=-1)


def check_ball(labels, centre_mm, affine, value=1):
    """Inside the inscribed sphere all voxels, outside the mesh's none."""
    distance = distance_to(centre_mm, labels.shape, affine)
    # The faces of this polyhedron come as near as 0.985 radii to the centre.
    assert np.all(labels[distance < 0.985 * RADIUS_MM] == value)
    assert np.all(labels[distance > RADIUS_MM] != value)


@pytest.mark.parametrize("centre_mm", [(0, 0, 0), (0.31, -0.17, 0.23)])
def test_ball_on_an_oblique_anisotropic_grid(centre_mm):
    affine, shape = oblique_grid()
    vertices, hierarchy = ball(centre_mm)
    labels = voxelise([(vertices, hierarchy)], shape, affine, (22,))
    assert labels.dtype == np.uint8 and labels.shape == shape
    check_ball(labels, centre_mm, affine, 22)
    exact = 4 / 3 * np.pi * RADIUS_MM**3
    volume = np.sum(labels == 22) * voxel_volume_mm3(affine)
    np.testing.assert_allclose(volume, exact, rtol=0.015)


def test_far_from_the_origin():
    # The same ball 3 m away gives the same voxels: positions are taken relative to it.
    affine, shape = oblique_grid()
    vertices, hierarchy = ball()
    near = voxelise([(vertices, hierarchy)], shape, affine, (1,))
    shift = np.array([3000.0, -2000.0, 1000.0])
    affine[:3, 3] += shift
    far = voxelise([(vertices + shift, hierarchy)], shape, affine, (1,))
    # Vertices are stored as float32, 1e-4 mm at that distance.
    assert np.sum(near != far) <= 2


@pytest.mark.parametrize("side", [-1, 1])
def test_a_mesh_partly_outside_the_grid(side):
    affine, shape = oblique_grid()
    edge = 60 if side > 0 else 0
    centre = vox_to_mm(affine, np.array([edge, 22, 14]))
    vertices, hierarchy = ball(centre)
    labels = voxelise([(vertices, hierarchy)], shape, affine, (1,))
    check_ball(labels, centre, affine)
    half = 0.5 * 4 / 3 * np.pi * RADIUS_MM**3
    np.testing.assert_allclose(labels.sum() * voxel_volume_mm3(affine), half, rtol=0.06)


def test_a_mesh_outside_the_grid_leaves_it_empty():
    affine, shape = oblique_grid()
    vertices, hierarchy = ball(vox_to_mm(affine, np.array([200, 22, 14])))
    assert not voxelise([(vertices, hierarchy)], shape, affine, (1,)).any()


def test_overlap_goes_to_the_deeper_mesh_whatever_the_order():
    # Equal balls 24 mm apart overlap by 16 mm; the bisecting plane divides them.
    affine, shape = oblique_grid()
    centres = np.array([[-12.0, 0, 0], [12.0, 0, 0]])
    left, right = (ball(centre) for centre in centres)
    labels = voxelise([left, right], shape, affine, (20, 21))
    to_left, to_right = (distance_to(c, shape, affine) for c in centres)
    within = np.minimum(to_left, to_right) < 0.985 * RADIUS_MM
    # The two polyhedra are the same, so only their faces' play near the plane is left.
    nearer = np.where(to_left < to_right, 20, 21)
    clear = within & (np.abs(to_left - to_right) > 1)
    np.testing.assert_array_equal(labels[clear], nearer[clear])
    assert set(np.unique(labels)) == {0, 20, 21}

    swapped = voxelise([right, left], shape, affine, (21, 20))
    again = voxelise([right, left], shape, affine, (21, 20))
    np.testing.assert_array_equal(swapped[clear], labels[clear])
    np.testing.assert_array_equal(swapped > 0, labels > 0)
    np.testing.assert_array_equal(again, swapped)


def test_three_meshes_and_a_nested_one():
    # A small ball wholly inside a large one is never deeper than it.
    affine, shape = oblique_grid()
    meshes = [ball(radius_mm=8), ball((30.0, 0, 0), 12.0), ball()]
    labels = voxelise(meshes, shape, affine, (3, 2, 1))
    assert not np.any(labels == 3)
    # Depths are 20 and 12 less the distances to the centres.
    to_large, to_beside = (
        distance_to(centre, shape, affine) for centre in ((0, 0, 0), (30, 0, 0))
    )
    depth = np.stack([0 * to_large, 20 - to_large, 12 - to_beside])
    clear = np.abs(np.diff(np.sort(depth, axis=0)[1:], axis=0)[0]) > 1
    assert np.all(np.bincount(depth.argmax(axis=0)[clear]) > 100)
    np.testing.assert_array_equal(labels[clear], depth.argmax(axis=0)[clear])
