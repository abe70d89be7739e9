"""The whole fit on a small synthetic image: two bright balls and a sphere template."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh, Volume
from spine_jax.fitting import (
    FitConfig,
    Pose,
    build_groups,
    build_problem,
    build_template,
    init_fit,
    meshes_mm,
    run_chunk,
    run_fit,
    summarise,
)
from spine_jax.fitting.fit import _blur_units
from spine_jax.geometry import voxelise
from tests.helpers import icosphere, torus

CENTRES_MM = np.array([[100.0, -50, 230], [102, -48, 200]])
RADIUS_MM = 12.0
CONFIG = FitConfig(
    iterations=75,
    n_points=1500,
    n_surface=1500,
    sigmas_mm=(1.5, 4.0),
    n_modes=40,
    signed_normal=True,
    weight_normal=1.0,
    average_from=0.8,
)


def ball_image(shape=(40, 40, 45), corner=(72.0, -78, 175)):
    affine = np.diag([1.5, 1.5, 2.0, 1])
    affine[:3, 3] = corner
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    points = grid @ affine[:3, :3].T + affine[:3, 3]
    distance = np.min(
        [np.linalg.norm(points - centre, axis=-1) for centre in CENTRES_MM], axis=0
    )
    hounsfield = 400 / (1 + np.exp(distance - RADIUS_MM)) - 50
    return Volume(hounsfield.astype(np.float32), affine), distance < RADIUS_MM


def make_problem(volume, config=CONFIG, offset_mm=(2.0, -2.0, 1.0), radius_mm=10.0):
    vertices, faces = icosphere(3)
    template = build_template(Mesh(radius_mm * vertices, faces), config.n_modes)
    pose = Pose(np.tile(np.eye(3), (2, 1, 1)), np.ones(2), CENTRES_MM + offset_mm)
    return build_problem(volume, pose, template, config.blur_mm), pose


def test_fit_finds_balls_of_another_size_and_place():
    volume, truth = ball_image()
    problem, pose = make_problem(volume)
    before = dice(
        init_fit(problem, CONFIG, seed=0).average, problem, pose, truth, volume
    )
    state = run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=0))
    after = dice(state.average, problem, pose, truth, volume)
    assert before < 0.75
    assert after > 0.95
    rows = summarise(state, problem, CONFIG).vertebrae
    assert all(row["visible_fraction"] == 1 for row in rows)
    assert all(row["image_error_hu"] < 100 for row in rows)
    assert all(row["edge_hu_per_mm"] > 30 for row in rows)


def test_vertebrae_of_two_topologies_are_fitted_together():
    volume, truth = ball_image()
    coarse, fine = (Mesh(10.0 * v, faces) for v, faces in (icosphere(2), icosphere(3)))
    pose = Pose(np.tile(np.eye(3), (2, 1, 1)), np.ones(2), CENTRES_MM + 2.0)
    groups = build_groups([fine, coarse], CONFIG.n_modes)
    assert [group.members.tolist() for group in groups] == [[0], [1]]
    problem = build_problem(volume, pose, groups, CONFIG.blur_mm)
    state = run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=0))
    assert dice(state.average, problem, pose, truth, volume) > 0.95
    meshes = meshes_mm(state.average, problem, pose.centre_mm.mean(axis=0))
    for (vertices, hierarchy), mesh, centre in zip(
        meshes, (fine, coarse), CENTRES_MM, strict=True
    ):
        np.testing.assert_array_equal(hierarchy.faces, mesh.faces)
        middle = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
        np.testing.assert_allclose(middle, centre, atol=0.7)
    rows = summarise(state, problem, CONFIG).vertebrae
    assert all(row["visible_fraction"] == 1 for row in rows)
    assert all(row["image_error_hu"] < 120 for row in rows)


def test_groups_hold_the_vertebrae_of_a_topology_in_order():
    ball, ring = Mesh(*icosphere(1)), Mesh(*torus(6, 4))
    groups = build_groups([ball, ring, ball, Mesh(2 * ball.vertices_mm, ball.faces)], 5)
    assert [group.members.tolist() for group in groups] == [[0, 2, 3], [1]]
    sizes = [np.abs(v).max() for v in groups[0].template.vertices]
    np.testing.assert_allclose(np.array(sizes) / sizes[0], [1, 1, 2], rtol=1e-6)
    assert groups[1].template.vertices.shape == (1, 24, 3)


def dice(params, problem, pose, truth, volume):
    meshes = meshes_mm(params, problem, pose.centre_mm.mean(axis=0))
    found = voxelise(meshes, truth.shape, volume.affine_vox_to_mm, (1, 2)) > 0
    return 2 * (found & truth).sum() / (found.sum() + truth.sum())


def assert_same_bits(a, b):
    for left, right in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(left, right)


def test_same_seed_same_bits_and_resume_goes_on_to_them():
    volume, _ = ball_image()
    problem, _ = make_problem(volume)
    whole = run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=3))
    halfway = run_chunk(init_fit(problem, CONFIG, seed=3), problem, CONFIG)
    on_host = jax.tree.map(np.asarray, halfway)
    resumed = run_fit(problem, CONFIG, jax.tree.map(jnp.asarray, on_host))
    assert_same_bits(whole, resumed)
    other = run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=4))
    assert jnp.abs(other.params.spectral[0] - whole.params.spectral[0]).max() > 0


def test_steps_beyond_the_last_change_nothing():
    config = dataclasses.replace(CONFIG, iterations=30)
    volume, _ = ball_image()
    problem, _ = make_problem(volume, config)
    state = run_fit(problem, config, init_fit(problem, config, seed=0))
    assert int(state.step) == 30
    assert np.isfinite(state.history["total"][:30]).all()
    assert np.isnan(state.history["total"][30:]).all()
    again = run_chunk(state, problem, config)
    assert_same_bits(again.params, state.params)


def test_average_is_the_mean_of_the_last_iterates():
    # Without schedules the path does not depend on the number of iterations.
    steady = dataclasses.replace(CONFIG, blur_mm=0.0, alpha_end=1.0, average_from=1.0)
    volume, _ = ball_image()
    problem, _ = make_problem(volume, steady)

    def result(iterations, average_from):
        config = dataclasses.replace(
            steady, iterations=iterations, average_from=average_from
        )
        state = init_fit(problem, config, seed=0)
        return run_chunk(state, problem, config).average.affine

    iterates = jnp.stack([result(n, 1.0) for n in (1, 2, 3)])
    assert jnp.abs(iterates[2] - iterates[1]).max() > 1e-3
    np.testing.assert_allclose(result(3, 0.0), iterates.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(result(3, 0.5), iterates[1:].mean(axis=0), atol=1e-6)


def test_half_of_a_ball_outside_the_image_is_masked_not_air():
    volume, truth = ball_image()
    cut = Volume(volume.array[:, :, :-14], volume.affine_vox_to_mm)
    problem, pose = make_problem(cut)
    state = run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=0))
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(state.params))
    # The visible part is still found, and the ball is not squeezed into the image.
    assert dice(state.average, problem, pose, truth, volume) > 0.85
    rows = summarise(state, problem, CONFIG).vertebrae
    assert rows[0]["visible_fraction"] < 0.95 and rows[1]["visible_fraction"] == 1


def test_pose_phase_keeps_the_shape():
    config = dataclasses.replace(CONFIG, iterations=50, pose_until=0.5)
    volume, _ = ball_image()
    problem, _ = make_problem(volume, config)
    state = run_chunk(init_fit(problem, config, seed=0), problem, config)
    assert jnp.all(state.params.spectral[0] == 0)
    assert jnp.abs(state.params.affine - jnp.eye(3)).max() > 0
    assert jnp.abs(run_chunk(state, problem, config).params.spectral[0]).max() > 0


def test_blur_falls_to_zero_where_the_settings_say():
    config = FitConfig(iterations=1000)
    blur_mm = [
        64 * float(_blur_units(jnp.asarray(t), config)) for t in (0, 400, 800, 999)
    ]
    assert blur_mm == pytest.approx([2.56, 1.28, 0, 0])


def test_not_finite_loss_stops_the_run():
    volume, _ = ball_image()
    broken = Volume(np.full_like(volume.array, np.nan), volume.affine_vox_to_mm)
    problem, _ = make_problem(broken)
    with pytest.raises(FloatingPointError, match="between iterations 0 and 25"):
        run_fit(problem, CONFIG, init_fit(problem, CONFIG, seed=0))
