"""Every level from T1 to L6 is a sound mesh of its measured size on shared faces."""

import numpy as np
import pytest

from spine_jax.anatomy.implicit import body_centre_of_shape, vertebra_distance
from spine_jax.anatomy.levels import level_shape, lumbar_shape, random_shape
from spine_jax.anatomy.morphometry import level_morphometry
from spine_jax.anatomy.template import (
    level_template,
    lumbar_template,
    template_from_shape,
)
from spine_jax.core.labels import label_name
from tests.anatomy.meshes import (
    euler_characteristic,
    is_closed,
    self_intersections,
    torus,
    triangle_quality,
    volume,
)

LEVELS = (*range(8, 26), 28)
NEW = (*range(8, 20), 25, 28)
VOLUMES_MM3 = {8: 24100, 11: 24600, 15: 33900, 19: 47500, 28: 47900}
"""Medians of the label maps the figures come from."""


def arrays(label):
    template = level_template(label)
    return template.mesh.vertices_mm, template.mesh.faces


def test_all_levels_share_the_faces_of_l3_a_closed_surface_of_genus_one():
    vertices, faces = arrays(22)
    assert is_closed(faces) and euler_characteristic(vertices, faces) == 0
    for label in LEVELS:
        np.testing.assert_array_equal(arrays(label)[1], faces)
        assert level_template(label).name == label_name(label)


@pytest.mark.parametrize("label", LEVELS)
def test_faces_point_outwards_do_not_cross_and_are_no_slivers(label):
    vertices, faces = arrays(label)
    assert volume(vertices, faces) > 20_000
    assert self_intersections(vertices, faces) == 0
    assert triangle_quality(vertices, faces).min() > 0.1


@pytest.mark.parametrize("label", NEW)
def test_vertices_lie_on_the_shape_of_the_level(label):
    shape = level_shape(label)
    centre_mm = body_centre_of_shape(shape)
    assert np.linalg.norm(centre_mm) < 0.6
    distance = np.abs(vertebra_distance(arrays(label)[0] + centre_mm, shape))
    assert np.quantile(distance, 0.995) < 0.02
    # On the crest of the mid-plane a vertex may sit just below its edge.
    assert distance.max() < 0.8


@pytest.mark.parametrize("label", NEW)
def test_sides_mirror_each_other_to_the_last_bit(label):
    points = {tuple(point) for point in arrays(label)[0].tolist()}
    assert {(-x, y, z) for x, y, z in points} == points


@pytest.mark.parametrize("label", NEW)
def test_outer_sizes_follow_the_figures(label):
    vertices, _ = arrays(label)
    row = level_morphometry(label)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert high[0] - low[0] == pytest.approx(row.transverse_span_mm, abs=5)
    assert low[1] == pytest.approx(row.spinous_tip_y_mm, abs=4)
    assert high[1] == pytest.approx(row.body_front_y_mm, abs=2)
    assert high[2] == pytest.approx(row.superior_process_tip_z_mm, abs=4)
    lowest = min(row.inferior_process_tip_z_mm, row.spinous_lowest_z_mm)
    # T4 is the worst: its measured lowest point lies 6 mm below that of T3.
    assert low[2] == pytest.approx(lowest, abs=8.5)


@pytest.mark.parametrize("label", VOLUMES_MM3)
def test_volume_is_that_of_real_vertebrae(label):
    assert volume(*arrays(label)) == pytest.approx(VOLUMES_MM3[label], rel=0.12)


def test_thoracic_processes_point_where_they_do_in_life():
    tips = {label: arrays(label)[0] for label in (13, 15, 19, 22)}
    ends = {label: v[np.argmax(v[:, 0])] for label, v in tips.items()}
    lowest = {label: v[np.argmin(v[:, 1])] for label, v in tips.items()}
    # Transverse processes: backwards at T6, short at T12, sideways at L3.
    assert ends[13][1] < -28 and ends[22][0] > 42
    assert np.abs(tips[19][tips[19][:, 1] < -25][:, 0]).max() < 28
    # Spinous processes: steep at T6, nearly level at T12.
    assert lowest[13][2] < -22 and lowest[19][2] > -16


def test_lumbar_templates_are_those_of_the_general_function():
    assert lumbar_template(20) is level_template(20)
    assert lumbar_template() is level_template(22, 2000)
    assert lumbar_template(22, vertex_count=2000) is level_template(22)


def test_levels_outside_the_group_are_refused():
    for label in (0, 26, 27, 29):
        with pytest.raises(KeyError, match=str(label)):
            level_template(label)
    for refused in (lumbar_template, lumbar_shape):
        with pytest.raises(KeyError, match="19"):
            refused(19)


@pytest.mark.parametrize("label", [8, 14, 28])
def test_random_individuals_repeat_and_stay_near_their_level(label):
    shape = random_shape(np.random.default_rng(3), label)
    assert shape == random_shape(np.random.default_rng(3), label)
    assert shape != random_shape(np.random.default_rng(4), label)
    mesh = template_from_shape(shape, "random", vertex_count=800).mesh
    assert is_closed(mesh.faces)
    assert euler_characteristic(mesh.vertices_mm, mesh.faces) == 0
    on_median = arrays(label)[0] + body_centre_of_shape(level_shape(label))
    assert np.median(np.abs(vertebra_distance(on_median, shape))) < 2.5


def test_crossing_faces_are_counted():
    vertices, faces = torus(20.0, 8.0, 40, 20)
    assert self_intersections(vertices, faces) == 0
    pierced = vertices.copy()
    pierced[0] += [-30.0, 0.0, 0.0]
    assert self_intersections(pierced, faces) > 0
