"""Triangle meshes of implicit shapes: marching cubes, then even remeshing."""

from collections.abc import Callable

import numpy as np
from skimage.measure import marching_cubes

from spine_jax.anatomy.remesh import remesh
from spine_jax.core import Mesh

Implicit = Callable[[np.ndarray], np.ndarray]


def mesh_implicit(
    function: Implicit,
    bounds_mm: tuple[np.ndarray, np.ndarray],
    *,
    vertex_count: int = 2000,
    step_mm: float = 1.5,
    mirror: bool = False,
) -> Mesh:
    """Mesh the zero level of an implicit function evenly.

    Args:
        function: Approximate signed distance, [..., 3] mm to [...], negative inside.
        bounds_mm: Lower and upper corner of a box that holds the shape.
        vertex_count: Wanted number of vertices; met within a few percent.
        step_mm: Grid of the marching cubes; must resolve the thinnest part.
        mirror: The shape is symmetric in x: mesh the half x > 0 and mirror it, so that
            the mesh is symmetric to the last bit.

    Returns:
        A closed mesh, outward faces, vertices on the zero level.
    """
    vertices, faces = _marching_cubes(function, bounds_mm, step_mm, mirror)

    def project(points: np.ndarray) -> np.ndarray:
        return onto_surface(function, points)

    wanted = vertex_count // 2 if mirror else vertex_count
    vertices, faces = remesh(vertices, faces, project, wanted)
    if mirror:
        vertices, faces = mirrored(vertices, faces)
    return Mesh(vertices, faces)


def onto_surface(function: Implicit, points_mm: np.ndarray, steps: int = 3):
    """Move points [P, 3] to the zero level by Newton steps along the gradient."""
    h = 1e-3
    offsets = np.concatenate([np.zeros((1, 3)), h * np.eye(3), -h * np.eye(3)])
    for _ in range(steps):
        values = function(points_mm + offsets[:, None])
        gradient = ((values[1:4] - values[4:7]) / (2 * h)).T
        squared = np.maximum(np.sum(gradient * gradient, axis=1), 0.05)
        move = gradient * (values[0] / squared)[:, None]
        length = np.linalg.norm(move, axis=1, keepdims=True)
        points_mm = points_mm - move / np.maximum(length, 1.0)
    return points_mm


def _marching_cubes(function, bounds_mm, step_mm: float, mirror: bool):
    """Zero level on a grid; with `mirror` only x >= 0, open along the plane x = 0."""
    low, high = (np.array(corner, dtype=float) for corner in bounds_mm)
    if mirror:
        low[0] = 0.0
    axes = [np.arange(l, h + step_mm, step_mm) for l, h in zip(low, high)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    vertices, faces, _, _ = marching_cubes(function(grid), 0.0, spacing=(step_mm,) * 3)
    return vertices.astype(float) + low, faces


def mirrored(vertices_mm: np.ndarray, faces: np.ndarray):
    """Both halves of a surface whose border lies in the plane x = 0, welded there.

    The given half comes first, so `right_half` undoes this.
    """
    seam = vertices_mm[:, 0] == 0.0
    image = np.arange(len(vertices_mm))
    image[~seam] = len(vertices_mm) + np.arange(np.count_nonzero(~seam))
    both = np.concatenate([vertices_mm, vertices_mm[~seam] * [-1.0, 1.0, 1.0]])
    return both, np.concatenate([faces, image[faces][:, ::-1]]).astype(np.int32)


def right_half(vertices_mm: np.ndarray, faces: np.ndarray):
    """The half x >= 0 of a mesh made by `mirrored`."""
    half = faces[: len(faces) // 2]
    return vertices_mm[: half.max() + 1], half
