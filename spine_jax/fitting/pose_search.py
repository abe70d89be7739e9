"""A search for each vertebra's pose around its first guess, before anything is learned.

Centroids may be millimetres off, which turns the curve through them and can put a
vertebra onto its neighbour's end plate, where gradient descent stays. So the rigid
template is tried at some two thousand poses around the guess, coarse to fine. A pose is
as good as the blurred image falls along the outward normals of the template's surface,
the signed edge term of the fit, less a little for its distance from the guess.
Centroids say nothing of a twist about the spine, which reaches 25 degrees in scoliosis;
it is searched from zero. Sizes are searched too: a template that starts inside the bone
is pushed farther in by the signed edge term, off the inner side of the cortex.
"""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.fitting import energies
from spine_jax.fitting.problem import FitProblem, world_to_vox
from spine_jax.fitting.template import UNIT_MM, TemplateGroup
from spine_jax.geometry import (
    inside_grid,
    sample_gradient,
    sample_surface,
    surface_points,
    vertex_normals,
)
from spine_jax.geometry.mesh import normalise

Steps = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Grid:
    """Steps from a pose, of which every combination is tried.

    Attributes:
        right_mm, forward_mm, up_mm: Along the vertebra's own axes.
        lean_deg, roll_deg, twist_deg: Turns forward, aside and about the spine.
        size: Factors.
    """

    right_mm: Steps = (0,)
    forward_mm: Steps = (0,)
    up_mm: Steps = (0,)
    lean_deg: Steps = (0,)
    roll_deg: Steps = (0,)
    twist_deg: Steps = (0,)
    size: Steps = (1,)

    def steps(self) -> np.ndarray:
        """[C, 7] in the order of the attributes."""
        axes = (getattr(self, field.name) for field in dataclasses.fields(self))
        return np.array(list(itertools.product(*axes)), float)


ROUNDS = (
    (
        Grid(
            right_mm=(-4, 0, 4),
            forward_mm=(-6, -3, 0, 3, 6),
            up_mm=(-9, -6, -3, 0, 3, 6, 9),
            lean_deg=(-12, -6, 0, 6, 12),
        ),
        Grid(
            forward_mm=(-3, 0, 3),
            up_mm=(-6, 0, 6),
            lean_deg=(-6, 0, 6),
            twist_deg=(-24, -16, 16, 24),
        ),
    ),
    (Grid(twist_deg=(-8, 0, 8)),),
    (
        Grid(
            right_mm=(-2, 0, 2),
            forward_mm=(-1.5, 0, 1.5),
            up_mm=(-1.5, 0, 1.5),
            lean_deg=(-4, 0, 4),
            roll_deg=(-4, 0, 4),
            size=(0.93, 1, 1.07),
        ),
    ),
    (
        Grid(
            right_mm=(-1, 0, 1),
            forward_mm=(-0.7, 0, 0.7),
            up_mm=(-0.7, 0, 0.7),
            lean_deg=(-2, 0, 2),
            roll_deg=(-2, 0, 2),
            size=(0.97, 1, 1.03),
        ),
    ),
)
N_SAMPLES = 400
PENALTY_PER_MM2 = 0.05 / (2 * 8.0**2)
"""A pose 8 mm from the guess must be better by 0.025, on the scale of -1 to 1."""
PENALTY_PER_DEG2 = 0.025 / 20.0**2
"""A twist of 20 degrees must be better by as much."""
PENALTY_PER_LOG2 = 0.005 / 0.07**2
"""A size 7 % from the guess must be better by 0.005."""
CANDIDATES_AT_ONCE = 16


def search_pose(problem: FitProblem, normal_scale: float, seed: int = 0) -> FitProblem:
    """The problem with the best pose and size found for every vertebra.

    Args:
        problem: At the first guess; the softest level of its pyramid is looked at.
        normal_scale: Intensity per mm at which an edge counts half, as in the fit.
        seed: Of the surface samples.
    """
    points, normals = _surface(problem, jax.random.key(seed))
    guess, scale = np.asarray(problem.centre), np.asarray(problem.scale)
    n = len(guess)
    best = _Poses(
        np.asarray(problem.rotation), guess, twist_deg=np.zeros(n), size=np.ones(n)
    )
    for grids in ROUNDS:
        tried = best.stepped(np.concatenate([grid.steps() for grid in grids]))
        quality = np.asarray(
            _edge_quality(
                problem,
                points,
                normals,
                _float32(tried.rotation),
                _float32(tried.centre),
                _float32(scale * tried.size),
                normal_scale * UNIT_MM,
            )
        )
        best = tried.picked(np.argmax(quality - tried.penalty(guess), axis=0))
    return dataclasses.replace(
        problem,
        rotation=_float32(best.rotation),
        centre=_float32(best.centre),
        scale=_float32(scale * best.size),
    )


