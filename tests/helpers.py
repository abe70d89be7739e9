"""Test meshes and the gradient check every custom derivative goes through.

Meshes are (vertices [V, 3] float64, faces [F, 3] int32), about one unit in size.
"""

import functools
import heapq
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.kernels import cases

MeshArrays = tuple[np.ndarray, np.ndarray]


def icosphere(subdivisions: int, radius: float = 1.0) -> MeshArrays:
    vertices, faces = cases.icosphere(subdivisions)
    vertices = vertices.astype(np.float64)
    return radius * vertices / np.linalg.norm(vertices, axis=1, keepdims=True), faces


def torus(n_major: int = 24, n_minor: int = 12, tube: float = 0.3) -> MeshArrays:
    """Ring of radius 0.7 around z."""
    i, j = np.meshgrid(np.arange(n_major), np.arange(n_minor), indexing="ij")
    u, v = 2 * np.pi * i / n_major, 2 * np.pi * j / n_minor
    ring = 0.7 + tube * np.cos(v)
    vertices = np.stack([ring * np.cos(u), ring * np.sin(u), tube * np.sin(v)], -1)

    def at(di, dj):
        return (i + di) % n_major * n_minor + (j + dj) % n_minor

    faces = [(at(0, 0), at(1, 0), at(1, 1)), (at(0, 0), at(1, 1), at(0, 1))]
    return vertices.reshape(-1, 3), _faces(np.array(faces).transpose(2, 3, 0, 1))


