import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh, Volume, mm_to_vox
from spine_jax.fitting import Pose, build_problem, build_template, deform
from spine_jax.fitting.problem import SHAPE_BUCKET, blurred_image, world_to_vox
from spine_jax.fitting.shape import init_params
from spine_jax.fitting.template import UNIT_MM
from spine_jax.geometry import sample_trilinear
from tests.helpers import icosphere

AFFINE = np.array(
    [[0.0, -1.1, 0, 300], [0.9, 0, 0.1, -500], [0, 0.1, 2.0, -900], [0, 0, 0, 1]]
)


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    volume = Volume(rng.normal(size=(150, 140, 60)).astype(np.float32), AFFINE)
    centre_vox = np.array([[70.0, 80, 25], [72, 78, 35]])
    centre_mm = centre_vox @ AFFINE[:3, :3].T + AFFINE[:3, 3]
    rotation, _ = np.linalg.qr(rng.normal(size=(2, 3, 3)))
    pose = Pose(rotation, np.array([1.0, 0.8]), centre_mm)
    vertices, faces = icosphere(1)
    template = build_template(Mesh(15 * vertices, faces), 42)
    return volume, pose, build_problem(volume, pose, template, 2.0)


def test_region_shows_the_same_image_at_the_same_world_points(case):
    volume, pose, problem = case
    offsets_mm = np.random.default_rng(1).normal(size=(50, 3)) * 20
    points_mm = pose.centre_mm[0] + offsets_mm
    world = (points_mm - pose.centre_mm.mean(axis=0)) / UNIT_MM
    region_vox = world_to_vox(problem, jnp.asarray(world, jnp.float32))
    seen = 1000 * (sample_trilinear(problem.pyramid[0], region_vox) - 1)
    points_vox = mm_to_vox(AFFINE, points_mm).astype(np.float32)
    expected = sample_trilinear(jnp.asarray(volume.array), jnp.asarray(points_vox))
    np.testing.assert_allclose(seen, expected, atol=2e-2)


def test_shape_is_padded_to_buckets_and_remembered(case):
    volume, _, problem = case
    padded = np.array(problem.pyramid.shape[1:])
    assert (padded % SHAPE_BUCKET == 0).all()
    assert (np.asarray(problem.shape_vox) <= padded).all()
    assert (np.asarray(problem.shape_vox) <= volume.array.shape).all()


def test_blurred_image_at_the_levels_and_between(case):
    _, _, problem = case
    np.testing.assert_allclose(
        blurred_image(problem, jnp.float32(0)), problem.pyramid[0], rtol=1e-6
    )
    between = (problem.pyramid_sigmas[1] + problem.pyramid_sigmas[2]) / 2
    np.testing.assert_allclose(
        blurred_image(problem, between),
        (problem.pyramid[1] + problem.pyramid[2]) / 2,
        atol=1e-5,
    )


def test_first_guess_is_the_posed_template(case):
    _, pose, problem = case
    params, _ = init_params(jnp.zeros(2, jnp.uint32), problem)
    vertices = np.asarray(deform(params, problem)[0]) * UNIT_MM
    origin = pose.centre_mm.mean(axis=0)
    template = 15 * icosphere(1)[0]
    for b in range(2):
        expected = pose.scale[b] * template @ pose.rotation[b].T + pose.centre_mm[b]
        np.testing.assert_allclose(vertices[b] + origin, expected, atol=1e-3)


def test_fine_grids_are_pooled_in_place():
    affine = np.diag([0.25, 0.4, 2.0, 1])
    affine[:3, 3] = [-30, 10, 5]
    grid = np.stack(
        np.meshgrid(*map(np.arange, (241, 150, 30)), indexing="ij"), axis=-1
    )
    points = grid @ affine[:3, :3].T + affine[:3, 3]
    slope = np.array([3.0, -2.0, 5.0])
    volume = Volume((points @ slope).astype(np.float32), affine)
    centre_mm = np.array([[0.0, 40, 35]])
    pose = Pose(np.eye(3)[None], np.ones(1), centre_mm)
    vertices, faces = icosphere(1)
    problem = build_problem(
        volume, pose, build_template(Mesh(vertices, faces), 10), 0.0
    )
    np.testing.assert_allclose(problem.shape_vox, [241 / 3, 75, 30], rtol=1e-6)
    offsets_mm = np.random.default_rng(0).uniform(-15, 15, (40, 3))
    vox = world_to_vox(problem, jnp.asarray(offsets_mm / UNIT_MM, jnp.float32))
    seen = 1000 * (sample_trilinear(problem.pyramid[0], vox) - 1)
    # A block's mean of a linear image is its value at the block's centre.
    np.testing.assert_allclose(seen, (centre_mm + offsets_mm) @ slope, atol=0.1)
