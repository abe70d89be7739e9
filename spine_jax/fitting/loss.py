"""The loss of one step: sample, render, compare, regularise."""

import jax
import jax.numpy as jnp

from spine_jax.fitting import energies
from spine_jax.fitting.appearance import render
from spine_jax.fitting.config import FitConfig
from spine_jax.fitting.problem import FitProblem, world_to_vox
from spine_jax.fitting.shape import FitParams, deform
from spine_jax.fitting.template import UNIT_MM
from spine_jax.geometry import (
    find_union_witness,
    inside_grid,
    sample_gradient,
    sample_surface,
    sample_trilinear,
    surface_points,
    vertex_normals,
)
from spine_jax.geometry.mesh import normalise
from spine_jax.geometry.witness import distance_from_witness


def total_loss(
    params: FitParams,
    fixed: dict,
    image: jax.Array,
    key: jax.Array,
    problem: FitProblem,
    config: FitConfig,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Weighted sum of the energies, and each energy unweighted.

    Args:
        fixed: The network's fixed variables.
        image: [X, Y, Z], the region's intensity at this step's blur.
        key: Of this step's samples.
    """
    key_points, key_surface = jax.random.split(key)
    vertices = deform(params, problem)
    appearance = {"params": params.appearance, "fixed": fixed}
    terms = {
        **_volume_terms(appearance, vertices, image, key_points, problem, config),
        "normal": _normal_term(vertices, image, key_surface, problem, config),
        "edge": energies.edge_energy(vertices, problem.template.edges),
        # The published Laplacian lacks the 1/2 of ours, hence the 2.
        "variance": energies.variance_energy(
            params.spectral, 2 * problem.template.eigenvalues
        ),
        "similarity": energies.similarity_energy(params.affine),
    }
    weights = {
        "image": config.weight_image,
        "edge": config.weight_edge,
        "normal": config.weight_normal,
        "overlap": config.weight_overlap,
        "variance": config.weight_variance,
        "similarity": config.weight_similarity,
    }
    weighted = (weights[name] * terms[name] for name in weights)
    return sum(weighted, start=jnp.zeros(())), terms


def _volume_terms(appearance, vertices, image, key, problem, config):
    """Image and overlap energies on points scattered about the surface.

    The points are constants of the step: the mesh moves under them.
    """
    hierarchy = problem.template.hierarchy
    frozen = jax.lax.stop_gradient(vertices)
    key_surface, key_noise = jax.random.split(key)
    mesh, face, barycentric = sample_surface(
        key_surface, frozen, hierarchy.faces, config.n_points
    )
    on_surface = surface_points(frozen, hierarchy.faces, mesh, face, barycentric)
    sigma = jnp.asarray(config.sigmas_mm)[
        jnp.arange(config.n_points) % len(config.sigmas_mm)
    ]
    noise = jax.random.normal(key_noise, on_surface.shape) * sigma[:, None] / UNIT_MM
    points = on_surface + noise

    bound = jnp.linalg.norm(noise, axis=-1)
    witness = find_union_witness(points, frozen, hierarchy, bound=bound)
    first, second = (
        distance_from_witness(points, vertices, hierarchy, each)
        for each in (witness.first, witness.second)
    )
    points_vox = world_to_vox(problem, points)
    return {
        "image": energies.image_energy(
            render(appearance, first),
            sample_trilinear(image, points_vox),
            inside_grid(problem.shape_vox, points_vox),
        ),
        "overlap": energies.overlap_energy(first, second, witness.overlaps),
    }


def _normal_term(vertices, image, key, problem, config):
    """Agreement of surface normals and image gradient on fresh surface samples."""
    faces = problem.template.hierarchy.faces
    mesh, face, barycentric = sample_surface(
        key, jax.lax.stop_gradient(vertices), faces, config.n_surface
    )
    points = surface_points(vertices, faces, mesh, face, barycentric)
    normals = surface_points(
        vertex_normals(vertices, faces), faces, mesh, face, barycentric
    )
    points_vox = world_to_vox(problem, points)
    gradients = sample_gradient(image, points_vox, problem.vox_from_world[:, :3])
    visible = inside_grid(problem.shape_vox, points_vox)
    if config.signed_normal:
        scale = config.normal_scale * UNIT_MM
        return energies.signed_normal_energy(
            normalise(normals), gradients, visible, scale
        )
    return energies.normal_energy(normalise(normals), gradients, visible)