def _float32(values: np.ndarray) -> jax.Array:
    """Cast on the host: on the device a cast is a program of its own for each shape."""
    return jnp.asarray(np.asarray(values, np.float32))


@dataclasses.dataclass(frozen=True)
class _Poses:
    """A pose of each vertebra, [B, ...], or C of them, [C, B, ...].

    Attributes:
        rotation, centre: As those of `FitProblem`.
        twist_deg, size: Since the first guess.
    """

    rotation: np.ndarray
    centre: np.ndarray
    twist_deg: np.ndarray
    size: np.ndarray

    def stepped(self, steps: np.ndarray) -> "_Poses":
        """Every step [C, 7] from the pose of each vertebra."""
        right, forward, up, lean, roll, twist, size = steps.T
        offset = np.stack([right, forward, up], axis=1) / UNIT_MM
        turn = _turn(*np.deg2rad((lean, roll, twist)))
        return _Poses(
            rotation=self.rotation @ turn[:, None],
            centre=self.centre + np.einsum("bij,cj->cbi", self.rotation, offset),
            twist_deg=self.twist_deg + twist[:, None],
            size=self.size * size[:, None],
        )

    def penalty(self, guess: np.ndarray) -> np.ndarray:
        """What poses [C, B] lose for being away from the guess [B, 3]."""
        distance2_mm2 = np.sum((self.centre - guess) ** 2, axis=-1) * UNIT_MM**2
        return (
            PENALTY_PER_MM2 * distance2_mm2
            + PENALTY_PER_DEG2 * self.twist_deg**2
            + PENALTY_PER_LOG2 * np.log(self.size) ** 2
        )

    def picked(self, choice: np.ndarray) -> "_Poses":
        """One of C poses for each vertebra, [B]."""
        of_all = (getattr(self, field.name) for field in dataclasses.fields(self))
        return _Poses(*(values[choice, np.arange(len(choice))] for values in of_all))


@jax.jit
def _surface(problem: FitProblem, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Points and unit normals [B, N, 3] of the rest surfaces, at the same places of all
    that share a topology."""
    shape = (len(problem.centre), N_SAMPLES, 3)
    points, normals = jnp.zeros(shape), jnp.zeros(shape)
    for group in problem.groups:
        own_points, own_normals = _surface_of(group, key)
        points = points.at[group.members].set(own_points)
        normals = normals.at[group.members].set(own_normals)
    return points, normals


def _surface_of(group: TemplateGroup, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    faces, vertices = group.template.hierarchy.faces, group.template.vertices
    _, face, barycentric = sample_surface(key, vertices[:1], faces, N_SAMPLES)
    mesh = jnp.zeros(N_SAMPLES, jnp.int32)

    def places(values):
        return surface_points(values[None], faces, mesh, face, barycentric)

    normals = vertex_normals(vertices, faces)
    return jax.vmap(places)(vertices), normalise(jax.vmap(places)(normals))


def _turn(lean: np.ndarray, roll: np.ndarray, twist: np.ndarray) -> np.ndarray:
    """Rotations [C, 3, 3] about the anterior axis (roll), then the right (lean), then
    the cranial one (twist)."""
    zero, one = np.zeros_like(lean), np.ones_like(lean)
    c, s = np.cos(lean), np.sin(lean)
    about_right = np.array([[one, zero, zero], [zero, c, -s], [zero, s, c]])
    c, s = np.cos(roll), np.sin(roll)
    about_anterior = np.array([[c, zero, s], [zero, one, zero], [-s, zero, c]])
    c, s = np.cos(twist), np.sin(twist)
    about_cranial = np.array([[c, -s, zero], [s, c, zero], [zero, zero, one]])
    return np.einsum("hic,ijc,jkc->chk", about_cranial, about_right, about_anterior)


@jax.jit
def _edge_quality(problem, points, normals, rotations, centres, sizes, scale):
    """The fit's signed normal term with its sign turned, [C, B]: higher is better."""
    image = problem.pyramid[-1]

    def one(pose):
        rotation, centre, size = pose
        place = size[:, None, None] * points
        place = jnp.einsum("bij,bnj->bni", rotation, place, precision="highest")
        place = (place + centre[:, None]).reshape(-1, 3)
        outward = jnp.einsum("bij,bnj->bni", rotation, normals, precision="highest")
        place_vox = world_to_vox(problem, place)
        gradient = sample_gradient(image, place_vox, problem.vox_from_world[:, :3])
        visible = inside_grid(problem.shape_vox, place_vox)
        by_vertebra = jax.vmap(energies.signed_normal_energy, (0, 0, 0, None))
        shape = points.shape
        return -by_vertebra(
            outward, gradient.reshape(shape), visible.reshape(shape[:2]), scale
        )

    return jax.lax.map(one, (rotations, centres, sizes), batch_size=CANDIDATES_AT_ONCE)
