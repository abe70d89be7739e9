"""Time of a template fit per iteration, of its parts, and of a whole run.

    python -m experiments.bench_fit --preset paper --vertebrae 24 [--whole]

The problem is simulated: our template along a curved spine, each copy a little turned,
shifted and scaled, in a CT-like image of 1 mm voxels; the fit starts from the centres.
Prints one JSON line for the whole iteration, with the time that all iterations of the
preset would take, and one for each part, compiled and timed alone with the gradient
that the fit takes of it: the sum of the parts differs a little from the whole. With
--whole the preset is run to its end, too.
"""

import argparse
import functools
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.spatial.transform import Rotation

from spine_jax.anatomy.template import TemplateMesh, lumbar_template
from spine_jax.core import Mesh, Volume
from spine_jax.core.labels import label_number
from spine_jax.fitting import (
    CHUNK,
    PRESETS,
    FitConfig,
    FitProblem,
    FitState,
    Pose,
    build_problem,
    build_template,
    deform,
    energies,
    fit,
    init_fit,
    loss,
    pose_from_centroids,
    run_chunk,
    run_fit,
)
from spine_jax.fitting.appearance import render
from spine_jax.fitting.problem import blurred_image, world_to_vox
from spine_jax.fitting.template import UNIT_MM
from spine_jax.geometry import (
    distance_from_witness,
    find_union_witness,
    inside_grid,
    sample_surface,
    sample_trilinear,
    surface_points,
)
from spine_jax.kernels.bench import LEVELS, placed, spine_centroids
from spine_jax.kernels.timing import Job, time_jobs, usable_cores
from spine_jax.simulation.raster import inside_voxels, surface_band

IMAGE_MARGIN_MM = 45.0
BAND_MM = 5.0
"""Farther than this from the surface the image is constant but for noise."""
SOFT_HU, SPONGY_HU, CORTEX_HU, NOISE_HU = 40.0, 180.0, 500.0, 25.0
PART_REPEATS = 11
BLUR = "blurred image, a chunk's share"


def synthetic_problem(
    template: TemplateMesh,
    labels: tuple[int, ...],
    config: FitConfig,
    voxel_mm: float = 1.0,
) -> FitProblem:
    """Copies of a template along a spine, disturbed; their image; the fit to it."""
    centroids, level = spine_centroids(labels), label_number(template.name)
    truth = disturbed(pose_from_centroids(centroids, level, anatomical=True))
    vertices_mm = placed(template.mesh.vertices_mm, truth)
    volume = ct_like_image(vertices_mm, np.asarray(template.mesh.faces), voxel_mm)
    start = pose_from_centroids(centroids, level, anatomical=config.anatomical_pose)
    fit_template = build_template(template.mesh, config.n_modes)
    return build_problem(volume, start, fit_template, config.blur_mm)


def disturbed(pose: Pose, seed: int = 0) -> Pose:
    """Each vertebra turned by some 3 degrees, moved by 1.5 mm and scaled by 4%."""
    rng = np.random.default_rng(seed)
    n = len(pose.scale)
    turn = Rotation.from_rotvec(np.deg2rad(3) * rng.normal(size=(n, 3))).as_matrix()
    return Pose(
        rotation=turn @ pose.rotation,
        scale=pose.scale * np.exp(0.04 * rng.normal(size=n)),
        centre_mm=pose.centre_mm + 1.5 * rng.normal(size=(n, 3)),
    )


