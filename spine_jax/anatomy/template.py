"""Template meshes: the shape a fit starts from, centred on its body."""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np

from spine_jax.anatomy.implicit import (
    body_centre_of_shape,
    shape_bounds_mm,
    vertebra_distance,
)
from spine_jax.anatomy.levels import LUMBAR, level_shape
from spine_jax.anatomy.meshing import mesh_implicit, mirrored, right_half
from spine_jax.anatomy.morph import CERVICAL, FAR, NEAR, morph_vertices, untangled
from spine_jax.anatomy.remesh import remesh
from spine_jax.anatomy.shape import VertebraShape
from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.core import InputError, Mesh
from spine_jax.core.labels import label_name

_L3 = 22
_C6 = 6
# Level whose shape is meshed -> the levels that share its faces.
GROUPS = {1: (1,), 2: (2,), _C6: (3, 4, 5, 6, 7), _L3: (*range(8, 26), 28)}
_MESHED = {label: meshed for meshed, labels in GROUPS.items() for label in labels}
# Levels too far from that one to be carried from there in one go -> where they start.
_START = {**{label: 16 for label in range(8, 19) if label != 16}, 25: 24}
_PACES = {**dict.fromkeys(LUMBAR, NEAR), **dict.fromkeys(GROUPS[_C6], CERVICAL)}
_STEP_MM = 1.5
# Bars beside the artery are thinner than anything below the neck.
_CERVICAL_STEP_MM = 1.0
_AXES = {"right": 0, "anterior": 1, "cranial": 2}
_OPPOSITE = {"left": "right", "posterior": "anterior", "caudal": "cranial"}

Axes = Mapping[str, str | Sequence[float]]
"""Anatomical direction -> where it points in a mesh's frame."""


@dataclasses.dataclass(frozen=True)
class TemplateMesh:
    """A vertebra to start a fit from.

    Attributes:
        mesh: Closed; x right, y anterior, z cranial in mm, origin at the volume
            centroid of the vertebral body (axis: with its dens; atlas, which has no
            body: of the whole ring).
        name: Level that it shows, such as `"L3"`.
        landmarks: Vertices [K] whose mean is the landmark, by name; empty where they
            are not known.
    """

    mesh: Mesh
    name: str
    landmarks: Mapping[str, np.ndarray] = dataclasses.field(default_factory=dict)


def level_template(label: int, vertex_count: int = 2000) -> TemplateMesh:
    """The template of a level: a mirror-symmetric parametric vertebra.

    Atlas, axis, C3-C7 and T1-L6 are four groups. In each one level is meshed; the other
    levels are that mesh carried over to their shape, so all levels of a group share
    faces, and a vertex number means about the same place on each. The same arguments
    give the same arrays, bit for bit; a second call is free. No faces cross at the
    default count; with others, thoracic levels may fold in a crease.

    The hole around the spinal cord makes the surface one of genus 1; the two of the
    vertebral arteries, from C1 to C7, one of genus 3.

    Args:
        label: VerSe number of the level, 1-25 or 28 (C1 to L6).
        vertex_count: Wanted number of vertices; met within a few percent.

    Raises:
        KeyError: for any other label.
    """
    return _built(label, vertex_count)


@functools.lru_cache(maxsize=64)
def _built(label: int, vertex_count: int) -> TemplateMesh:
    shape = level_shape(label)
    if label in GROUPS:
        name = label_name(label)
        meshed = template_from_shape(shape, name, vertex_count=vertex_count)
        return _without_slivers(meshed) if shape.arch.holes() else meshed
    start = _START.get(label, _MESHED[label])
    start_shape, mesh = level_shape(start), _built(start, vertex_count).mesh
    vertices, faces = right_half(
        mesh.vertices_mm + body_centre_of_shape(start_shape), mesh.faces
    )
    # Half a mesh, so that the result is symmetric to the last bit.
    pace = _PACES.get(label, FAR)
    vertices = morph_vertices(vertices, faces, start_shape, shape, pace)
    vertices, _ = mirrored(vertices, faces)
    return _frozen(
        vertices - body_centre_of_shape(shape), mesh.faces, label_name(label)
    )


def _without_slivers(template: TemplateMesh) -> TemplateMesh:
    """The same template with narrow triangles, as in sharp creases, smoothed out."""
    mesh = template.mesh
    vertices, faces = right_half(mesh.vertices_mm, mesh.faces)
    vertices, faces = mirrored(untangled(vertices, faces), faces)
    return _frozen(vertices, faces, template.name)


def lumbar_template(label: int = _L3, vertex_count: int = 2000) -> TemplateMesh:
    """`level_template` for L1-L5 alone; L3 by default.

    Raises:
        KeyError: for a label other than 20-24.
    """
    if label not in LUMBAR:
        raise KeyError(f"{label} is not one of L1-L5 (20-24)")
    return level_template(label, vertex_count)


def template_from_shape(
    shape: VertebraShape, name: str, *, vertex_count: int = 2000
) -> TemplateMesh:
    """Mesh a parametric vertebra and centre it on its body."""
    mesh = mesh_implicit(
        lambda points_mm: vertebra_distance(points_mm, shape),
        shape_bounds_mm(shape),
        vertex_count=vertex_count,
        step_mm=_CERVICAL_STEP_MM if shape.arch.holes() else _STEP_MM,
        mirror=shape.is_symmetric,
    )
    vertices = mesh.vertices_mm - body_centre_of_shape(shape)
    return _frozen(vertices, mesh.faces, name)