def box(size: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> MeshArrays:
    """Axis-aligned box of 12 faces centred at the origin."""
    corners = np.array(list(np.ndindex(2, 2, 2))) - 0.5
    quads = [
        (0, 1, 3, 2),
        (4, 6, 7, 5),
        (0, 4, 5, 1),
        (2, 3, 7, 6),
        (0, 2, 6, 4),
        (1, 5, 7, 3),
    ]
    faces = [tri for a, b, c, d in quads for tri in ((a, b, c), (a, c, d))]
    return corners * np.asarray(size), _faces(faces)


def plate() -> MeshArrays:
    """Closed box 0.01 thick: inside and outside are close together."""
    return box((1.0, 1.0, 0.01))


def star() -> MeshArrays:
    """Sphere with twelve spikes: not convex, steep."""
    vertices, faces = icosphere(2, 0.5)
    vertices[:12] *= 2.4
    return vertices, faces


def slivers() -> MeshArrays:
    """Sphere whose faces are split 1e-3 beside an edge: sliver and obtuse faces."""
    vertices, faces = icosphere(2)
    added = np.einsum("i,fij->fj", [0.4995, 0.4995, 0.001], vertices[faces])
    middle = len(vertices) + np.arange(len(faces))
    a, b, c = faces.T
    split = [(a, b, middle), (b, c, middle), (c, a, middle)]
    return np.concatenate([vertices, added]), _faces(np.array(split).transpose(2, 0, 1))


def touching_at_vertex() -> MeshArrays:
    """Two boxes in one mesh that share one corner."""
    return _two_boxes((1.0, 1.0, 1.0))


def touching_at_edge() -> MeshArrays:
    """Two boxes in one mesh that share one edge, which has four faces."""
    return _two_boxes((1.0, 1.0, 0.0))


def overlapping_spheres() -> MeshArrays:
    """Two spheres that cut each other in one face list; winding 2 in the overlap."""
    vertices, faces = icosphere(2, 0.7)
    shift = np.array([0.4, 0.1, 0.0])
    return (
        np.concatenate([vertices - shift, vertices + shift]),
        _faces(np.concatenate([faces, faces + len(vertices)])),
    )


def with_degenerate_faces() -> MeshArrays:
    """Torus with one face twice and back again, and faces of zero area; closed."""
    vertices, faces = torus()
    point, segment = faces[5, [0, 0, 0]], faces[9, [0, 0, 1]]
    return vertices, _faces([*faces, faces[3], faces[3, ::-1], point, segment])


def open_bowl() -> MeshArrays:
    """Sphere without its cap: one boundary loop."""
    vertices, faces = icosphere(2)
    kept, index = np.unique(
        faces[vertices[faces].mean(axis=1)[:, 2] < 0.5], return_inverse=True
    )
    return vertices[kept], _faces(index)


CLOSED: dict[str, Callable[[], MeshArrays]] = {
    "sphere": lambda: icosphere(2),
    "torus": torus,
    "box": box,
    "plate": plate,
    "star": star,
    "slivers": slivers,
    "touching_at_vertex": touching_at_vertex,
    "touching_at_edge": touching_at_edge,
    "overlapping_spheres": overlapping_spheres,
    "with_degenerate_faces": with_degenerate_faces,
}


def refined(mesh: MeshArrays, n_faces: int, n_vertices: int) -> MeshArrays:
    """The same surface in arrays of a wanted size, so that tests share compiled code.

    The largest faces are split at their centroids; a face of zero area makes up an odd
    number, vertices without faces (copies of the first) make up the rest.
    """
    vertices, faces = list(mesh[0]), [tuple(face) for face in mesh[1]]

    def entry(face):
        a, b, c = (vertices[i] for i in face)
        return -float(np.linalg.norm(np.cross(b - a, c - a))), face

    queue = [entry(face) for face in faces]
    heapq.heapify(queue)
    while len(queue) + 2 <= n_faces:
        _, (a, b, c) = heapq.heappop(queue)
        middle = len(vertices)
        vertices.append((vertices[a] + vertices[b] + vertices[c]) / 3)
        for corners in ((a, b), (b, c), (c, a)):
            heapq.heappush(queue, entry((*corners, middle)))
    faces = [face for _, face in queue] + [(0, 0, 0)] * (n_faces - len(queue))
    vertices += [vertices[0]] * (n_vertices - len(vertices))
    assert (len(vertices), len(faces)) == (n_vertices, n_faces)
    return np.array(vertices), _faces(faces)


def assert_jvp_vjp(
    f: Callable[..., jax.Array],
    args: tuple,
    *,
    step: float = 1e-6,
    tolerance: float = 1e-6,
    n_seeds: int = 4,
) -> None:
    """Check forward and reverse derivatives of `f` against central differences.

    For each seed the output is contracted with a random cotangent and the inputs move
    along a random direction, so that one scalar is compared, relative to itself. Needs
    float64 (`x64` fixture).

    Args:
        f: Arrays to one array.
        args: Float64 arrays at which `f` is smooth.
        step: Length of the finite difference, in the unit of the arguments.
        tolerance: Relative error of the scalar.
        n_seeds: Number of random directions.
    """
    args = tuple(np.asarray(arg, np.float64) for arg in args)
    derivatives = contracted_derivatives(f)
    shape = jax.eval_shape(f, *args).shape
    for seed in range(n_seeds):
        rng = np.random.default_rng(seed)
        direction = tuple(rng.normal(size=arg.shape) for arg in args)
        cotangent = rng.normal(size=shape)

        def moved(t, direction=direction):
            return tuple(a + t * d for a, d in zip(args, direction))

        after, before = (
            derivatives(moved(t), direction, cotangent)[0] for t in (step, -step)
        )
        _, forward, gradients = derivatives(args, direction, cotangent)
        reverse = sum(np.vdot(g, d) for g, d in zip(gradients, direction))
        np.testing.assert_allclose(
            forward, (after - before) / (2 * step), rtol=tolerance
        )
        np.testing.assert_allclose(reverse, forward, rtol=1e-9)


@functools.cache
def contracted_derivatives(f: Callable[..., jax.Array]) -> Callable:
    """One compiled function of (args, direction, cotangent) for all derivatives of `f`.

    Returns:
        The value and the forward derivative along `direction`, both contracted with
        `cotangent`, and the reverse gradients of the contracted value.
    """

    @jax.jit
    def derivatives(args, direction, cotangent):
        value, linear = jax.linearize(f, *args)
        forward = linear(*direction)
        gradients = jax.linear_transpose(linear, *args)(cotangent)
        return jnp.vdot(cotangent, value), jnp.vdot(cotangent, forward), gradients

    return derivatives


def _two_boxes(shift: tuple[float, float, float]) -> MeshArrays:
    vertices, faces = box()
    moved = np.concatenate([vertices, vertices + np.asarray(shift)])
    merged, index = np.unique(moved.round(9), axis=0, return_inverse=True)
    return merged, _faces(index[np.concatenate([faces, faces + len(vertices)])])


def _faces(faces) -> np.ndarray:
    return np.asarray(faces, np.int32).reshape(-1, 3)
