"""The union distance asks few meshes and answers as if it had asked all."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import find_union_witness, signed_distance, union_distance
from spine_jax.geometry.witness import distance_from_witness
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers
from tests.kernels import battery

N_POINTS = 150


@functools.partial(jax.jit, static_argnames="implementation")
def union(points, vertices, hierarchy, bound, implementation):
    """First and second distances and the overlap flags."""
    found = find_union_witness(
        points, vertices, hierarchy, bound=bound, implementation=implementation
    )
    first, second = (
        distance_from_witness(points, vertices, hierarchy, witness)
        for witness in (found.first, found.second)
    )
    return first, second, found.overlaps, found.first.mesh


@jax.jit
def dense(points, vertices, hierarchy):
    """Signed distances [B, P] to all meshes."""
    mesh = Mesh(vertices, hierarchy.faces)
    return signed_distance(
        points, mesh, hierarchy=hierarchy, implementation="reference"
    )


def scene():
    """Four deformed spheres: two overlap, one holds a corner of another's box."""
    vertices, faces = helpers.icosphere(0)
    meshes = [
        vertices * [1, 1, 0.6],
        vertices * [1, 0.8, 0.6] + [1.2, 0.2, 0.3],
        0.2 * vertices + [0.9, 0.9, -0.6],
        vertices + [0, -3, 0.5],
    ]
    points = np.random.default_rng(0).uniform([-2, -4, -1.5], [3, 2, 2], (N_POINTS, 3))
    points[:20] = np.random.default_rng(1).uniform(0.3, 0.8, (20, 3)) * [1, 0.5, 0.5]
    return points, np.stack(meshes), build_hierarchy(vertices, faces)


def surface_scene():
    """Points moved off the surfaces by known amounts, some by none."""
    points, meshes, hierarchy = scene()
    rng = np.random.default_rng(2)
    mesh = rng.integers(len(meshes), size=N_POINTS)
    face = np.asarray(hierarchy.faces)[rng.integers(20, size=N_POINTS)]
    weights = rng.dirichlet(np.ones(3), N_POINTS)
    weights[::3] = [1, 0, 0]
    on_surface = np.einsum("pi,pij->pj", weights, meshes[mesh[:, None], face])
    moved = rng.normal(size=(N_POINTS, 3)) * rng.choice([0, 1e-3, 0.3], (N_POINTS, 1))
    return on_surface + moved, meshes, hierarchy, np.linalg.norm(moved, axis=1)


def check(points, meshes, hierarchy, bound, implementation, atol):
    everything = np.asarray(dense(points, meshes, hierarchy))
    dtype = np.float32 if implementation == "native" else np.float64
    points, meshes = np.asarray(points, dtype), np.asarray(meshes, dtype)
    first, second, overlaps, mesh = (
        np.asarray(x) for x in union(points, meshes, hierarchy, bound, implementation)
    )
    assert first.dtype == second.dtype == dtype
    ordered = np.sort(everything, axis=0)
    np.testing.assert_allclose(first, ordered[0], atol=atol)
    np.testing.assert_allclose(
        everything[mesh, np.arange(N_POINTS)], ordered[0], atol=atol
    )
    clear = np.abs(ordered[1]) > 10 * atol
    np.testing.assert_array_equal(overlaps[clear], ordered[1, clear] < 0)
    np.testing.assert_allclose(second[overlaps], ordered[1, overlaps], atol=atol)
    assert overlaps.any() and not overlaps.all()
    # Where nothing overlaps the second is the first once more.
    np.testing.assert_array_equal(second[~overlaps], first[~overlaps])


def test_equals_asking_all_meshes(x64):
    check(*scene(), None, "tiled", 1e-12)


def test_equals_asking_all_meshes_within_a_bound(x64):
    points, meshes, hierarchy, bound = surface_scene()
    check(points, meshes, hierarchy, jnp.asarray(bound), "reference", 1e-12)


@battery.needs_native
def test_native_equals_asking_all_meshes(x64):
    check(*scene(), None, "native", 1e-5)
    points, meshes, hierarchy, bound = surface_scene()
    check(points, meshes, hierarchy, jnp.asarray(bound, np.float32), "native", 1e-5)