def template_from_mesh(
    mesh: Mesh,
    body_centre_mm: Sequence[float],
    *,
    axes: Axes | None = None,
    vertex_count: int | None = 2000,
    name: str = "L3",
) -> TemplateMesh:
    """Turn a user's mesh into a template: our axes, centred, evenly remeshed.

    Args:
        mesh: Closed surface in mm.
        body_centre_mm: [3], volume centroid of the vertebral body, in the mesh's frame.
        axes: See `rotation_to_template`. None: x right, y anterior, z cranial.
        vertex_count: Wanted number of vertices; None keeps the mesh as it is.
        name: Level that the mesh shows.

    Raises:
        InputError: for an open or inside-out mesh, or axes that make no frame.
    """
    vertices = np.asarray(mesh.vertices_mm, dtype=float)
    faces = np.asarray(mesh.faces)
    _check_closed(vertices, faces)
    rotation = rotation_to_template(axes)
    centre = np.asarray(body_centre_mm, dtype=float)
    vertices = (vertices - centre) @ rotation.T
    if vertex_count is not None:
        surface = SurfacePoints(vertices, faces)
        vertices, faces = remesh(vertices, faces, surface.closest, vertex_count)
    return _frozen(vertices, faces, name)


def rotation_to_template(axes: Axes | None) -> np.ndarray:
    """Rotation [3, 3] that takes a mesh's axes to x right, y anterior, z cranial.

    Args:
        axes: Where two or three of right, anterior and cranial (or left, posterior,
            caudal) point in the mesh's frame: `"+x"` ... `"-z"`, or a vector of any
            length, as for a mesh that still has the tilt of its place in the spine.
            Vectors need not be exactly perpendicular: cranial is kept, then anterior.

    Raises:
        InputError: for unknown words, fewer than two directions, or directions that
            repeat, lie closer than 60 degrees to each other or mirror the mesh.
    """
    if axes is None:
        return np.eye(3)
    rows: dict[int, np.ndarray] = {}
    for name, direction in axes.items():
        sign = -1.0 if name in _OPPOSITE else 1.0
        row = _AXES.get(_OPPOSITE.get(name, name))
        vector = _unit_vector(direction)
        if row is None or row in rows or vector is None:
            raise _axes_error(axes)
        rows[row] = sign * vector
    if len(rows) < 2:
        raise _axes_error(axes)
    for missing in {0, 1, 2} - set(rows):
        rows[missing] = np.cross(rows[(missing + 1) % 3], rows[(missing + 2) % 3])
    given = np.stack([rows[i] for i in range(3)])
    if np.abs(given @ given.T - np.diag(np.diag(given @ given.T))).max() > 0.5:
        raise _axes_error(axes)
    cranial = given[2] / np.linalg.norm(given[2])
    anterior = given[1] - (given[1] @ cranial) * cranial
    anterior /= np.linalg.norm(anterior)
    right = np.cross(anterior, cranial)
    if right @ given[0] <= 0:
        raise _axes_error(axes)
    return np.stack([right, anterior, cranial])


def _unit_vector(direction: str | Sequence[float]) -> np.ndarray | None:
    """The direction as a unit vector [3], None where it is none."""
    if isinstance(direction, str):
        if direction[:1] not in ("+", "-") or direction[1:] not in ("x", "y", "z"):
            return None
        return float(direction[0] + "1") * np.eye(3)["xyz".index(direction[1])]
    vector = np.asarray(direction, dtype=float)
    length = np.linalg.norm(vector)
    if vector.shape != (3,) or not np.isfinite(length) or length == 0:
        return None
    return vector / length


def _axes_error(axes: Axes) -> InputError:
    return InputError(
        "TEMPLATE-AXES",
        "template axes",
        f"{axes}",
        "two or three different directions out of right, anterior, cranial (or left, "
        "posterior, caudal), each +x ... -z or a vector, right-handed",
        '{"anterior": "+y", "cranial": "+z"} for a mesh with y forwards and z up',
    )


def _check_closed(vertices: np.ndarray, faces: np.ndarray) -> None:
    """Refuse meshes with holes, seams or faces turned inwards."""
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    keys = directed[:, 0] * np.int64(len(vertices)) + directed[:, 1]
    reverse = directed[:, 1] * np.int64(len(vertices)) + directed[:, 0]
    unmatched = int(np.count_nonzero(~np.isin(keys, reverse)))
    if unmatched or len(np.unique(keys)) != len(keys):
        raise InputError(
            "TEMPLATE-OPEN",
            "template mesh",
            f"{unmatched} edges without a partner face",
            "a closed surface with consistent faces",
            "filling holes and merging double vertices, then turning faces one way",
        )
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    if np.sum(a * np.cross(b, c)) <= 0:
        raise InputError(
            "TEMPLATE-INSIDE-OUT",
            "template mesh",
            "faces that point inwards",
            "faces counter-clockwise seen from outside",
            "flipping the faces",
        )


def _frozen(vertices: np.ndarray, faces: np.ndarray, name: str) -> TemplateMesh:
    """Pack arrays that callers of the cached template cannot change by accident."""
    vertices = np.ascontiguousarray(vertices, dtype=float)
    faces = np.ascontiguousarray(faces, dtype=np.int32)
    for array in (vertices, faces):
        array.flags.writeable = False
    return TemplateMesh(Mesh(vertices, faces), name)
