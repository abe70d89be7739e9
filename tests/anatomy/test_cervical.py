"""Atlas, axis and C3-C7: sound meshes with an artery's hole on each side."""

import numpy as np
import pytest

from spine_jax.anatomy.implicit import body_centre_of_shape, vertebra_distance
from spine_jax.anatomy.landmarks import landmarks_mm
from spine_jax.anatomy.levels import level_shape, random_shape
from spine_jax.anatomy.morphometry import level_morphometry
from spine_jax.anatomy.template import GROUPS, level_template, template_from_shape
from tests.anatomy.meshes import (
    euler_characteristic,
    is_closed,
    self_intersections,
    triangle_quality,
    volume,
)

LEVELS = range(1, 8)
GENUS_THREE = 2 - 2 * 3
VOLUMES_MM3 = {1: 15790, 2: 21330, 3: 13860, 4: 13130, 5: 13430, 6: 15890, 7: 19810}
"""Medians of the label maps the figures come from."""


def arrays(label):
    mesh = level_template(label).mesh
    return mesh.vertices_mm, mesh.faces


def test_three_groups_share_faces_within():
    assert [GROUPS[label] for label in (1, 2, 6)] == [(1,), (2,), (3, 4, 5, 6, 7)]
    for label in (3, 4, 5, 7):
        np.testing.assert_array_equal(arrays(label)[1], arrays(6)[1])
    assert len({len(arrays(label)[1]) for label in (1, 2, 6, 22)}) == 4


@pytest.mark.parametrize("label", LEVELS)
def test_surface_is_closed_with_three_holes_and_outward(label):
    vertices, faces = arrays(label)
    assert is_closed(faces)
    assert euler_characteristic(vertices, faces) == GENUS_THREE
    assert volume(vertices, faces) == pytest.approx(VOLUMES_MM3[label], rel=0.15)
    assert self_intersections(vertices, faces) == 0
    assert triangle_quality(vertices, faces).min() > 0.1
    assert 1500 < len(vertices) < 2100


@pytest.mark.parametrize("label", LEVELS)
def test_vertices_lie_on_the_shape_and_mirror_each_other(label):
    vertices, _ = arrays(label)
    shape = level_shape(label)
    centre_mm = body_centre_of_shape(shape)
    assert np.linalg.norm(centre_mm) < 0.6
    distance = np.abs(vertebra_distance(vertices + centre_mm, shape))
    # Where creases would make slivers, a few vertices are smoothed off the surface.
    assert np.quantile(distance, 0.97) < 0.25 and distance.max() < 3.0
    points = {tuple(point) for point in vertices.tolist()}
    assert {(-x, y, z) for x, y, z in points} == points


@pytest.mark.parametrize("label", LEVELS)
def test_outer_sizes_follow_the_figures(label):
    vertices, _ = arrays(label)
    row = level_morphometry(label)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert high[0] - low[0] == pytest.approx(row.transverse_span_mm, abs=5)
    # C5 is the worst: the people it was fitted to have long spinous processes.
    assert low[1] == pytest.approx(row.spinous_tip_y_mm, abs=5.5)
    assert high[1] == pytest.approx(row.body_front_y_mm, abs=2.5)
    top = row.superior_process_tip_z_mm
    if label == 2:
        top = landmarks_mm(2)["inferior_endplate_centre"][2] + row.height_central_mm
    assert high[2] == pytest.approx(top, abs=4)
    lowest = min(row.inferior_process_tip_z_mm, row.spinous_lowest_z_mm)
    assert low[2] == pytest.approx(lowest, abs=5)


def bone_at(label, points_mm):
    shape = level_shape(label)
    return vertebra_distance(points_mm + body_centre_of_shape(shape), shape) < 0


@pytest.mark.parametrize("label", LEVELS)
def test_an_artery_of_3_mm_passes_beside_the_body(label):
    shape = level_shape(label)
    path = np.array(shape.arch.foramen.nodes_mm)[:, :3]
    along = np.linspace(0, 1, 40)[:, None]
    path = np.concatenate([a + along * (b - a) for a, b in zip(path, path[1:])])
    assert vertebra_distance(path, shape).min() > 1.5


@pytest.mark.parametrize("label", range(3, 8))
def test_bars_close_around_the_artery(label):
    shape = level_shape(label)
    start = np.array(shape.arch.foramen.nodes_mm)[:, :3].mean(axis=0)
    assert 13 < start[0] < 24
    reach = np.arange(0, 12, 0.2)[:, None]
    # Body inwards, pedicle behind, costal bar in front and its end outside, each at
    # some height of the transverse process.
    for direction in ([-1.0, 0, 0], [0.0, -1, 0], [0.0, 1, 0], [1.0, 0, 0]):
        rays = (
            start + reach * direction + np.arange(-6, 7, 1)[:, None, None] * [0, 0, 1]
        )
        assert (vertebra_distance(rays, shape) < 0).any()


def test_axis_bears_a_dens():
    vertices, _ = arrays(2)
    dens = vertices[vertices[:, 2] > 12]
    assert 8.5 < np.ptp(dens[:, 0]) < 13 and 8.5 < np.ptp(dens[:, 1]) < 14
    # Nothing else of the bone reaches the height of the dens.
    assert np.hypot(dens[:, 0], dens[:, 1]).max() < 9


def test_atlas_is_a_ring_without_a_body():
    centre = np.zeros((1, 3))
    assert not bone_at(1, centre)[0]
    ahead = np.array([[0.0, y, 0.0] for y in np.arange(0, 30, 0.5)])
    thickness = 0.5 * np.count_nonzero(bone_at(1, ahead))
    assert 5 < thickness < 12
    # Lateral masses are the highest parts, the arches are low.
    vertices, _ = arrays(1)
    highest = vertices[np.argmax(vertices[:, 2])]
    assert 14 < abs(highest[0]) < 30


def test_uncinate_processes_overtop_the_end_plate():
    for label in range(3, 8):
        vertices, _ = arrays(label)
        x, y, z = np.abs(vertices[:, 0]), vertices[:, 1], vertices[:, 2]
        plate = z[(x < 3) & (np.abs(y) < 4) & (z > 0)].max()
        side = z[(x > 8) & (x < 16) & (y > -7) & (y < 8)].max()
        assert 1.5 < side - plate < 9


def test_spinous_processes_are_forked_and_longest_at_c7():
    ends = [arrays(label)[0][:, 1].min() for label in range(3, 8)]
    assert ends[4] < ends[3] - 4 < min(ends[:3]) - 4
    for label in (2, 3, 4, 5):
        vertices, _ = arrays(label)
        rearmost = vertices[np.argmin(vertices[:, 1])]
        middle = vertices[vertices[:, 0] == 0.0]
        assert abs(rearmost[0]) > 1.2
        assert middle[:, 1].min() > rearmost[1] + 1.0


@pytest.mark.parametrize("label", [1, 2, 4, 7])
def test_random_individuals_keep_their_holes(label):
    shape = random_shape(np.random.default_rng(label), label)
    assert shape == random_shape(np.random.default_rng(label), label)
    mesh = template_from_shape(shape, "random", vertex_count=900).mesh
    assert is_closed(mesh.faces)
    assert euler_characteristic(mesh.vertices_mm, mesh.faces) == GENUS_THREE
    on_median = arrays(label)[0] + body_centre_of_shape(level_shape(label))
    assert 0.1 < np.median(np.abs(vertebra_distance(on_median, shape))) < 2.5
