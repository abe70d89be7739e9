"""Signed distance: value, three tests of its gradient, and what it refuses.

The fourth, on the surface itself, is `test_distance_on_surface.py`.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import signed_distance
from tests import helpers
from tests.geometry.distances import (
    MESHES,
    N_POINTS,
    as_asked,
    derivatives,
    every_implementation,
    gradients_of,
    scattered_points,
    sized,
)
from tests.geometry.plain_distance import plain_gradients

DOUBLE = {"value": 1e-13, "gradient": 1e-11, "step": 1e-6, "difference": 1e-6}
SINGLE = {"value": 1e-6, "gradient": 1e-4, "step": 1e-4, "difference": 1e-2}
ALLOWED = {"native": SINGLE, "tiled": DOUBLE, "reference": DOUBLE}
"""Errors for a mesh of size 1. A gradient is a unit vector, off by the error of the
distance over the distance; a difference by that over the step, and by what bends within
the step. `native` computes in float32."""

# 0. Value


@every_implementation
def test_box_by_hand(implementation, x64):
    vertices, hierarchy = sized("box")
    points = np.zeros((N_POINTS, 3))
    # Inside, beside a face, an edge and a corner of the unit box at the origin.
    points[:4] = [[0, 0, 0.1], [0.2, 0.1, 2.5], [1.5, 0, -2.5], [1.5, 2.5, 2.5]]
    value, _, _ = gradients_of(implementation, points, vertices, hierarchy)
    expected = [-0.4, 2, np.sqrt(1 + 4), 3]
    allowed = ALLOWED[implementation]["value"]
    np.testing.assert_allclose(value[:4], expected, atol=allowed)


@pytest.mark.parametrize("name", MESHES)
@every_implementation
def test_float32_against_float64(name, implementation, x64):
    vertices, hierarchy = sized(name)
    vertices = vertices.astype(np.float32)
    points = scattered_points().astype(np.float32)
    single, _, _ = gradients_of(implementation, points, vertices, hierarchy)
    double, _, _ = gradients_of(
        "tiled", points.astype(float), vertices.astype(float), hierarchy
    )
    assert single.dtype == "float32"
    np.testing.assert_allclose(single, double, atol=1e-5)


# 1. Central differences


@pytest.mark.parametrize("name", ["torus", "star"])
@every_implementation
def test_central_differences(name, implementation, x64):
    vertices, hierarchy = sized(name)
    at_points, at_vertices = as_asked(implementation, scattered_points(), vertices)
    evaluate, allowed = derivatives(implementation), ALLOWED[implementation]
    step = allowed["step"]
    for seed in range(4):
        rng = np.random.default_rng(seed)
        direction = as_asked(
            implementation,
            *(rng.normal(size=a.shape) for a in (at_points, at_vertices)),
        )
        weights = rng.normal(size=N_POINTS)
        (cotangent,) = as_asked(implementation, weights)

        def at(t, direction=direction, cotangent=cotangent):
            moved = (a + t * d for a, d in zip((at_points, at_vertices), direction))
            value, forward, gradients = evaluate(
                *moved, hierarchy, direction, cotangent
            )
            return np.asarray(value, np.float64), forward, gradients

        difference = weights @ (at(step)[0] - at(-step)[0]) / (2 * step)
        _, forward, gradients = at(0.0)
        reverse = sum(np.vdot(g, d) for g, d in zip(gradients, direction))
        rtol = allowed["difference"]
        np.testing.assert_allclose(weights @ forward, difference, rtol=rtol)
        rtol = allowed["gradient"]
        np.testing.assert_allclose(reverse, weights @ forward, rtol=rtol)


# 2. Autodiff of a plain reference


@pytest.mark.parametrize("name", ["torus", "star"])
@every_implementation
def test_autodiff_of_a_plain_reference(name, implementation, x64):
    vertices, hierarchy = sized(name)
    points, faces = scattered_points(), np.asarray(hierarchy.faces)
    faces = faces[faces[:, 0] != faces[:, 1]]
    cotangent = np.random.default_rng(5).normal(size=N_POINTS)
    value, of_points, of_vertices = gradients_of(
        implementation, points, vertices, hierarchy, cotangent
    )
    assert np.sum(value < 0) > 2
    distance, gradients = plain_gradients(
        points, vertices, faces, np.sign(value), cotangent
    )
    allowed = ALLOWED[implementation]
    np.testing.assert_allclose(value, distance, atol=allowed["value"])
    for own, other in zip((of_points, of_vertices), gradients):
        np.testing.assert_allclose(own, other, atol=allowed["gradient"])


# 3. Identities


@pytest.mark.parametrize("name", MESHES)
@every_implementation
def test_identities(name, implementation, x64):
    vertices, hierarchy = sized(name)
    points = scattered_points()
    # The direction of p - c is a unit vector whatever the error of c.
    rounding = 1e-6 if implementation == "native" else 1e-14
    _, of_points, _ = gradients_of(implementation, points, vertices, hierarchy)
    np.testing.assert_allclose(
        np.linalg.norm(of_points, axis=1), 1, atol=100 * rounding
    )
    # Moving points and mesh together changes no distance: point by point.
    for i in range(0, N_POINTS, 10):
        one = np.eye(N_POINTS)[i]
        _, of_points, of_vertices = gradients_of(
            implementation, points, vertices, hierarchy, one
        )
        assert np.abs(of_vertices).max() > 0.1
        np.testing.assert_allclose(
            of_points.sum(axis=0) + of_vertices.sum(axis=0), 0, atol=rounding
        )


# Batches and errors


@every_implementation
def test_batch_equals_single_meshes(implementation, x64):
    vertices, hierarchy = sized("torus")
    meshes = np.stack([vertices, vertices * [1, 2, 0.5]]).astype(np.float32)
    points = scattered_points().astype(np.float32)
    # Without `hierarchy=`: it is built from the first mesh, which is concrete here.
    together = jax.jit(
        lambda points: signed_distance(
            points, Mesh(meshes, hierarchy.faces), implementation=implementation
        )
    )(points)
    assert together.shape == (2, N_POINTS)
    for own, mesh in zip(together, meshes):
        single, _, _ = gradients_of(implementation, points, mesh, hierarchy)
        np.testing.assert_allclose(own, single, atol=1e-6)


@pytest.mark.parametrize("transform", [jax.jit, jax.grad])
def test_traced_vertices_need_a_hierarchy(transform):
    vertices, faces = helpers.box()
    points = jnp.zeros((1, 3))

    def total(vertices):
        return signed_distance(points, Mesh(vertices, faces)).sum()

    with pytest.raises(ValueError, match="expected a hierarchy beside it"):
        transform(total)(jnp.asarray(vertices))


def test_wrong_arguments():
    vertices, faces = helpers.box()
    mesh = Mesh(vertices, faces)
    with pytest.raises(ValueError, match=r"points_mm has shape \(3,\), expected"):
        signed_distance(np.zeros(3), mesh)
    with pytest.raises(ValueError, match="vertices_mm has shape"):
        signed_distance(np.zeros((1, 3)), Mesh(vertices[:, :2], faces))
    with pytest.raises(ValueError, match="'cuda' is unknown"):
        signed_distance(np.zeros((1, 3)), mesh, implementation="cuda")