def ct_like_image(
    vertices_mm: np.ndarray, faces: np.ndarray, voxel_mm: float, seed: int = 0
) -> Volume:
    """Soft tissue, bright cortex at the surfaces, spongy bone inside, noise."""
    low = vertices_mm.min(axis=(0, 1)) - IMAGE_MARGIN_MM
    high = vertices_mm.max(axis=(0, 1)) + IMAGE_MARGIN_MM
    x, y, z = (int(n) for n in np.ceil((high - low) / voxel_mm))
    shape = (x, y, z)
    affine = np.diag([voxel_mm, voxel_mm, voxel_mm, 1.0])
    affine[:3, 3] = low
    distance_mm = np.full(shape, BAND_MM, np.float32)
    for vertices in vertices_mm:
        mesh = Mesh(vertices, faces)
        inside = inside_voxels(mesh, shape, affine)
        band = surface_band(mesh, inside, affine, BAND_MM, BAND_MM)
        near = tuple(band.voxels.T)
        nearest = np.minimum(distance_mm[near], band.distance_mm)
        inside[near] = False
        distance_mm[inside] = -BAND_MM
        distance_mm[near] = nearest
    bone = 1 / (1 + np.exp(distance_mm / 0.5))
    cortex = np.exp(-(((distance_mm + 1) / 1.2) ** 2))
    hounsfield = SOFT_HU + (SPONGY_HU - SOFT_HU) * bone + CORTEX_HU * cortex
    noise = np.random.default_rng(seed).standard_normal(shape, np.float32)
    return Volume((hounsfield + NOISE_HU * noise).astype(np.float32), affine)


