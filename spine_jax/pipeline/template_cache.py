"""Our level templates with their landmarks, kept between runs.

Each takes about a second to make.
"""

import dataclasses
import functools
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import spine_jax.anatomy
from spine_jax.anatomy.landmarks import landmark_vertices
from spine_jax.anatomy.template import TemplateMesh, level_template
from spine_jax.core import Mesh
from spine_jax.core.cache import user_cache_folder
from spine_jax.core.labels import label_name
from spine_jax.io.atomic import atomic_path

_LANDMARK = "landmark_"
"""Before the names of landmarks in a stored template."""


def cached_level_template(label: int) -> TemplateMesh:
    """`level_template(label)` and its landmarks, from the user's cache if it is there.

    The cache is keyed by the source of the anatomy; where it cannot be read or written
    the template is made.
    """
    try:
        folder = user_cache_folder() / "templates"
    except RuntimeError:
        return _made(label)  # a user without a home
    path = folder / f"{label_name(label)}-{_anatomy_digest()}.npz"
    try:
        with np.load(path) as stored:
            mesh = Mesh(stored["vertices_mm"], stored["faces"])
            names = [key for key in stored if key.startswith(_LANDMARK)]
            landmarks = {key.removeprefix(_LANDMARK): stored[key] for key in names}
        return TemplateMesh(mesh, label_name(label), landmarks)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass
    template = _made(label)
    arrays: dict[str, Any] = {
        "vertices_mm": template.mesh.vertices_mm,
        "faces": template.mesh.faces,
        **{_LANDMARK + name: ids for name, ids in template.landmarks.items()},
    }
    try:
        with atomic_path(path) as temporary:
            np.savez(temporary, **arrays)
    except OSError:
        pass
    return template


def _made(label: int) -> TemplateMesh:
    landmarks = landmark_vertices(label)
    return dataclasses.replace(level_template(label), landmarks=landmarks)


@functools.cache
def _anatomy_digest() -> str:
    """Of every source file that decides what a template looks like."""
    (folder,) = (Path(p) for p in spine_jax.anatomy.__path__)
    sources = sorted(folder.glob("*.py"))
    text = b"\0".join(source.read_bytes() for source in sources)
    return hashlib.sha256(text).hexdigest()[:16]
