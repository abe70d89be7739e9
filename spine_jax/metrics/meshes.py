"""How far apart two triangle meshes are, in mm."""

import numpy as np
from scipy.spatial import KDTree

from spine_jax.core import Mesh, check_shapes
from spine_jax.metrics.surface import SurfaceDistances, assd_mm, triangle_areas_mm2

# Of this many pieces with the nearest centres the closest one is kept. Between real
# vertebrae cut into pieces of 1 mm, eight and sixty-four differ by less than 1e-6 mm.
_CANDIDATES = 8


def correspondence_error_mm(
    vertices_a_mm: np.ndarray, vertices_b_mm: np.ndarray
) -> float:
    """Mean distance between vertices of the same index, in mm.

    Zero only if every vertex sits on its counterpart; sliding along the surface counts,
    unlike in any surface distance.

    Args:
        vertices_a_mm: [V, 3] mm.
        vertices_b_mm: [V, 3] mm, in correspondence with the first.

    Raises:
        ValueError: if the shapes are not [V, 3] with one V.
    """
    check_shapes(
        vertices_a_mm=(vertices_a_mm, "V 3"), vertices_b_mm=(vertices_b_mm, "V 3")
    )
    offsets_mm = np.asarray(vertices_a_mm, np.float64) - np.asarray(vertices_b_mm)
    return float(np.mean(np.linalg.norm(offsets_mm, axis=1)))


def mesh_assd_mm(mesh_a: Mesh, mesh_b: Mesh, *, piece_mm: float = 1.0) -> float:
    """Average symmetric surface distance of two meshes, in mm.

    The area-weighted mean over both surfaces of the distance to the other; see
    `mesh_surface_distances`.
    """
    return assd_mm(mesh_surface_distances(mesh_a, mesh_b, piece_mm=piece_mm))


def mesh_surface_distances(
    prediction: Mesh, truth: Mesh, *, piece_mm: float = 1.0
) -> SurfaceDistances:
    """Distances from each of two meshes to the other, for `hd95_mm` and its kin.

    Triangles are cut into pieces with edges of at most `piece_mm`. Each piece counts
    with its area and measures, from its centre, the distance to the other surface:
    the smallest of the exact distances to the eight pieces with the nearest centres.
    A mesh has no staircase, so unlike for masks the exact distance is the better one.

    Args:
        prediction: Vertices [V, 3] mm and faces [F, 3].
        truth: Likewise; the meshes need not correspond.
        piece_mm: Longest edge of a piece, mm.
    """
    pieces_p_mm = _pieces(prediction, piece_mm)
    pieces_t_mm = _pieces(truth, piece_mm)
    return SurfaceDistances(
        _distances_mm(pieces_p_mm.mean(axis=1), pieces_t_mm),
        triangle_areas_mm2(pieces_p_mm),
        _distances_mm(pieces_t_mm.mean(axis=1), pieces_p_mm),
        triangle_areas_mm2(pieces_t_mm),
    )


def _pieces(mesh: Mesh, piece_mm: float) -> np.ndarray:
    """Triangles [N, 3 corners, 3] mm, halved at the longest edge until short enough."""
    triangles = np.asarray(mesh.vertices_mm, np.float64)[np.asarray(mesh.faces)]
    done = []
    while len(triangles):
        edges = np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2)
        long = edges.max(axis=1) > piece_mm
        done.append(triangles[~long])
        # Turn each triangle so that its longest edge runs from corner 0 to corner 1.
        turn = (edges[long].argmax(axis=1)[:, None] + np.arange(3)) % 3
        turned = np.take_along_axis(triangles[long], turn[:, :, None], axis=1)
        first, second, third = np.moveaxis(turned, 1, 0)
        middle = 0.5 * (first + second)
        triangles = np.concatenate(
            [
                np.stack([first, middle, third], axis=1),
                np.stack([middle, second, third], axis=1),
            ]
        )
    return np.concatenate(done)


def _distances_mm(points_mm: np.ndarray, triangles_mm: np.ndarray) -> np.ndarray:
    """Distances [P] mm from points [P, 3] to the nearest of triangles [N, 3, 3]."""
    candidates = min(_CANDIDATES, len(triangles_mm))
    tree = KDTree(triangles_mm.mean(axis=1))
    nearest = tree.query(points_mm, k=candidates)[1].reshape(len(points_mm), candidates)
    best = np.full(len(points_mm), np.inf)
    for column in nearest.T:
        best = np.minimum(best, _to_triangle_mm(points_mm, triangles_mm[column]))
    return best


def _to_triangle_mm(points_mm: np.ndarray, triangles_mm: np.ndarray) -> np.ndarray:
    """Exact distances [P] mm of points [P, 3] to one triangle each, [P, 3, 3]."""
    corners = np.moveaxis(triangles_mm, 1, 0)
    ends = np.roll(corners, -1, axis=0)
    to_edge = [_to_segment_mm(points_mm, a, b) for a, b in zip(corners, ends)]

    normal = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    length = np.linalg.norm(normal, axis=1)
    above = np.ones(len(points_mm), bool)
    for a, b in zip(corners, ends):
        inward = np.cross(normal, b - a)
        above &= np.sum(inward * (points_mm - a), axis=1) >= 0
    # A triangle without area is its edges.
    above &= length > 0
    height = np.abs(np.sum(normal * (points_mm - corners[0]), axis=1))
    to_plane = np.where(above, height / np.where(length > 0, length, 1.0), np.inf)
    return np.minimum(to_plane, np.min(to_edge, axis=0))


def _to_segment_mm(points: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    along = b - a
    squared = np.sum(along * along, axis=1)
    share = np.sum((points - a) * along, axis=1) / np.where(squared > 0, squared, 1.0)
    foot = a + np.clip(share, 0.0, 1.0)[:, None] * along
    return np.linalg.norm(points - foot, axis=1)
