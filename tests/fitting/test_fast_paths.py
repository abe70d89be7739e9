"""What makes a fit fast leaves its result alone: kernels, compiled once per size."""

import dataclasses

import jax
import numpy as np
import pytest

from spine_jax.fitting import Pose, build_problem, build_template, init_fit, run_chunk
from spine_jax.fitting.loss import total_loss
from spine_jax.kernels import closest_point, nearest_mesh, winding_number
from tests.fitting.test_fit import CENTRES_MM, CONFIG, ball_image
from tests.helpers import torus

OPS = (closest_point, winding_number, nearest_mesh)


@pytest.fixture
def plain_kernels(monkeypatch):
    """Every op answers densely, whatever is fastest here."""
    for op in OPS:
        reference = {"reference": op.IMPLEMENTATIONS["reference"]}
        monkeypatch.setattr(op, "IMPLEMENTATIONS", reference)


def overlapping_problem(offset_mm=0.0):
    """Three rings in reach of each other, two of which overlap."""
    from spine_jax.core import Mesh

    volume, _ = ball_image()
    vertices, faces = torus(24, 12)
    template = build_template(Mesh(14.0 * vertices, faces), CONFIG.n_modes)
    centres = np.array([CENTRES_MM[0], CENTRES_MM[0] + [9, 0, 3], CENTRES_MM[1]])
    pose = Pose(np.tile(np.eye(3), (3, 1, 1)), np.ones(3), centres + offset_mm)
    return build_problem(volume, pose, template, CONFIG.blur_mm)


def loss_and_gradient(problem, config):
    # A function of its own: what is compiled for one kind of kernel must not serve all.
    state = init_fit(problem, config, 0)
    key = jax.random.key(3)

    def loss(params):
        image = problem.pyramid[0]
        return total_loss(params, state.fixed, image, key, problem, config)

    return jax.jit(jax.value_and_grad(loss, has_aux=True))(state.params)


@pytest.fixture
def fast_answer():
    return loss_and_gradient(overlapping_problem(), CONFIG)


def test_loss_and_gradient_equal_those_of_the_plain_kernels(fast_answer, plain_kernels):
    (fast, fast_terms), fast_gradient = fast_answer
    (plain, plain_terms), plain_gradient = loss_and_gradient(
        overlapping_problem(), CONFIG
    )
    assert plain_terms["overlap"] > 0
    np.testing.assert_allclose(fast, plain, rtol=1e-5)
    for name, term in plain_terms.items():
        np.testing.assert_allclose(fast_terms[name], term, rtol=1e-5, err_msg=name)
    for ours, expected in zip(
        jax.tree.leaves(fast_gradient), jax.tree.leaves(plain_gradient), strict=True
    ):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(ours, expected, atol=2e-5 * scale + 1e-12)


def test_cases_of_one_size_share_one_compiled_program():
    first, second = overlapping_problem(), overlapping_problem(offset_mm=1.5)
    before = run_chunk._cache_size()
    config = dataclasses.replace(CONFIG, n_points=333)
    for problem, weight in ((first, 1.0), (second, 0.5)):
        config = dataclasses.replace(config, weight_edge=weight)
        state = init_fit(problem, config, 0)
        for _ in range(3):
            state = run_chunk(state, problem, config)
    assert int(state.step) == config.iterations
    assert run_chunk._cache_size() - before == 1
