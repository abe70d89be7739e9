"""Our level templates, kept between runs: each takes about a second to make."""

import functools
import hashlib
import zipfile
from pathlib import Path

import numpy as np

import spine_jax.anatomy
from spine_jax.anatomy.template import TemplateMesh, level_template
from spine_jax.core import Mesh
from spine_jax.core.cache import user_cache_folder
from spine_jax.core.labels import label_name
from spine_jax.io.atomic import atomic_path


def cached_level_template(label: int) -> TemplateMesh:
    """`level_template(label)`, from the user's cache if it was made before.

    The cache is keyed by the source of the anatomy; where it cannot be read or written
    the template is made.
    """
    try:
        folder = user_cache_folder() / "templates"
    except RuntimeError:
        return level_template(label)  # a user without a home
    path = folder / f"{label_name(label)}-{_anatomy_digest()}.npz"
    try:
        with np.load(path) as stored:
            mesh = Mesh(stored["vertices_mm"], stored["faces"])
        return TemplateMesh(mesh, label_name(label))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass
    template = level_template(label)
    try:
        with atomic_path(path) as temporary:
            np.savez(
                temporary,
                vertices_mm=template.mesh.vertices_mm,
                faces=template.mesh.faces,
            )
    except OSError:
        pass
    return template


@functools.cache
def _anatomy_digest() -> str:
    """Of every source file that decides what a template looks like."""
    (folder,) = (Path(p) for p in spine_jax.anatomy.__path__)
    sources = sorted(folder.glob("*.py"))
    text = b"\0".join(source.read_bytes() for source in sources)
    return hashlib.sha256(text).hexdigest()[:16]
