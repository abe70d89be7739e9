"""The loss of one step: sample, render, compare, regularise."""

import jax
import jax.numpy as jnp

from spine_jax.fitting import energies
from spine_jax.fitting.appearance import render
from spine_jax.fitting.config import FitConfig
from spine_jax.fitting.problem import FitProblem, world_to_vox
from spine_jax.fitting.samples import at_samples, draw_samples
from spine_jax.fitting.shape import FitParams, deform
from spine_jax.fitting.template import UNIT_MM
from spine_jax.geometry import (
    inside_grid,
    sample_gradient,
    sample_trilinear,
    union_distance,
    vertex_normals,
)
from spine_jax.geometry.mesh import normalise


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
        "edge": _edge_term(vertices, problem),
        # The published Laplacian lacks the 1/2 of ours, hence the 2.
        "variance": sum(
            energies.variance_energy(spectral, 2 * group.template.eigenvalues)
            for spectral, group in zip(params.spectral, problem.groups, strict=True)
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
    key_surface, key_noise = jax.random.split(key)
    samples = draw_samples(key_surface, vertices, problem, config.n_points)
    on_surface = at_samples(jax.lax.stop_gradient(vertices), problem, samples)
    sigma = jnp.asarray(config.sigmas_mm)[
        jnp.arange(config.n_points) % len(config.sigmas_mm)
    ]
    noise = jax.random.normal(key_noise, on_surface.shape) * sigma[:, None] / UNIT_MM
    points = on_surface + noise

    distance = union_distance(
        points,
        vertices,
        problem.hierarchies,
        bound=jnp.linalg.norm(noise, axis=-1),
    )
    points_vox = world_to_vox(problem, points)
    return {
        "image": energies.image_energy(
            render(appearance, distance.first),
            sample_trilinear(image, points_vox),
            inside_grid(problem.shape_vox, points_vox),
        ),
        "overlap": energies.overlap_energy(distance.first, distance.second),
    }


def _normal_term(vertices, image, key, problem, config):
    """Agreement of surface normals and image gradient on fresh surface samples."""
    samples = draw_samples(key, vertices, problem, config.n_surface)
    points = at_samples(vertices, problem, samples)
    on_vertices = [
        vertex_normals(own, hierarchy.faces)
        for own, hierarchy in zip(vertices, problem.hierarchies, strict=True)
    ]
    normals = at_samples(on_vertices, problem, samples)
    points_vox = world_to_vox(problem, points)
    gradients = sample_gradient(image, points_vox, problem.vox_from_world[:, :3])
    visible = inside_grid(problem.shape_vox, points_vox)
    if config.signed_normal:
        scale = config.normal_scale * UNIT_MM
        return energies.signed_normal_energy(
            normalise(normals), gradients, visible, scale
        )
    return energies.normal_energy(normalise(normals), gradients, visible)


def _edge_term(vertices, problem):
    """Mean squared edge length over all edges of all vertebrae."""
    counts = [
        len(group.members) * len(group.template.edges) for group in problem.groups
    ]
    return sum(
        n / sum(counts) * energies.edge_energy(own, group.template.edges)
        for n, own, group in zip(counts, vertices, problem.groups, strict=True)
    )