@battery.every(["native", "tiled"])
def test_gradients_of_the_first_and_the_second(implementation):
    # Two balls whose centres lie 1 apart. Both hold the point on the line of centres,
    # which moves the distance to the one and away from the other; from a point outside
    # only the nearer is seen. Icospheres of 1,280 faces: normals within 6 degrees.
    ball, faces = helpers.icosphere(3)
    hierarchy = build_hierarchy(ball, faces)
    meshes = jnp.stack([ball, ball + np.array([1, 0, 0])]).astype(jnp.float32)

    def both(points):
        found = find_union_witness(
            points, meshes, hierarchy, implementation=implementation
        )
        return [
            distance_from_witness(points, meshes, hierarchy, witness).sum()
            for witness in (found.first, found.second)
        ]

    points = np.float32([[0.4, 0, 0], [-1.5, 0, 0]])
    first, second = jax.jit(jax.jacrev(both))(points)
    np.testing.assert_allclose(first, [[1, 0, 0], [-1, 0, 0]], atol=0.1)
    np.testing.assert_allclose(second, [[-1, 0, 0], [-1, 0, 0]], atol=0.1)


def test_rounding_does_not_hide_the_mesh_a_sample_came_from(x64):
    # A sample may land outside the box of its own mesh by a rounding, while the box of
    # another mesh, far from it, holds it in a corner; the bound of the sample is 0.
    ball, hierarchy = helpers.icosphere(0)[0], scene()[2]
    small = 0.1 * ball + 1.5
    meshes = np.stack([2 * ball, small, ball + 20, ball + 40])
    points = np.nextafter(small, np.where(small > 1.5, np.inf, -np.inf))
    points = np.resize(points, (N_POINTS, 3))
    everything = np.asarray(dense(points, meshes, hierarchy))
    assert points.max() < meshes[0].max() and everything[0].min() > 0.2
    assert np.abs(everything[1]).max() < 1e-12
    bound = jnp.zeros(N_POINTS)
    first, _, _, mesh = union(points, meshes, hierarchy, bound, "reference")
    np.testing.assert_array_equal(mesh, 1)
    np.testing.assert_allclose(first, 0, atol=1e-12)


def test_one_mesh_never_overlaps(x64):
    points, meshes, hierarchy = scene()
    first, _, overlaps, mesh = union(points, meshes[:1], hierarchy, None, "reference")
    np.testing.assert_allclose(first, dense(points, meshes[:1], hierarchy)[0])
    assert not overlaps.any() and not mesh.any()


def mixed_scene():
    """The spheres of `scene` and two rings, one through a sphere, one apart."""
    points, spheres, ball = scene()
    ring, faces = helpers.torus(8, 5)
    angle = np.linspace(2, 4, 10)
    points[20:30] = np.stack(
        [0.5 + 0.62 * np.cos(angle), 0.62 * np.sin(angle), 0 * angle + 0.05], axis=1
    )
    rings = np.stack([ring + [0.5, 0, 0], 0.5 * ring + [-1.2, -1.5, 0.8]])
    return points, (spheres, rings), (ball, build_hierarchy(ring, faces))


@battery.every(["native", "tiled", "reference"])
def test_groups_of_two_topologies_are_one_union(implementation, x64):
    points, vertices, hierarchies = mixed_scene()
    everything = np.concatenate(
        [dense(points, own, each) for own, each in zip(vertices, hierarchies)]
    )
    dtype, atol = (
        (np.float32, 1e-5) if implementation == "native" else (np.float64, 1e-12)
    )
    ask = jax.jit(functools.partial(union_distance, implementation=implementation))
    found = ask(
        np.asarray(points, dtype),
        [np.asarray(own, dtype) for own in vertices],
        hierarchies,
    )
    ordered = np.sort(everything, axis=0)
    np.testing.assert_allclose(found.first, ordered[0], atol=atol)
    clear = np.abs(ordered[1]) > 10 * atol
    np.testing.assert_array_equal((found.second < 0)[clear], ordered[1, clear] < 0)
    both = clear & (ordered[1] < 0)
    np.testing.assert_allclose(found.second[both], ordered[1, both], atol=atol)
    assert np.all(np.isinf(found.second[~(found.second < 0)]))
    # Two spheres overlap, and a ring overlaps a sphere: within and across groups.
    owners = np.argsort(everything, axis=0)[:2, both] < len(vertices[0])
    assert owners.all(axis=0).any() and (owners[0] != owners[1]).any()
    place = np.array([0, len(vertices[0])])[found.group] + found.mesh
    np.testing.assert_allclose(
        everything[place, np.arange(N_POINTS)], ordered[0], atol=atol
    )


def test_gradient_goes_to_the_mesh_that_is_nearest(x64):
    points, vertices, hierarchies = mixed_scene()

    @jax.jit
    def nearest(spheres, rings):
        return union_distance(points, (spheres, rings), hierarchies).first

    helpers.assert_jvp_vjp(nearest, vertices)


def test_no_meshes_are_refused():
    with pytest.raises(ValueError, match="at least one group"):
        union_distance(np.zeros((1, 3)), [], [])
