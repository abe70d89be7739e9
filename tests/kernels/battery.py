"""What every implementation of a kernel has to pass, and the brute force behind it.

The brute force is plain numpy in float64 and shares no code with `spine_jax.kernels`:
closest points by Ericson's region walk, winding numbers by solid angles of unit
vectors.
"""

import numpy as np


def closest_distance(points, vertices, faces) -> np.ndarray:
    """Distance [P] from points to a triangle mesh, float64.

    Faces without area are left out: in the meshes of the tests they lie on others.
    """
    points = np.asarray(points, np.float64)
    triangles = np.asarray(vertices, np.float64)[faces]
    ab, ac = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    triangles = triangles[np.linalg.norm(np.cross(ab, ac), axis=1) > 0]
    distances = [
        np.linalg.norm(point - _closest_on_triangles(point, triangles), axis=1).min()
        for point in points
    ]
    return np.array(distances).reshape(len(points))


def _closest_on_triangles(p, triangles) -> np.ndarray:
    """Closest point of each triangle [F, 3, 3] to one point.

    Follows C. Ericson, Real-Time Collision Detection, section 5.1.5: which of the
    seven Voronoi regions of the triangle holds the point.
    """
    a, b, c = triangles.transpose(1, 0, 2)
    ab, ac = b - a, c - a
    along_ab = [np.sum(ab * (p - x), axis=1) for x in (a, b, c)]
    along_ac = [np.sum(ac * (p - x), axis=1) for x in (a, b, c)]
    (d1, d3, d5), (d2, d4, d6) = along_ab, along_ac
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2

    def point_at(start, direction, numerator, denominator):
        with np.errstate(invalid="ignore", divide="ignore"):
            return start + (numerator / denominator)[:, None] * direction

    with np.errstate(invalid="ignore", divide="ignore"):
        inside = a + (vb[:, None] * ab + vc[:, None] * ac) / (va + vb + vc)[:, None]
    regions = [
        ((d1 <= 0) & (d2 <= 0), a),
        ((d3 >= 0) & (d4 <= d3), b),
        ((d6 >= 0) & (d5 <= d6), c),
        ((vc <= 0) & (d1 >= 0) & (d3 <= 0), point_at(a, ab, d1, d1 - d3)),
        ((vb <= 0) & (d2 >= 0) & (d6 <= 0), point_at(a, ac, d2, d2 - d6)),
        (
            (va <= 0) & (d4 >= d3) & (d5 >= d6),
            point_at(b, c - b, d4 - d3, (d4 - d3) + (d5 - d6)),
        ),
    ]
    conditions = [condition[:, None] for condition, _ in regions]
    return np.select(conditions, [value for _, value in regions], inside)


def winding(points, vertices, faces) -> np.ndarray:
    """Generalized winding number [P], float64."""
    triangles = np.asarray(vertices, np.float64)[faces]
    values = []
    for point in np.asarray(points, np.float64):
        rays = triangles - point
        length = np.linalg.norm(rays, axis=-1, keepdims=True)
        a, b, c = (rays / np.where(length > 0, length, 1)).transpose(1, 0, 2)
        denominator = 1 + np.sum(a * b + b * c + c * a, axis=-1)
        triple = np.sum(a * np.cross(b, c), axis=-1)
        values.append(np.sum(np.arctan2(triple, denominator)) / (2 * np.pi))
    return np.array(values).reshape(len(points))
