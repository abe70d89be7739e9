"""Our level templates, kept between runs: each takes about a second to make."""

import hashlib
import os
import zipfile
from pathlib import Path

import numpy as np

import spine_jax.anatomy
from spine_jax.anatomy.template import TemplateMesh, level_template
from spine_jax.core import Mesh
from spine_jax.core.labels import label_name
from spine_jax.io.atomic import atomic_path


def cached_level_template(label: int) -> TemplateMesh:
    """`level_template(label)`, from the user's cache if it was made before.

    The cache is keyed by the source of the anatomy; where it cannot be read or written
    the template is made.
    """
    try:
        path = _cache_folder() / f"{label_name(label)}-{_anatomy_digest()}.npz"
        with np.load(path) as stored:
            mesh = Mesh(stored["vertices_mm"], stored["faces"])
        return TemplateMesh(mesh, label_name(label))
    except (OSError, RuntimeError, ValueError, KeyError, zipfile.BadZipFile):
        pass
    template = level_template(label)
    try:
        path = _cache_folder() / f"{label_name(label)}-{_anatomy_digest()}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            np.savez(
                temporary,
                vertices_mm=template.mesh.vertices_mm,
                faces=template.mesh.faces,
            )
    except (OSError, RuntimeError):
        pass
    return template


def _cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "spine_jax" / "templates"


def _anatomy_digest() -> str:
    """Of every source file that decides what a template looks like."""
    (folder,) = (Path(p) for p in spine_jax.anatomy.__path__)
    sources = sorted(folder.glob("*.py"))
    text = b"\0".join(source.read_bytes() for source in sources)
    return hashlib.sha256(text).hexdigest()[:16]