def iteration_row(
    problem: FitProblem, config: FitConfig, n_timed: int
) -> tuple[dict[str, Any], FitState]:
    """The row of the whole iteration, and the state after those timed."""
    state = init_fit(problem, config, seed=0)
    seconds = []
    for _ in range(1 + max(1, n_timed // CHUNK)):
        start = time.perf_counter()
        state = jax.block_until_ready(run_chunk(state, problem, config))
        seconds.append(time.perf_counter() - start)
    per_chunk = statistics.median(seconds[1:])
    row = {
        "part": "whole iteration",
        "milliseconds": round(1e3 * per_chunk / CHUNK, 3),
        "compile_seconds": round(seconds[0] - per_chunk, 1),
        "iterations": config.iterations,
        "projected_seconds": round(per_chunk / CHUNK * config.iterations, 1),
    }
    return row, state


def part_rows(
    state: FitState, problem: FitProblem, config: FitConfig
) -> Iterator[dict[str, Any]]:
    """Milliseconds per iteration of every part, and their sum."""
    jobs = part_jobs(state, problem, config)
    milliseconds = {
        name: timing.milliseconds
        for name, timing in time_jobs(jobs, PART_REPEATS).items()
    }
    milliseconds[BLUR] /= CHUNK
    milliseconds["sum of the parts"] = sum(milliseconds.values())
    for name, each in milliseconds.items():
        yield {"part": name, "milliseconds": round(each, 3)}


def part_jobs(
    state: FitState, problem: FitProblem, config: FitConfig
) -> dict[str, Job]:
    """Every part of the step after `state`, by name."""
    params, (hierarchy,) = state.params, problem.hierarchies
    key_points, key_noise, key_normal = jax.random.split(jax.random.key(0), 3)
    (vertices,) = deform(params, problem)
    draw = jax.jit(sample_surface, static_argnames="n")
    draw = functools.partial(draw, vertices=vertices, faces=hierarchy.faces)
    sample = draw(key_points, n=config.n_points)
    sigma = np.resize(config.sigmas_mm, config.n_points)[:, None] / UNIT_MM
    noise = sigma * jax.random.normal(key_noise, (config.n_points, 3))
    points = surface_points(vertices, hierarchy.faces, *sample) + noise
    query = points, vertices, jnp.linalg.norm(noise, axis=-1), hierarchy
    witness = jax.jit(found)(*query)
    blur = jnp.asarray(config.blur_mm / UNIT_MM / 2)
    image = blurred_image(problem, blur)
    varied = params.appearance, vertices
    return {
        "deform, gradient": with_gradient(deformed, params, problem),
        "sample_surface": Job(lambda: draw(key_points, n=config.n_points)),
        "find_union_witness": alone(found, *query),
        "distance, render, compare, gradient": with_gradient(
            compared, varied, state.fixed, witness, image, points, problem
        ),
        "normal term, gradient": with_gradient(
            normal_term, vertices, image, key_normal, problem, config
        ),
        "edge, variance, similarity, gradient": with_gradient(
            regularised, (params, vertices), problem
        ),
        "optimiser": alone(updated, params, state, problem, config),
        BLUR: alone(blurred_image, problem, blur),
    }


def alone(function: Callable[..., Any], *arguments: Any) -> Job:
    """A function compiled by itself."""
    run = jax.jit(function)
    return Job(lambda: run(*arguments))


def with_gradient(function: Callable[..., jax.Array], *arguments: Any) -> Job:
    """Value of a function and its gradient in the first argument."""
    return alone(jax.value_and_grad(function), *arguments)


def deformed(params, problem):
    (vertices,) = deform(params, problem)
    return jnp.sum(vertices**2)


def found(points, vertices, bound, hierarchy):
    return find_union_witness(points, vertices, hierarchy, bound=bound)


def compared(varied, fixed, witness, image, points, problem):
    """Image and overlap energies of points whose witnesses are known."""
    appearance, vertices = varied
    first, second = (
        distance_from_witness(points, vertices, problem.hierarchies[0], each)
        for each in (witness.first, witness.second)
    )
    second = jnp.where(witness.overlaps, second, jnp.inf)
    rendered = render({"params": appearance, "fixed": fixed}, first)
    points_vox = world_to_vox(problem, points)
    observed = sample_trilinear(image, points_vox)
    visible = inside_grid(problem.shape_vox, points_vox)
    mismatch = energies.image_energy(rendered, observed, visible)
    return mismatch + energies.overlap_energy(first, second)


def normal_term(vertices, image, key, problem, config):
    return loss._normal_term((vertices,), image, key, problem, config)


def regularised(varied, problem):
    params, vertices = varied
    (group,) = problem.groups
    edge = energies.edge_energy(vertices, group.template.edges)
    (spectral,) = params.spectral
    variance = energies.variance_energy(spectral, group.template.eigenvalues)
    return edge + variance + energies.similarity_energy(params.affine)


def updated(gradients, state, problem, config):
    optimiser = fit._optimizer(problem, config)
    updates, opt_state = optimiser.update(gradients, state.opt_state, state.params)
    return optax.apply_updates(state.params, updates), opt_state


def whole_row(problem: FitProblem, config: FitConfig) -> dict[str, Any]:
    """Wall time of a whole run, compiled before."""
    state = init_fit(problem, config, seed=0)
    start = time.perf_counter()
    jax.block_until_ready(run_fit(problem, config, state))
    return {"part": "whole run", "seconds": round(time.perf_counter() - start, 1)}


def rows(
    problem: FitProblem, config: FitConfig, n_timed: int, whole: bool
) -> Iterator[dict[str, Any]]:
    """All rows of a fit, `n_timed` iterations of it timed."""
    row, state = iteration_row(problem, config, n_timed)
    yield row
    yield from part_rows(state, problem, config)
    if whole:
        yield whole_row(problem, config)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--preset", choices=PRESETS, default="default")
    parser.add_argument(
        "--vertebrae", type=int, default=24, choices=range(1, 25), metavar="N"
    )
    parser.add_argument("--iterations", type=int, default=100, help="how many to time")
    parser.add_argument(
        "--whole", action="store_true", help="run the preset to its end"
    )
    options = parser.parse_args()
    labels, config = LEVELS[-options.vertebrae :], PRESETS[options.preset]
    problem = jax.block_until_ready(
        synthetic_problem(lumbar_template(), labels, config)
    )
    shape = np.asarray(problem.shape_vox, int)
    print(f"cores: {usable_cores()}, image: {shape}", file=sys.stderr)
    for row in rows(problem, config, options.iterations, options.whole):
        head = {"preset": options.preset, "vertebrae": len(labels)}
        print(json.dumps(head | row), flush=True)


if __name__ == "__main__":
    main()
