"""Even remeshing of triangle surfaces by split, collapse, flip and slide.

The scheme of Botsch and Kobbelt (A remeshing approach to multiresolution modeling,
SGP 2004): edges much longer than the target are split, much shorter ones collapsed,
flips bring vertex degrees towards six, and vertices slide along the surface towards
the middle of their neighbours. No step changes the topology. A border, if there is
one, is kept as a curve; the half of a mirror-symmetric surface relies on that.
"""

from collections.abc import Callable

import numpy as np

from spine_jax.anatomy.editable import EditableMesh

Projection = Callable[[np.ndarray], np.ndarray]


def remesh(
    vertices_mm: np.ndarray,
    faces: np.ndarray,
    project: Projection,
    vertex_count: int,
    *,
    rounds: int = 8,
) -> tuple[np.ndarray, np.ndarray]:
    """Remesh a surface evenly to about `vertex_count` vertices.

    Args:
        vertices_mm: [V, 3].
        faces: [F, 3], manifold, consistently oriented; may have a border.
        project: Moves points [P, 3] onto the surface to be meshed.
        vertex_count: Wanted number of vertices; met within a few percent.
        rounds: Passes of split, collapse, flip and slide.

    Returns:
        Vertices [W, 3] and faces [G, 3] int32, same orientation and topology.
    """
    length = _edge_length_for(vertices_mm, faces, vertex_count)
    for _ in range(rounds):
        mesh = EditableMesh(vertices_mm, faces)
        _separate_border(mesh)
        _split_long(mesh, length * 4 / 3)
        _collapse_short(mesh, length * 4 / 5, length * 4 / 3)
        _equalise_degrees(mesh)
        vertices_mm, faces = mesh.arrays()
        for _ in range(2):
            vertices_mm = slide(vertices_mm, faces, project)
        # Few vertices mean that the edges are too long, and the other way round.
        length *= float(np.clip((len(vertices_mm) / vertex_count) ** 0.5, 0.8, 1.25))
    return vertices_mm, faces.astype(np.int32)


def _edge_length_for(vertices_mm, faces, vertex_count: int) -> float:
    """Edge of the equilateral triangles that cover the surface with 2 V faces."""
    a, b, c = (vertices_mm[faces[:, i]] for i in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    return float(np.sqrt(area / (2 * vertex_count) * 4 / np.sqrt(3)))


def _separate_border(mesh: EditableMesh) -> None:
    """Split inner edges that join two border points: mirrored, they would be double."""
    for a, b in mesh.edges():
        inner = len(mesh.edge_faces(a, b)) == 2
        if inner and a in mesh.border and b in mesh.border:
            mesh.split(a, b)


def _split_long(mesh: EditableMesh, limit_mm: float) -> None:
    for _ in range(4):
        long = [edge for edge in mesh.edges() if mesh.length(*edge) > limit_mm]
        if not long:
            return
        for a, b in sorted(long, key=lambda edge: -mesh.length(*edge)):
            mesh.split(a, b)


def _collapse_short(mesh: EditableMesh, low_mm: float, high_mm: float) -> None:
    short = [edge for edge in mesh.edges() if mesh.length(*edge) < low_mm]
    for a, b in sorted(short, key=lambda edge: mesh.length(*edge)):
        if mesh.has_edge(a, b) and mesh.length(a, b) < low_mm:
            mesh.collapse(a, b, high_mm)


def _equalise_degrees(mesh: EditableMesh) -> None:
    for a, b in mesh.edges():
        if mesh.has_edge(a, b) and len(mesh.edge_faces(a, b)) == 2:
            mesh.flip_if_better(a, b)


def slide(
    vertices_mm: np.ndarray,
    faces: np.ndarray,
    project: Projection,
    rate: float = 0.7,
    *,
    tangential: float = 1.0,
) -> np.ndarray:
    """Move vertices tangentially towards the mean of their neighbours, then project.

    Border points slide along the border and stay in the plane x = 0.

    Args:
        vertices_mm: [V, 3].
        faces: [F, 3].
        project: Moves points [P, 3] onto the surface.
        rate: Share of the way.
        tangential: Share of the way along the normal that is left out; below 1,
            vertices also leave the surface a little, which undoes folds.

    Returns:
        [V, 3] mm.
    """
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges, count = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    step = neighbour_mean(vertices_mm, edges) - vertices_mm
    normals = vertex_normals(vertices_mm, faces)
    step -= tangential * normals * np.sum(step * normals, axis=1, keepdims=True)
    border_edges = edges[count == 1]
    border = np.unique(border_edges)
    along = neighbour_mean(vertices_mm, border_edges) - vertices_mm
    step[border] = along[border]
    moved = project(vertices_mm + rate * step)
    moved[border, 0] = 0.0
    return moved


def neighbour_mean(vertices_mm, edges) -> np.ndarray:
    """Mean [V, 3] of the vertices joined to each by one of the edges [E, 2]."""
    both = np.concatenate([edges, edges[:, ::-1]])
    degree = np.bincount(both[:, 0], minlength=len(vertices_mm))
    total = np.stack(
        [
            np.bincount(both[:, 0], vertices_mm[both[:, 1], i], len(vertices_mm))
            for i in range(3)
        ],
        axis=1,
    )
    return total / np.maximum(degree, 1)[:, None]


def vertex_normals(vertices_mm, faces) -> np.ndarray:
    """Unit normals [V, 3], the mean of the faces around weighted by their areas."""
    a, b, c = (vertices_mm[faces[:, i]] for i in range(3))
    face_normals = np.cross(b - a, c - a)
    total = np.zeros_like(vertices_mm)
    for i in range(3):
        np.add.at(total, faces[:, i], face_normals)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return total / np.maximum(length, 1e-12)
