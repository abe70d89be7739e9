"""Landmarks lie where anatomy says, on both sides, on every level of a group."""

import numpy as np
import pytest

from spine_jax.anatomy.implicit import body_centre_of_shape, vertebra_distance
from spine_jax.anatomy.landmarks import (
    landmark_vertices,
    landmarks_mm,
    landmarks_on_mesh,
)
from spine_jax.anatomy.levels import level_shape
from spine_jax.anatomy.template import GROUPS, level_template

INSIDE = ("body_centre", "pedicle_right", "pedicle_left")
# x, y, z in mm, by hand from the figures of the level and plain anatomy: L3 is 29.6 mm
# high, 35 deep, with its spinous tip 70 mm behind and a transverse span of 89.
L3 = {
    "body_centre": (0, 0, 0),
    "superior_endplate_centre": (0, 0, 13),
    "superior_endplate_anterior": (0, 18, 13),
    "superior_endplate_posterior": (0, -15, 13),
    "inferior_endplate_centre": (0, 0, -13),
    "inferior_endplate_anterior": (0, 18, -13),
    "inferior_endplate_posterior": (0, -15, -13),
    "spinous_tip": (0, -70, -11),
    "transverse_tip_right": (45, -34, 5),
    "transverse_tip_left": (-45, -34, 5),
    "pedicle_right": (15, -18, 5),
    "superior_facet_right": (14, -33, 14),
    "inferior_facet_right": (15, -32, -20),
}
# C5: 14.4 mm high, 17.6 deep, span 60, spinous tip 36 mm behind and 14 mm down.
C5 = {
    "superior_endplate_centre": (0, 0, 6.5),
    "inferior_endplate_centre": (0, 0, -6.5),
    "inferior_endplate_anterior": (0, 9, -7),
    "spinous_tip": (0, -34, -13),
    "transverse_tip_right": (30, -5, -2),
    "pedicle_right": (15, -8, 1),
    "superior_facet_right": (20, -14, 8),
    "inferior_facet_right": (20, -14, -9),
    "uncinate_tip_right": (11, -3, 10),
}
# C2: 37 mm from the end-plate to the tip of the dens, span 62.
C2 = {
    "dens_tip": (0, -1, 22),
    "spinous_tip": (0, -45, -10),
    "transverse_tip_right": (30, -6, -10),
    "superior_facet_right": (17, -1, 4),
    "inferior_facet_right": (16, -15, -16),
}
# C1: span 88; arches 21 mm before and 30 mm behind the centre of mass, lateral masses
# 20 mm high at x = 22.
C1 = {
    "anterior_tubercle": (0, 21, 0),
    "posterior_tubercle": (0, -29.6, -8),
    "transverse_tip_right": (43, 3, -4),
    "superior_facet_right": (22, 5, 10),
    "inferior_facet_right": (22, 5, -10),
}


@pytest.mark.parametrize(("label", "places"), [(22, L3), (5, C5), (2, C2), (1, C1)])
def test_landmarks_are_where_the_figures_put_them(label, places):
    found = landmarks_mm(label)
    for name, place in places.items():
        assert np.linalg.norm(found[name] - place) < 5.5, (name, found[name])


def test_each_kind_of_vertebra_has_its_own_names():
    lumbar, neck, axis, atlas = (set(landmarks_mm(label)) for label in (22, 5, 2, 1))
    assert neck - lumbar == {"uncinate_tip_right", "uncinate_tip_left"}
    assert lumbar < neck
    assert "dens_tip" in axis and "superior_endplate_centre" not in axis
    assert {"anterior_tubercle", "posterior_tubercle"} < atlas
    assert not {"spinous_tip", "pedicle_right", "inferior_endplate_centre"} & atlas
    assert len(atlas) == 9 and len(axis) == 14 and len(lumbar) == 16 and len(neck) == 18


@pytest.mark.parametrize("label", [1, 2, 3, 7, 8, 13, 19, 24, 28])
def test_landmarks_lie_on_the_surface_and_mirror_each_other(label):
    shape = level_shape(label)
    centre = body_centre_of_shape(shape)
    for name, point in landmarks_mm(label).items():
        if name not in INSIDE:
            on_surface = vertebra_distance(point + centre, shape)
            # The fillet of the pedicles covers the rear rims.
            tolerance = 1.0 if "endplate_posterior" in name else 0.1
            assert abs(on_surface) < tolerance, name
        if name.endswith("_right"):
            mirror = landmarks_mm(label)[name.removesuffix("_right") + "_left"]
            np.testing.assert_allclose(mirror, point * [-1, 1, 1], atol=1e-9)
            assert point[0] > 3


@pytest.mark.parametrize(
    "label", [label for group in GROUPS.values() for label in group]
)
def test_vertices_of_a_group_find_the_landmarks_of_each_level(label):
    vertices = level_template(label).mesh.vertices_mm
    on_mesh, on_model = landmarks_on_mesh(vertices, label), landmarks_mm(label)
    assert set(on_mesh) == set(on_model)
    for name, point in on_model.items():
        assert np.linalg.norm(on_mesh[name] - point) < 6.0, (name, on_mesh[name], point)


def test_vertices_are_shared_by_a_group_and_follow_a_moved_mesh():
    for meshed, labels in GROUPS.items():
        for label in labels:
            for name, vertices in landmark_vertices(label).items():
                np.testing.assert_array_equal(vertices, landmark_vertices(meshed)[name])
    vertices = level_template(5).mesh.vertices_mm
    moved = landmarks_on_mesh(2 * vertices + [1.0, 2.0, 3.0], 5)
    for name, point in landmarks_on_mesh(vertices, 5).items():
        np.testing.assert_allclose(moved[name], 2 * point + [1.0, 2.0, 3.0])


def test_levels_outside_the_scheme_are_refused():
    for refused in (landmarks_mm, landmark_vertices):
        with pytest.raises(KeyError, match="26"):
            refused(26)
