"""Scenes of many meshes for the nearest of them, with the answers by brute force."""

import dataclasses
import functools

import numpy as np

from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy
from tests import helpers
from tests.kernels import battery

N_POINTS = 120
N_FACES, N_VERTICES = 145, 76


def ball():
    return helpers.refined(helpers.icosphere(1), N_FACES, N_VERTICES)


def ring():
    return helpers.refined(helpers.torus(12, 6), N_FACES, N_VERTICES)


def bent(vertices, amount):
    """Twist about z, so that meshes of a scene are no copies of each other."""
    angle = amount * vertices[:, 2]
    x, y, z = vertices.T
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * x - s * y, s * x + c * y, (1 + 0.3 * amount) * z], axis=1)


def moved(mesh, places):
    """Meshes of one topology at `places`, (centre, size) each."""
    meshes = [
        size * bent(mesh[0], 0.3 * i) + np.asarray(centre)
        for i, (centre, size) in enumerate(places)
    ]
    return np.stack(meshes), mesh[1]


SCENES = {
    "one": lambda: moved(ball(), [((0, 0, 0), 1)]),
    "overlapping": lambda: moved(
        ball(), [((0, 0, 0), 1), ((1.2, 0.2, 0.3), 1), ((0.5, 1.2, 0), 0.9)]
    ),
    # Points near the centre lie in all three; the deepest two are the outer ones.
    "nested": lambda: moved(
        ball(), [((0, 0, 0.1), 0.35), ((0, 0, 0), 1), ((0.1, 0, 0), 0.6)]
    ),
    "far_apart": lambda: moved(
        ball(), [((0, 0, 0), 1), ((60, 0, 0), 1), ((0, -90, 40), 3)]
    ),
    # The hole of a ring is in its box and not in the ring; there a small ring may be.
    "rings": lambda: moved(
        ring(), [((0, 0, 0), 1), ((0.9, 0, 0), 1), ((0, 0, 0), 0.3)]
    ),
    # More than two groups of eight, the last of them short; each overlaps the next.
    "chain": lambda: moved(ball(), [((1.5 * i, 0.2 * i, 0), 1) for i in range(19)]),
}


@dataclasses.dataclass(frozen=True)
class Scene:
    """Meshes, points, and the true signed distances of every pair.

    Positions are float32 numbers held in float64.

    Attributes:
        points: [P, 3]; vertices: [B, V, 3]; hierarchy: of the shared topology.
        signed: [B, P].
    """

    points: np.ndarray
    vertices: np.ndarray
    hierarchy: FaceHierarchy
    signed: np.ndarray


def scene_of(points, vertices, faces) -> Scene:
    points, vertices = (
        np.asarray(a, np.float32).astype(np.float64) for a in (points, vertices)
    )
    hierarchy = build_hierarchy(vertices[0], faces)
    hierarchy = dataclasses.replace(hierarchy, boundary=hierarchy.boundary[:0])
    signed = []
    for mesh in vertices:
        in_box = ((points >= mesh.min(0)) & (points <= mesh.max(0))).all(axis=1)
        inside = in_box & (battery.winding(points, mesh, faces) > 0.5)
        distance = battery.closest_distance(points, mesh, faces)
        signed.append(np.where(inside, -distance, distance))
    return Scene(points, vertices, hierarchy, np.array(signed))


@functools.cache
def scene(name: str) -> Scene:
    vertices, faces = SCENES[name]()
    rng = np.random.default_rng(0)
    mesh = rng.integers(len(vertices), size=40)
    centres = vertices[mesh].mean(axis=1)
    corners = vertices[mesh[:, None], faces[rng.integers(len(faces), size=40)]]
    groups = [
        rng.uniform(vertices.min((0, 1)) - 1, vertices.max((0, 1)) + 1, (30, 3)),
        centres + 0.3 * rng.normal(size=(40, 3)),
        corners.mean(axis=1) + 0.05 * rng.normal(size=(40, 3)),
        1e3 * rng.normal(size=(10, 3)),
    ]
    return scene_of(np.concatenate(groups), vertices, faces)


def surface_scene(name, moves):
    """Points moved off the surfaces, with the lengths of their moves."""
    vertices, faces = SCENES[name]()
    rng = np.random.default_rng(1)
    mesh = rng.integers(len(vertices), size=N_POINTS)
    face = rng.integers(len(faces), size=N_POINTS)
    weights = rng.dirichlet(np.ones(3), N_POINTS)
    weights[::3] = [1, 0, 0]
    corners = vertices[mesh[:, None], faces[face]]
    move = rng.normal(size=(N_POINTS, 3)) * rng.choice(moves, (N_POINTS, 1))
    points = np.einsum("pi,pij->pj", weights, corners) + move
    return scene_of(points, vertices, faces), np.linalg.norm(move, axis=1)
