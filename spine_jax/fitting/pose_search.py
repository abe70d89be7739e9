"""A search for each vertebra's pose around its first guess, before anything is learned.

Centroids may be millimetres off, which turns the curve through them and can put a
vertebra onto its neighbour's end plate, where gradient descent stays. So the rigid
template is tried at some hundred poses around the guess, coarse to fine. A pose is as
good as the blurred image falls along the outward normals of the template's surface, the
signed edge term of the fit, less a little for its distance from the guess. Centroids
say nothing of a twist about the spine, which reaches 25 degrees in scoliosis; it is
searched from zero.
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

_STILL, _SAME = (0,), (1,)
# Rounds of grids: steps to the right, forward and up in mm; forward lean, roll and
# twist in degrees; factor on the size.
ROUNDS = (
    (
        (
            (-4, 0, 4),
            (-6, -3, 0, 3, 6),
            (-9, -6, -3, 0, 3, 6, 9),
            (-12, -6, 0, 6, 12),
            _STILL,
            _STILL,
            _SAME,
        ),
        (_STILL, (-3, 0, 3), (-6, 0, 6), (-6, 0, 6), _STILL, (-24, -16, 16, 24), _SAME),
    ),
    ((_STILL, _STILL, _STILL, _STILL, _STILL, (-8, 0, 8), _SAME),),
    (
        (
            (-2, 0, 2),
            (-1.5, 0, 1.5),
            (-1.5, 0, 1.5),
            (-4, 0, 4),
            (-4, 0, 4),
            _STILL,
            (0.93, 1, 1.07),
        ),
    ),
    (
        (
            (-1, 0, 1),
            (-0.7, 0, 0.7),
            (-0.7, 0, 0.7),
            (-2, 0, 2),
            (-2, 0, 2),
            _STILL,
            (0.97, 1, 1.03),
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
    """The problem with the best pose found for every vertebra.

    Args:
        normal_scale: Intensity per mm at which an edge counts half, as in the fit.
        seed: Of the surface samples.
    """
    points, normals = _surface(problem, seed)
    rotation, centre = (np.asarray(x) for x in (problem.rotation, problem.centre))
    guess, vertebrae = centre, np.arange(len(centre))
    twist_deg, size = np.zeros(len(centre)), np.ones(len(centre))
    for grids in ROUNDS:
        steps = [step for grid in grids for step in itertools.product(*grid)]
        right, forward, up, *angles, growth = np.array(steps, float).T
        offset = np.stack([right, forward, up], axis=1) / UNIT_MM
        turns = rotation @ _turn(*np.deg2rad(angles))[:, None]
        twists_deg = twist_deg + angles[2][:, None]
        sizes = size * growth[:, None]
        centres = centre + np.einsum("bij,cj->cbi", rotation, offset)
        quality = np.asarray(
            _edge_quality(
                problem,
                points,
                normals,
                jnp.asarray(turns, jnp.float32),
                jnp.asarray(centres, jnp.float32),
                problem.scale * jnp.asarray(sizes, jnp.float32),
                normal_scale * UNIT_MM,
            )
        )
        distance2_mm2 = np.sum((centres - guess) ** 2, axis=-1) * UNIT_MM**2
        penalty = (
            PENALTY_PER_MM2 * distance2_mm2
            + PENALTY_PER_DEG2 * twists_deg**2
            + PENALTY_PER_LOG2 * np.log(sizes) ** 2
        )
        best = np.argmax(quality - penalty, axis=0)
        rotation, centre = turns[best, vertebrae], centres[best, vertebrae]
        twist_deg, size = twists_deg[best, vertebrae], sizes[best, vertebrae]
    return dataclasses.replace(
        problem,
        rotation=jnp.asarray(rotation, jnp.float32),
        centre=jnp.asarray(centre, jnp.float32),
        scale=jnp.asarray(problem.scale * size, jnp.float32),
    )


def _surface(problem: FitProblem, seed: int) -> tuple[jax.Array, jax.Array]:
    """Points and unit normals [B, N, 3] of the rest surfaces, at the same places of all
    that share a topology."""
    shape = (len(problem.centre), N_SAMPLES, 3)
    points, normals = jnp.zeros(shape), jnp.zeros(shape)
    for group in problem.groups:
        own_points, own_normals = _surface_of(group, jax.random.key(seed))
        points = points.at[group.members].set(own_points)
        normals = normals.at[group.members].set(own_normals)
    return points, normals


@jax.jit
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
