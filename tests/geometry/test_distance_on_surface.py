"""The gradient of the signed distance on the surface, where its formula is 0/0.

Normals of features are only computed when a point of the call lies on the surface, so
calls with none, some and all of them there are asked.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import signed_distance
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers
from tests.geometry.distances import (
    N_FACES,
    N_POINTS,
    N_VERTICES,
    every_implementation,
    gradients_of,
    scattered_points,
    sized,
)

VALUE = {"native": 1e-7, "tiled": 1e-15, "reference": 1e-15}
TOLERANCE = {"native": 1e-6, "tiled": 1e-12, "reference": 1e-12}
"""Of a normal that is known from the face and not from the point."""


def check_normals(points, expected, vertices, hierarchy, implementation):
    """On-surface points: distance 0, unit gradient along the outward normal."""
    n, atol = len(points), TOLERANCE[implementation]
    padded = np.concatenate([points, np.full((N_POINTS - n, 3), 5.0)])
    value, of_points, of_vertices = gradients_of(
        implementation, padded, vertices, hierarchy
    )
    np.testing.assert_allclose(value[:n], 0, atol=VALUE[implementation])
    np.testing.assert_allclose(of_points[:n], expected, atol=atol)
    assert np.isfinite(of_points).all() and np.isfinite(of_vertices).all()


def box_features():
    """Points on the unit box and the outward normal of the feature they lie on."""
    points = np.array(
        [
            [0.1, 0.2, 0.5],  # on a face
            [-0.5, 0.25, 0.125],
            [0.25, 0.25, -0.5],  # on the diagonal between two triangles of one face
            [0.5, 0.5, 0.25],  # on an edge
            [0.25, -0.5, 0.5],
            [0.5, 0.5, 0.5],  # on a vertex
            [-0.5, 0.5, -0.5],
        ]
    )
    normals = np.where(np.abs(points) == 0.5, np.sign(points), 0)
    return points, normals / np.linalg.norm(normals, axis=1, keepdims=True)


@every_implementation
def test_unit_normal_on_faces_edges_and_vertices(implementation, x64):
    check_normals(*box_features(), *sized("box"), implementation)


@every_implementation
def test_all_points_on_the_surface(implementation, x64):
    points, normals = box_features()
    order = np.random.default_rng(0).integers(len(points), size=N_POINTS)
    check_normals(points[order], normals[order], *sized("box"), implementation)


@every_implementation
def test_points_on_the_surface_do_not_change_the_others(implementation, x64):
    vertices, hierarchy = sized("box")
    on_surface, normals = box_features()
    points = scattered_points()
    value, alone, _ = gradients_of(implementation, points, vertices, hierarchy)
    assert np.abs(value).min() > 1e-4
    points[20:27] = on_surface
    _, together, _ = gradients_of(implementation, points, vertices, hierarchy)
    others = np.r_[:20, 27:N_POINTS]
    np.testing.assert_array_equal(together[others], alone[others])
    atol = TOLERANCE[implementation]
    np.testing.assert_allclose(together[20:27], normals, atol=atol)


@every_implementation
def test_forward_mode_and_vmap_on_the_surface(implementation, x64):
    # Point by point under vmap both branches are computed, and the right one is taken.
    vertices, hierarchy = sized("box")
    on_surface, normals = box_features()
    dtype = jnp.float32 if implementation == "native" else jnp.float64
    points = jnp.asarray([*on_surface, [0, 0, 0.7], [0.1, 0, 0.4]], dtype)
    normals = np.array([*normals, [0, 0, 1], [0, 0, 1]])
    mesh = Mesh(jnp.asarray(vertices, dtype), hierarchy.faces)

    def distance(point):
        return signed_distance(
            point[None], mesh, hierarchy=hierarchy, implementation=implementation
        )[0]

    found = jax.jit(jax.vmap(jax.jacfwd(distance)))(points)
    np.testing.assert_allclose(found, normals, atol=TOLERANCE[implementation])


@pytest.mark.parametrize("implementation", ["tiled", "reference"])
def test_unit_normal_beside_degenerate_faces(implementation, x64):
    # Faces without area lie on the vertex and on the edge that hold test points, and
    # come first, so that ties choose them. The edge's own neighbours are then unknown:
    # its normal is blended from its ends, still of unit length and outward.
    vertices, faces = helpers.box()
    extra = [[7, 7, 7], [7, 7, 6], [6, 7, 6], [7, 6, 7]]
    vertices, faces = helpers.refined(
        (vertices, np.concatenate([extra, faces])), N_FACES, N_VERTICES
    )
    order = np.argsort([len(set(face)) for face in faces.tolist()], kind="stable")
    points, normals = box_features()
    on_bad_edge = 3
    assert points[on_bad_edge].tolist() == [0.5, 0.5, 0.25]
    normals[on_bad_edge] = np.array([2, 2, 1]) / 3
    hierarchy = build_hierarchy(vertices, faces[order])
    check_normals(points, normals, vertices, hierarchy, implementation)


@every_implementation
def test_normal_within_rounding_of_the_surface(implementation, x64):
    # In float32 a point "on" a slanted face is off it by rounding; the direction from
    # its closest point is noise, the gradient must still be the normal.
    vertices, faces = helpers.refined(helpers.torus(12, 6), N_FACES, N_VERTICES)
    hierarchy = build_hierarchy(vertices, faces)
    vertices = vertices.astype(np.float32)
    picked = np.flatnonzero(faces[:, 0] != faces[:, 1])[:N_POINTS]
    corners = vertices[faces[picked]]
    points = np.einsum("i,pij->pj", np.float32([0.2, 0.3, 0.5]), corners)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    value, of_points, _ = gradients_of(implementation, points, vertices, hierarchy)
    assert of_points.dtype == "float32" and np.any(value != 0)
    np.testing.assert_allclose(of_points, normal, atol=1e-5)


@every_implementation
def test_gradient_is_continuous_through_the_surface(implementation, x64):
    vertices, hierarchy = sized("box")
    heights = np.linspace(-1e-3, 1e-3, N_POINTS)
    points = np.array([0.1, 0.2, 0.5]) + heights[:, None] * [0, 0, 1]
    value, of_points, _ = gradients_of(implementation, points, vertices, hierarchy)
    atol = VALUE[implementation]
    np.testing.assert_allclose(value, heights, atol=atol)
    # The direction from the closest point is off by its rounding over the height; 0 is
    # among the heights, and the least other one is 1 / 30 of the largest.
    np.testing.assert_allclose(of_points - [0, 0, 1], 0, atol=atol / (1e-3 / 30))
