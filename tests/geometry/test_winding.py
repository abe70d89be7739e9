"""Differentiable winding number: no gradient when closed, the boundary's when open."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import winding_number
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers


def winding_of(vertices, faces, implementation="reference"):
    """Winding number of this topology as a function of (points, vertices) alone."""
    hierarchy = build_hierarchy(vertices, faces)

    def f(points, vertices):
        mesh = Mesh(vertices, hierarchy.faces)
        return winding_number(
            points, mesh, hierarchy=hierarchy, implementation=implementation
        )

    return f


@functools.cache
def winding_of_the_bowl(implementation):
    """One function per implementation, so that its compiled derivatives are shared."""
    return winding_of(*helpers.open_bowl(), implementation)


def bowl_arguments():
    """Points inside, below and in the opening, 0.05 or more off it; its vertices."""
    points = np.random.default_rng(0).uniform(-1.4, 1.4, (120, 3))
    radius = np.linalg.norm(points, axis=1)
    points = points[(radius < 0.9) | (radius > 1.05)][:41]
    return jnp.asarray(points), jnp.asarray(helpers.open_bowl()[0])


def test_closed_mesh_has_no_gradient(x64):
    vertices, faces = helpers.torus(8, 6)
    f = winding_of(vertices, faces)
    # Away from the surface, and on a face, an edge and a vertex.
    a, b, c = vertices[faces[0]]
    points = np.array([[0.7, 0, 0.05], [2, 0, 0], (a + b + c) / 3, (a + b) / 2, a])

    @jax.jit
    def evaluate(points, vertices):
        winding, pull = jax.vjp(f, points, vertices)
        return winding, pull(jnp.ones(len(points)))

    winding, gradients = evaluate(points, vertices)
    np.testing.assert_allclose(winding[:2], [1, 0], atol=1e-12)
    for gradient in gradients:
        np.testing.assert_array_equal(gradient, 0)


def test_open_mesh_against_central_differences(x64):
    helpers.assert_jvp_vjp(winding_of_the_bowl("reference"), bowl_arguments())


def test_tiled_has_the_exact_gradient(x64):
    # Its value is an expansion, its derivative is the reference's all the same.
    args = bowl_arguments()
    cotangent = jnp.asarray(np.random.default_rng(1).normal(size=len(args[0])))
    (value, _, own), (exact_value, _, exact) = (
        helpers.contracted_derivatives(winding_of_the_bowl(name))(args, args, cotangent)
        for name in ("tiled", "reference")
    )
    assert 0 < abs(value - exact_value) < 0.07 * jnp.abs(cotangent).sum()
    for gradient, truth in zip(own, exact):
        np.testing.assert_allclose(gradient, truth, atol=1e-14)


def test_moving_points_and_mesh_together_changes_nothing(x64):
    args = bowl_arguments()
    cotangent = jnp.asarray(np.random.default_rng(1).normal(size=len(args[0])))
    _, _, (of_points, of_vertices) = helpers.contracted_derivatives(
        winding_of_the_bowl("reference")
    )(args, args, cotangent)
    assert np.abs(of_points.sum(axis=0)).max() > 0.01
    np.testing.assert_allclose(of_points.sum(axis=0), -of_vertices.sum(axis=0))


def test_gradient_in_the_plane_of_a_flat_mesh(x64):
    # All fan triangles lie in one plane with the points: w is 0, its slope is not.
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    f = winding_of(vertices, [[0, 1, 2]])
    points = jnp.array([[2.0, 2, 0], [-1, 0.5, 0], [3, -1, 0]])

    @jax.jit
    def value_and_slope(points):
        winding, pull = jax.vjp(lambda p: f(p, vertices), points)
        return winding, pull(jnp.ones(3))[0][:, 2]

    step = jnp.array([0, 0, 1e-5])
    above, below = (value_and_slope(points + s)[0] for s in (step, -step))
    slope = (above - below) / 2e-5
    assert np.abs(slope).min() > 1e-3
    np.testing.assert_allclose(value_and_slope(points)[1], slope, rtol=1e-6)


def test_batch_of_boxes_without_lid():
    # From its centre, each side of a cube covers 1/6 of all directions; so does the lid
    # from its mirror image, from its other side. A point of the lid's plane sees none
    # of the lid, and a closed box would give 1/2 there.
    vertices, faces = helpers.box()
    faces = faces[vertices[faces][:, :, 2].min(axis=1) < 0.5]
    meshes = Mesh(np.stack([vertices, 2 * vertices]), faces)
    points = np.array([[0, 0, 0], [0.1, 0.2, 0.5], [0, 0, 1]])
    winding = jax.jit(
        lambda points: winding_number(points, meshes, implementation="reference")
    )(points)
    assert winding.shape == (2, 3)
    np.testing.assert_allclose(winding[0], [5 / 6, 1 / 2, 1 / 6], atol=1e-6)
    np.testing.assert_allclose(winding[1, [0, 2]], [5 / 6, 1 / 2], atol=1e-6)


@pytest.mark.parametrize("transform", [jax.jit, jax.grad])
def test_traced_vertices_need_a_hierarchy(transform):
    vertices, faces = helpers.box()

    def total(vertices):
        return winding_number(jnp.zeros((1, 3)), Mesh(vertices, faces)).sum()

    with pytest.raises(ValueError, match="expected a hierarchy beside it"):
        transform(total)(jnp.asarray(vertices))
