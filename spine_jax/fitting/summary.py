"""How well each vertebra of a finished fit agrees with the image."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.fitting.appearance import appearance_curve, render
from spine_jax.fitting.config import FitConfig
from spine_jax.fitting.fit import FitState
from spine_jax.fitting.problem import FitProblem, world_to_vox
from spine_jax.fitting.samples import at_samples, draw_samples
from spine_jax.fitting.shape import deform
from spine_jax.fitting.template import UNIT_MM, TemplateGroup
from spine_jax.geometry import (
    UnionDistance,
    inside_grid,
    sample_gradient,
    sample_trilinear,
    union_distance,
    vertex_normals,
)
from spine_jax.geometry.mesh import normalise

HOUNSFIELD_PER_INTENSITY = 1000.0
"""The fit sees 1 + HU / 1000."""
SHELL_MM = 4.0
"""Spread of the samples about the surface."""
SUPPORT_MM = (-20.0, 30.0)
"""Distances the curve is told for: farther out hardly a sample constrains it."""


@dataclasses.dataclass(frozen=True)
class FitSummary:
    """What a finished fit says about the image.

    Attributes:
        vertebrae: One row per vertebra. `image_error_hu`: mean |f(d) - I| within some
            4 mm of the surface; `edge_hu_per_mm`: mean fall of the image along the
            outward normal; `visible_fraction`: share of the surface inside the image.
        curve_mm, curve_hu: The learned curve f, [N].
        observed_mm, observed_hu: Distances and intensities of samples near the surface.
    """

    vertebrae: list[dict[str, float]]
    curve_mm: np.ndarray
    curve_hu: np.ndarray
    observed_mm: np.ndarray
    observed_hu: np.ndarray


@functools.partial(jax.jit, static_argnames="n_samples")
def _surface_summary(
    state: FitState, problem: FitProblem, n_samples: int
) -> tuple[tuple[jax.Array, ...], tuple[jax.Array, ...]]:
    """Per vertebra: mean image error, mean fall along the normal, visible share; and
    per sample: distance, intensity, whether it lies in the image."""
    image, groups = problem.pyramid[0], problem.groups
    n_meshes = problem.centre.shape[0]
    vertices = deform(state.average, problem)
    key = jax.random.fold_in(jax.random.key(state.seed), jnp.uint32(2**32 - 2))
    key_surface, key_noise = jax.random.split(key)
    samples = draw_samples(key_surface, vertices, problem, n_samples)
    mesh = jnp.concatenate(
        [group.members[own] for group, (own, _, _) in zip(groups, samples, strict=True)]
    )
    on_surface = at_samples(vertices, problem, samples)
    on_surface_vox = world_to_vox(problem, on_surface)
    visible = inside_grid(problem.shape_vox, on_surface_vox)
    on_vertices = [
        vertex_normals(own, hierarchy.faces)
        for own, hierarchy in zip(vertices, problem.hierarchies, strict=True)
    ]
    normals = normalise(at_samples(on_vertices, problem, samples))
    gradients = sample_gradient(image, on_surface_vox, problem.vox_from_world[:, :3])
    fall = -jnp.sum(normals * gradients, axis=-1) / UNIT_MM

    noise = jax.random.normal(key_noise, on_surface.shape) * SHELL_MM / UNIT_MM
    points = on_surface + noise
    distance = union_distance(
        points,
        vertices,
        problem.hierarchies,
        bound=jnp.linalg.norm(noise, axis=-1),
    )
    nearest = _nearest_vertebra(distance, groups)
    points_vox = world_to_vox(problem, points)
    appearance = {"params": state.params.appearance, "fixed": state.fixed}
    observed = sample_trilinear(image, points_vox)
    error = jnp.abs(render(appearance, distance.first) - observed)

    def mean_by(index, values, weights):
        total = jax.ops.segment_sum(values * weights, index, n_meshes)
        return total / jnp.maximum(jax.ops.segment_sum(weights, index, n_meshes), 1)

    in_image = inside_grid(problem.shape_vox, points_vox)
    shown = visible.astype(error.dtype)
    by_vertebra = (
        mean_by(nearest, error, in_image.astype(error.dtype)),
        mean_by(mesh, fall, shown),
        mean_by(mesh, shown, jnp.ones_like(shown)),
    )
    return by_vertebra, (distance.first, observed, in_image)


def _nearest_vertebra(
    distance: UnionDistance, groups: tuple[TemplateGroup, ...]
) -> jax.Array:
    """[P] int32, which of all vertebrae each point is nearest to."""
    starts = np.cumsum([0] + [len(group.members) for group in groups[:-1]])
    members = jnp.concatenate([group.members for group in groups])
    return members[jnp.asarray(starts)[distance.group] + distance.mesh]


def summarise(state: FitState, problem: FitProblem, config: FitConfig) -> FitSummary:
    """Measure a finished fit against its image."""
    by_vertebra, samples = _surface_summary(state, problem, config.n_surface)
    error, fall, visible = (np.asarray(x, np.float64) for x in by_vertebra)
    distance, observed, in_image = (np.asarray(x) for x in samples)
    variables = {"params": state.params.appearance, "fixed": state.fixed}
    nodes, intensity = (np.asarray(x) for x in appearance_curve(variables))
    curve_mm = nodes * UNIT_MM
    supported = (curve_mm >= SUPPORT_MM[0]) & (curve_mm <= SUPPORT_MM[1])
    return FitSummary(
        vertebrae=[
            {
                "image_error_hu": HOUNSFIELD_PER_INTENSITY * error[i],
                "edge_hu_per_mm": HOUNSFIELD_PER_INTENSITY * fall[i],
                "visible_fraction": visible[i],
            }
            for i in range(len(error))
        ],
        curve_mm=curve_mm[supported],
        curve_hu=_hounsfield(intensity[supported]),
        observed_mm=distance[in_image] * UNIT_MM,
        observed_hu=_hounsfield(observed[in_image]),
    )


def _hounsfield(intensity: np.ndarray) -> np.ndarray:
    return HOUNSFIELD_PER_INTENSITY * (intensity - 1)
