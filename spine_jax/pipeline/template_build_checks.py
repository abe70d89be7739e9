"""What a template's mesh must be: closed, of a known genus, outward, unfolded."""

import dataclasses

import numpy as np
from scipy.spatial import KDTree

from spine_jax.core import Mesh
from spine_jax.core.types import Array
from spine_jax.geometry import enclosed_volume, unique_edges


@dataclasses.dataclass(frozen=True)
class MeshChecks:
    """Facts about a mesh.

    Attributes:
        closed: Whether every edge joins two faces of one orientation.
        genus: Number of tunnels, of a connected closed mesh.
        outward: Whether the faces point outward.
        self_intersections: Edges that pierce a face, counted per face.
    """

    closed: bool
    genus: int
    outward: bool
    self_intersections: int


def check_mesh(mesh: Mesh) -> MeshChecks:
    """Check a connected mesh of up to some thousand vertices."""
    vertices = np.asarray(mesh.vertices_mm, np.float64)
    faces = np.asarray(mesh.faces)
    return MeshChecks(
        closed=is_closed(faces),
        genus=genus_of(mesh),
        outward=float(enclosed_volume(mesh.vertices_mm, mesh.faces)) > 0,
        self_intersections=count_self_intersections(vertices, faces),
    )


def genus_of(mesh: Mesh) -> int:
    """Number of tunnels of a connected closed mesh, by Euler's formula."""
    faces = np.asarray(mesh.faces)
    n_vertices = len(np.unique(faces))
    return (2 - (n_vertices - len(unique_edges(faces)) + len(faces))) // 2


def is_closed(faces: Array) -> bool:
    """Whether every edge of faces [F, 3] joins two of one orientation."""
    faces = np.asarray(faces)
    corners = np.roll(faces, -1, axis=1)
    directed = np.stack([faces.ravel(), corners.ravel()], axis=1)
    once = len(np.unique(directed, axis=0)) == len(directed)
    return once and np.array_equal(
        np.unique(directed, axis=0), np.unique(directed[:, ::-1], axis=0)
    )


def count_self_intersections(vertices_mm: np.ndarray, faces: np.ndarray) -> int:
    """How often an edge pierces a face that it shares no vertex with."""
    edges = unique_edges(faces)
    corners = vertices_mm[faces]
    middles = corners.mean(axis=1)
    reach = np.linalg.norm(corners - middles[:, None], axis=2).max()
    starts, ends = vertices_mm[edges[:, 0]], vertices_mm[edges[:, 1]]
    reach += np.linalg.norm(ends - starts, axis=1).max() / 2
    near = KDTree(middles).query_ball_point((starts + ends) / 2, reach)
    edge = np.repeat(np.arange(len(edges)), [len(found) for found in near])
    face = np.concatenate(near).astype(int)
    joined = np.any(faces[face][:, :, None] == edges[edge][:, None], axis=(1, 2))
    edge, face = edge[~joined], face[~joined]
    return int(np.count_nonzero(_pierces(starts[edge], ends[edge], corners[face])))


def _pierces(starts: np.ndarray, ends: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Whether segments [P, 3] cross the inside of triangles [P, 3, 3], [P] bool."""

    def volume(p, q, r, s):
        """Six times the signed volume of a tetrahedron."""
        return np.sum(np.cross(q - p, r - p) * (s - p), axis=1)

    a, b, c = (triangles[:, i] for i in range(3))
    # Ends on both sides of the plane, and the segment passes all edges alike.
    across = volume(a, b, c, starts) * volume(a, b, c, ends) < 0
    turns = [volume(starts, ends, p, q) for p, q in ((a, b), (b, c), (c, a))]
    alike = np.abs(np.sum(np.sign(turns), axis=0)) == 3
    return across & alike
