"""A user's template: a mesh file and the JSON beside it."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from spine_jax.anatomy.template import TemplateMesh, template_from_mesh
from spine_jax.core import InputError
from spine_jax.core.labels import label_name, label_number
from spine_jax.io.meshes import check_template_mesh, load_mesh

EXPECTED = (
    '{"body_centre_mm": [x, y, z], "level": "L3", '
    '"axes": {"anterior": "+y", "cranial": [0, 0, 1]}}'
)

VERTICES = 2000
"""Of a mesh that is meshed anew, about."""


def load_template(path: Path) -> TemplateMesh:
    """Read `shape.ply` and the `shape.json` beside it.

    The JSON gives the centre of the vertebral body in the mesh's coordinates, the level
    the shape belongs to (`L3` when absent), and where anatomical directions point in
    the mesh's frame (right +x, anterior +y, cranial +z when absent). The mesh is meshed
    anew, evenly, unless the JSON says `"remesh": false`: its vertices keep their
    numbers then, and `"landmarks"`, vertex numbers by name as `template build` writes
    them, hold.

    Raises:
        InputError: when either file is missing or unfit.
    """
    mesh = load_mesh(path)
    check_template_mesh(mesh, path)
    beside = path.with_suffix(".json")
    if not beside.exists():
        raise InputError(
            "TEMPLATE-JSON",
            beside,
            "not found",
            f"a JSON beside the template: {EXPECTED}",
            "writing it with the centre of the vertebral body",
        )
    try:
        data = json.loads(beside.read_text())
        body_centre_mm = [float(x) for x in data["body_centre_mm"]]
        level = label_name(label_number(str(data.get("level", "L3"))))
        axes = data.get("axes")
        remesh = data.get("remesh", True)
        if not isinstance(remesh, bool):
            raise ValueError("remesh must be true or false")
        landmarks = _landmarks(data.get("landmarks", {}), len(mesh.vertices_mm))
        if len(body_centre_mm) != 3:
            raise ValueError("body_centre_mm needs three numbers")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "TEMPLATE-JSON",
            beside,
            f"cannot be used ({error!r})",
            EXPECTED,
            "comparing it with the expected form",
        ) from error
    count = VERTICES if remesh else None
    template = template_from_mesh(
        mesh, body_centre_mm, axes=axes, vertex_count=count, name=level
    )
    return template if remesh else dataclasses.replace(template, landmarks=landmarks)


def _landmarks(given: Mapping, n_vertices: int) -> dict[str, np.ndarray]:
    landmarks = {str(name): np.array(ids, ndmin=1) for name, ids in given.items()}
    for name, ids in landmarks.items():
        integers = np.issubdtype(ids.dtype, np.integer) and ids.ndim == 1
        if not integers or ids.min() < 0 or ids.max() >= n_vertices:
            raise ValueError(f"landmark {name} is no list of vertex numbers")
    return landmarks
