"""The named inputs that the benchmark times and the tests check: one definition."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Case:
    """Query points and one closed mesh or a batch that shares faces, all in one unit.

    Attributes:
        name: What the benchmark prints.
        points: [P, 3] float32.
        vertices: [V, 3] float32, or [B, V, 3] to ask for the union of B meshes.
        faces: [F, 3] int32, counter-clockwise from outside.
    """

    name: str
    points: np.ndarray
    vertices: np.ndarray
    faces: np.ndarray

    def as_one_mesh(self) -> tuple[np.ndarray, np.ndarray]:
        """The union as one mesh: vertices [B * V, 3] and faces [B * F, 3]."""
        meshes = self.vertices.reshape((-1,) + self.vertices.shape[-2:])
        first_vertex = len(meshes[0]) * np.arange(len(meshes), dtype=np.int32)
        faces = self.faces + first_vertex[:, None, None]
        return meshes.reshape(-1, 3), faces.reshape(-1, 3)

    @property
    def size(self) -> float:
        """Diagonal of the box around all vertices."""
        return float(np.linalg.norm(np.ptp(self.as_one_mesh()[0], axis=0)))


def sphere_cases(subdivisions: int = 5, n_points: int = 10_000) -> list[Case]:
    """A unit sphere asked at normally distributed points and at points near it.

    The defaults are the case of DiffAM's public demo: 20,480 faces and 10,000 points
    drawn from N(0, 1). Near points (0.03 off the surface along each axis) are what
    fitting asks; there the closest point is found fast and the winding number slowly.

    Returns:
        The normally distributed case, the near one.
    """
    vertices, faces = icosphere(subdivisions)
    rng = np.random.default_rng(0)
    scattered = rng.normal(size=(n_points, 3))
    on_sphere = scattered / np.linalg.norm(scattered, axis=1, keepdims=True)
    near = on_sphere + 0.03 * rng.normal(size=(n_points, 3))
    return [
        Case(
            f"sphere-{len(faces)}/{name}-{n_points}",
            points.astype(np.float32),
            vertices,
            faces,
        )
        for name, points in (("normal", scattered), ("near", near))
    ]


def icosphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit sphere of 20 * 4**subdivisions faces: vertices [V, 3] float32, faces."""
    golden = (1 + 5**0.5) / 2
    corners = [(s, t * golden, 0) for s in (-1, 1) for t in (-1, 1)]
    vertices = np.array([np.roll(corner, k) for k in range(3) for corner in corners])
    # The faces of the icosahedron are its triples of vertices at mutual distance 2.
    gap = np.linalg.norm(vertices[:, None] - vertices[None], axis=-1)
    near = np.isclose(gap, 2)
    i, j, k = np.nonzero(near[:, :, None] & near[None] & near[:, None, :])
    faces = np.stack([i, j, k], axis=1)[(i < j) & (j < k)]
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    inward = np.sum(np.cross(b - a, c - a) * a, axis=1) < 0
    faces[inward] = faces[inward, ::-1]
    for _ in range(subdivisions):
        vertices, faces = _subdivide(vertices, faces)
    vertices = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    return vertices.astype(np.float32), faces.astype(np.int32)


def _subdivide(
    vertices: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Split every face into four at its edge midpoints, pushed out to the sphere."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    unique, index = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    radius = np.linalg.norm(vertices[0])
    middle = vertices[unique].sum(axis=1)
    middle *= radius / np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = index.reshape(3, -1) + len(vertices)
    a, b, c = faces.T
    split = np.stack([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], axis=1)
    return np.concatenate([vertices, middle]), split.reshape(-1, 3)
