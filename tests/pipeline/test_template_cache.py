"""Level templates come from the cache when they can, and from scratch when not."""

import numpy as np
import pytest

from spine_jax.anatomy.template import TemplateMesh
from spine_jax.core import Mesh
from spine_jax.pipeline import template_cache
from tests.helpers import box


@pytest.fixture
def made(monkeypatch, tmp_path):
    """How often a template was made; the cache lies in `tmp_path`."""
    calls = []

    def make(label):
        calls.append(label)
        vertices, faces = box()
        return TemplateMesh(Mesh(vertices, faces), "L2")

    monkeypatch.setattr(template_cache, "level_template", make)
    ids = {"spinous_tip": np.array([3]), "pedicle_left": np.array([5, 0, 1])}
    monkeypatch.setattr(template_cache, "landmark_vertices", lambda label: ids)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return calls


def test_made_once(made):
    first = template_cache.cached_level_template(21)
    again = template_cache.cached_level_template(21)
    assert made == [21] and first.name == again.name == "L2"
    np.testing.assert_array_equal(first.mesh.vertices_mm, again.mesh.vertices_mm)
    np.testing.assert_array_equal(first.mesh.faces, again.mesh.faces)
    for template in (first, again):
        assert set(template.landmarks) == {"spinous_tip", "pedicle_left"}
        np.testing.assert_array_equal(template.landmarks["pedicle_left"], [5, 0, 1])


def test_a_spoilt_file_is_made_again(made, tmp_path):
    template_cache.cached_level_template(21)
    (stored,) = (tmp_path / "spine_jax" / "templates").glob("L2-*.npz")
    stored.write_bytes(stored.read_bytes()[:100])
    template_cache.cached_level_template(21)
    template_cache.cached_level_template(21)
    assert made == [21, 21]


def test_changed_anatomy_is_another_file(made, monkeypatch):
    template_cache.cached_level_template(21)
    monkeypatch.setattr(template_cache, "_anatomy_digest", lambda: "changed")
    template_cache.cached_level_template(21)
    assert made == [21, 21]


def test_a_cache_that_cannot_be_written(made, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert template_cache.cached_level_template(21).name == "L2"
