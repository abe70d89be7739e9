"""Checks of a template's mesh on meshes whose facts are known."""

import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.pipeline.template_build_checks import check_mesh
from tests import helpers


@pytest.mark.parametrize("name, genus", [("sphere", 0), ("torus", 1), ("box", 0)])
def test_sound_meshes(name, genus):
    checks = check_mesh(Mesh(*helpers.CLOSED[name]()))
    assert checks.closed and checks.outward
    assert (checks.genus, checks.self_intersections) == (genus, 0)


def test_hole_is_seen():
    assert not check_mesh(Mesh(*helpers.open_bowl())).closed


def test_inside_out_is_seen():
    vertices, faces = helpers.icosphere(2)
    checks = check_mesh(Mesh(vertices, faces[:, ::-1]))
    assert checks.closed and not checks.outward


def test_turned_face_is_seen():
    vertices, faces = helpers.icosphere(2)
    faces = np.concatenate([faces[:1, ::-1], faces[1:]])
    assert not check_mesh(Mesh(vertices, faces)).closed


def test_crossing_faces_are_counted():
    # A corner of a box pulled through the opposite side: its three long edges cross it.
    vertices, faces = helpers.icosphere(2)
    pulled = vertices.copy()
    top = np.argmax(vertices[:, 2])
    pulled[top] = [0.03, 0.02, -1.5]
    ways = len(np.unique(faces[(faces == top).any(axis=1)])) - 1
    assert check_mesh(Mesh(pulled, faces)).self_intersections >= ways
