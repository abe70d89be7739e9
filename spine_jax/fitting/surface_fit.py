"""Shape to shape: a template deformed onto a given surface, in correspondence.

The parametrisation and the optimiser are those of the fit to an image: an affine map of
the template plus spectral displacements, whose steps fall with the eigenvalue, so low
modes move first. In place of an image there are distances, from the template's vertices
to the surface and from points drawn on the surface to the template. A pair counts by
how well its normals agree: the two sides of a thin lamina do not attract each other.
"""

import dataclasses
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import optax

from spine_jax.core import Mesh
from spine_jax.core.types import Array
from spine_jax.fitting.optimizer import scale_by_eigenvalues, scale_by_vector_adam
from spine_jax.fitting.template import UNIT_MM, FitTemplate
from spine_jax.geometry import (
    distance_from_witness,
    sample_surface,
    surface_points,
    triangle_normals,
    vertex_normals,
)
from spine_jax.geometry.mesh import normalise
from spine_jax.geometry.witness import Witness
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy

VERTEX_BUCKET, FACE_BUCKET = 1 << 13, 1 << 14
"""Targets are padded to multiples of these, so that few shapes are compiled."""


def _static(default: Any) -> Any:
    """A field that shapes the compiled program, rather than being an input to it."""
    return dataclasses.field(default=default, metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SurfaceFitConfig:
    """Settings of a shape-to-shape fit. Lengths are mm.

    Attributes:
        iterations: Optimiser steps.
        n_samples: Points drawn on the target per step.
        learning_rate: In units of 64 mm; falls linearly to a tenth over the last 40 %.
        affine_until: Fraction of the run in which only the affine map moves.
        alpha_start, alpha_end: Exponent of the eigenvalue steps, linear over the run.
        bend_mm: Distance from which a pair pulls with constant force.
        weight_smooth: Of the displacements' Dirichlet energy, at the start; a tenth at
            the end.
    """

    iterations: int = _static(300)
    n_samples: int = _static(4000)
    learning_rate: float = 0.02
    affine_until: float = 0.15
    alpha_start: float = 1.0
    alpha_end: float = 0.3
    bend_mm: float = 2.0
    weight_smooth: float = 3000.0


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TargetSurface:
    """A surface to fit, padded to a common size.

    Attributes:
        vertices: [1, W, 3], units of 64 mm; copies of the first behind the real ones.
        hierarchy: Of its faces; faces without area behind the real ones.
        normals: [F, 3], unit face normals; 0 where a face has no area.
    """

    vertices: Array
    hierarchy: FaceHierarchy
    normals: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SurfaceFitParams:
    """What is optimised: v -> affine (v + modes @ spectral) + translation.

    Attributes:
        affine: [3, 3]; translation: [3], units of 64 mm.
        spectral: [K, 3], units of 64 mm.
    """

    affine: Array
    translation: Array
    spectral: Array


def build_target(mesh: Mesh) -> TargetSurface:
    """Prepare a surface on the host.

    Args:
        mesh: Vertices [W, 3] mm in the template's frame, roughly posed; outward faces.
            Its topology need not be the template's.
    """
    vertices = np.asarray(mesh.vertices_mm, np.float64) / UNIT_MM
    faces = np.asarray(mesh.faces, np.int32)
    more_vertices, more_faces = (
        -len(vertices) % VERTEX_BUCKET,
        -len(faces) % FACE_BUCKET,
    )
    vertices = np.concatenate([vertices, np.tile(vertices[:1], (more_vertices, 1))])
    faces = np.concatenate([faces, np.zeros((more_faces, 3), np.int32)])
    padded = jnp.asarray(vertices, jnp.float32)
    return TargetSurface(
        vertices=padded[None],
        hierarchy=build_hierarchy(vertices, faces),
        normals=normalise(triangle_normals(padded, jnp.asarray(faces))),
    )


def fit_surface(
    template: FitTemplate,
    target: TargetSurface,
    config: SurfaceFitConfig = SurfaceFitConfig(),
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Deform a template onto a surface.

    Args:
        template: Of one shape.
        target: Roughly aligned with it by a similarity.
        config: Settings.
        seed: Of the points drawn; same seed, same bits.

    Returns:
        Vertices [V, 3] mm float64, of which each has moved from its place on the
        template to the corresponding one; and the loss at each step, [iterations].
    """
    vertices, losses = _run(template, target, config, jnp.uint32(seed))
    return np.asarray(vertices, np.float64) * UNIT_MM, np.asarray(losses)


@jax.jit
def _run(template, target, config, seed) -> tuple[jax.Array, jax.Array]:
    optimizer = _optimizer(template, config)
    params = SurfaceFitParams(
        jnp.eye(3), jnp.zeros(3), jnp.zeros((len(template.eigenvalues), 3))
    )

    def step(carry, index):
        params, opt_state = carry
        key = jax.random.fold_in(jax.random.key(seed), index)
        loss, gradients = jax.value_and_grad(_loss)(
            params, template, target, key, index, config
        )
        updates, opt_state = optimizer.update(gradients, opt_state, params)
        moved = cast(SurfaceFitParams, optax.apply_updates(params, updates))
        return (moved, opt_state), loss

    # Optax's type of a pytree leaves registered dataclasses out.
    start = params, optimizer.init(cast(optax.Params, params))
    (params, _), losses = jax.lax.scan(step, start, jnp.arange(config.iterations))
    return _deformed(params, template), losses


def _deformed(params: SurfaceFitParams, template: FitTemplate) -> jax.Array:
    moved = template.vertices[0] + jnp.matmul(
        template.modes, params.spectral, precision="highest"
    )
    turned = jnp.matmul(moved, params.affine.T, precision="highest")
    return turned + params.translation


def _loss(params, template, target, key, index, config) -> jax.Array:
    vertices = _deformed(params, template)
    frozen = jax.lax.stop_gradient(vertices)
    faces = template.hierarchy.faces
    drawn = sample_surface(
        key, target.vertices, target.hierarchy.faces, config.n_samples
    )
    points = surface_points(target.vertices, target.hierarchy.faces, *drawn)
    bend = config.bend_mm / UNIT_MM
    onto_target = _pull(
        vertices, vertex_normals(frozen, faces), target.vertices, target.hierarchy,
        target.normals, bend,
    )  # fmt: skip
    onto_template = _pull(
        points, target.normals[drawn[1]], vertices[None], template.hierarchy,
        normalise(triangle_normals(frozen, faces)), bend,
    )  # fmt: skip
    squares = jnp.sum(params.spectral**2, axis=-1)
    rough = jnp.sum(template.eigenvalues * squares) / len(vertices)
    share = 0.1 ** (index / config.iterations)
    smooth = config.weight_smooth * share * rough
    return onto_target + onto_template + smooth


def _pull(points, normals, vertices, hierarchy, face_normals, bend) -> jax.Array:
    """Mean over points [P, 3] of their bent distance to a mesh [1, V, 3], in units of
    the bend, weighted by how well the normals on both sides agree."""
    whose = jnp.zeros(len(points), jnp.int32)
    face, barycentric = closest_point(
        jax.lax.stop_gradient(points),
        whose,
        jax.lax.stop_gradient(vertices),
        hierarchy,
    )
    # Only squares of the distance are used, so its sign need not be known.
    witness = Witness(whose, face, barycentric, jnp.ones(len(points), points.dtype))
    distance = distance_from_witness(points, vertices, hierarchy, witness)
    agreement = jnp.clip(jnp.sum(normals * face_normals[face], axis=-1), 0, 1)
    bent = jnp.sqrt(1 + (distance / bend) ** 2) - 1
    return jnp.mean(jax.lax.stop_gradient(agreement) * bent)


def _optimizer(
    template: FitTemplate, config: SurfaceFitConfig
) -> optax.GradientTransformationExtraArgs:
    def progress(step):
        return step / config.iterations

    def rate(step):
        left = jnp.clip((1 - progress(step)) / 0.4, 0, 1)
        return config.learning_rate * (0.1 + 0.9 * left)

    def spectral_rate(step):
        return jnp.where(progress(step) < config.affine_until, 0.0, rate(step))

    def alpha(step):
        return config.alpha_start + progress(step) * (
            config.alpha_end - config.alpha_start
        )

    adam, descend = scale_by_vector_adam(0.9, 0.9), optax.scale_by_learning_rate
    rigid = optax.chain(adam, descend(rate))
    spectral = optax.chain(
        adam,
        scale_by_eigenvalues(template.eigenvalues, alpha),
        descend(spectral_rate),
    )
    return optax.partition(
        {"affine": rigid, "spectral": spectral},
        SurfaceFitParams("affine", "affine", "spectral"),
    )
