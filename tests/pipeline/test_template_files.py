"""A template of one's own: a mesh and the JSON beside it."""

import json

import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.io.meshes import save_mesh
from spine_jax.pipeline.template_files import VERTICES, load_template
from tests.helpers import icosphere


@pytest.mark.parametrize("remesh, expected", [(None, VERTICES), (False, 162)])
def test_vertices_are_made_anew_unless_told_not_to(tmp_path, remesh, expected):
    vertices, faces = icosphere(2, 12.0)
    path = tmp_path / "ball.ply"
    save_mesh(path, Mesh(vertices + [10.0, 0, 0], faces))
    beside = {"body_centre_mm": [10, 0, 0]}
    if remesh is not None:
        beside["remesh"] = remesh
    path.with_suffix(".json").write_text(json.dumps(beside))
    found = load_template(path).mesh.vertices_mm
    assert len(found) == pytest.approx(expected, rel=0.1 if remesh is None else 0)
    radius = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(radius, 12.0, atol=0.6)
