"""Template meshes: the shape a fit starts from, centred on its body."""

import dataclasses
import functools
import itertools

import numpy as np

from spine_jax.anatomy.body_centre import canal_front_y_mm
from spine_jax.anatomy.implicit import (
    parts_distance,
    shape_bounds_mm,
    vertebra_distance,
)
from spine_jax.anatomy.levels import lumbar_shape
from spine_jax.anatomy.meshing import mesh_implicit, mirrored, right_half
from spine_jax.anatomy.morph import morph_vertices
from spine_jax.anatomy.remesh import remesh
from spine_jax.anatomy.shape import VertebraShape
from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.core import InputError, Mesh
from spine_jax.core.labels import label_name

BODY, ARCH = 0, 1
_L3 = 22
_AXES = {"right": 0, "anterior": 1, "cranial": 2}
_OPPOSITE = {"left": "right", "posterior": "anterior", "caudal": "cranial"}


@dataclasses.dataclass(frozen=True)
class TemplateMesh:
    """A vertebra to start a fit from.

    Attributes:
        mesh: Closed, genus 1; x right, y anterior, z cranial in mm, origin at the
            volume centroid of the vertebral body.
        region: [V] int8, 0 body, 1 arch and processes.
        name: What it shows, such as `"L3"`.
    """

    mesh: Mesh
    region: np.ndarray
    name: str

    @property
    def body_centre_mm(self) -> np.ndarray:
        """[3], the origin by construction."""
        return np.zeros(3)


@functools.lru_cache(maxsize=16)
def lumbar_template(label: int = _L3, vertex_count: int = 2000) -> TemplateMesh:
    """The lumbar template: a mirror-symmetric parametric vertebra.

    L3 is meshed; the other levels are that mesh carried over to their shape, so all
    levels share faces and vertex numbers. The same arguments give the same arrays, bit
    for bit; a second call is free.

    Args:
        label: VerSe number of the level, 20-24 (L1-L5).
        vertex_count: Wanted number of vertices; met within a few percent.

    Raises:
        KeyError: for a label other than 20-24.
    """
    shape = lumbar_shape(label)
    if label == _L3:
        return template_from_shape(shape, "L3", vertex_count=vertex_count)
    middle = lumbar_template(_L3, vertex_count)
    middle_shape = lumbar_shape(_L3)
    vertices, faces = right_half(
        middle.mesh.vertices_mm + body_centre_of_shape(middle_shape), middle.mesh.faces
    )
    # Half a mesh, so that the result is symmetric to the last bit.
    vertices = morph_vertices(vertices, faces, middle_shape, shape)
    vertices, _ = mirrored(vertices, faces)
    return _frozen(
        vertices - body_centre_of_shape(shape),
        middle.mesh.faces,
        middle.region,
        label_name(label),
    )


def template_from_shape(
    shape: VertebraShape, name: str, *, vertex_count: int = 2000
) -> TemplateMesh:
    """Mesh a parametric vertebra and centre it on its body."""
    mesh = mesh_implicit(
        lambda points_mm: vertebra_distance(points_mm, shape),
        shape_bounds_mm(shape),
        vertex_count=vertex_count,
        mirror=shape.is_symmetric,
    )
    body, arch = parts_distance(mesh.vertices_mm, shape)
    centre_mm = body_centre_of_shape(shape)
    return _frozen(
        mesh.vertices_mm - centre_mm,
        mesh.faces,
        np.where(body < arch, BODY, ARCH),
        name,
    )


def body_centre_of_shape(shape: VertebraShape, step_mm: float = 0.75) -> np.ndarray:
    """Volume centroid [3] mm of the body of a parametric vertebra, without its arch."""
    low, high = shape_bounds_mm(shape)
    # Cells are placed symmetrically about x = 0, so a symmetric body stays centred.
    half = np.ceil(high[0] / step_mm)
    axes = [
        (np.arange(-half, half) + 0.5) * step_mm,
        *(np.arange(l, h, step_mm) for l, h in zip(low[1:], high[1:])),
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    distance = parts_distance(points, shape)[0]
    # A cell cut by the surface counts by the share of it that lies inside.
    weight = np.clip(0.5 - distance / step_mm, 0.0, 1.0)
    centre_mm = np.einsum("xyz,xyzc->c", weight, points) / weight.sum()
    return centre_mm * [0, 1, 1] if shape.is_symmetric else centre_mm


def template_from_mesh(
    mesh: Mesh,
    body_centre_mm: np.ndarray,
    *,
    axes: dict[str, str] | None = None,
    vertex_count: int | None = 2000,
    name: str = "user",
) -> TemplateMesh:
    """Turn a user's mesh into a template: our axes, centred, evenly remeshed.

    Args:
        mesh: Closed surface in mm.
        body_centre_mm: [3], volume centroid of the vertebral body, in the mesh's frame.
        axes: Where anatomical directions point in the mesh's frame, at least two of
            them, such as `{"anterior": "+x", "cranial": "+z"}`. None: x right,
            y anterior, z cranial.
        vertex_count: Wanted number of vertices; None keeps the mesh as it is.
        name: What the template shows.

    Raises:
        InputError: for an open or inside-out mesh or axes that make no frame.
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
    region = np.where(_in_front_of_canal(vertices, faces), BODY, ARCH)
    return _frozen(vertices, faces, region, name)


def rotation_to_template(axes: dict[str, str] | None) -> np.ndarray:
    """Rotation [3, 3] that takes a mesh's axes to x right, y anterior, z cranial.

    Args:
        axes: As for `template_from_mesh`. Left, posterior and caudal are understood.

    Raises:
        InputError: for unknown words, fewer than two directions, or directions that
            repeat, contradict each other or would mirror the mesh.
    """
    if axes is None:
        return np.eye(3)
    rows: dict[int, np.ndarray] = {}
    for name, direction in axes.items():
        sign = -1.0 if name in _OPPOSITE else 1.0
        row = _AXES.get(_OPPOSITE.get(name, name))
        if row is None or row in rows or direction not in _unit_directions():
            raise _axes_error(axes)
        rows[row] = sign * _unit_directions()[direction]
    if len(rows) < 2:
        raise _axes_error(axes)
    for missing in {0, 1, 2} - set(rows):
        rows[missing] = np.cross(rows[(missing + 1) % 3], rows[(missing + 2) % 3])
    rotation = np.stack([rows[i] for i in range(3)])
    if not np.isclose(np.linalg.det(rotation), 1.0):
        raise _axes_error(axes)
    return rotation


def _unit_directions() -> dict[str, np.ndarray]:
    return {
        sign + letter: float(sign + "1") * np.eye(3)[i]
        for (i, letter), sign in itertools.product(enumerate("xyz"), "+-")
    }


def _axes_error(axes: dict[str, str]) -> InputError:
    return InputError(
        "TEMPLATE-AXES",
        "template axes",
        f"{axes}",
        "two or three different directions out of right, anterior, cranial (or left, "
        "posterior, caudal), each on its own axis +x ... -z, right-handed",
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


def _in_front_of_canal(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return vertices[:, 1] > canal_front_y_mm(vertices, faces)


def _frozen(vertices, faces, region, name: str) -> TemplateMesh:
    """Pack arrays that callers of the cached template cannot change by accident."""
    arrays = (
        np.ascontiguousarray(vertices, dtype=float),
        np.ascontiguousarray(faces, dtype=np.int32),
        np.asarray(region, dtype=np.int8),
    )
    for array in arrays:
        array.flags.writeable = False
    return TemplateMesh(Mesh(arrays[0], arrays[1]), arrays[2], name)
