"""The battery of the nearest of many meshes: value, overlaps, bounds, odd input."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.nearest_mesh import IMPLEMENTATIONS, nearest_mesh
from tests.kernels import battery
from tests.kernels.scenes import N_POINTS, SCENES, ball, scene, scene_of, surface_scene

every_implementation = battery.every(IMPLEMENTATIONS)

TOLERANCE = {"float32": 5e-6, "float64": 1e-12}
"""Of a distance, over the larger of mesh and point."""
NEAR = 1e-4
"""Distances nearer to 0 than this may be on either side in float32."""


@functools.partial(jax.jit, static_argnames="implementation")
def find(points, vertices, hierarchy, bound, implementation):
    return nearest_mesh(
        points, vertices, hierarchy, bound=bound, implementation=implementation
    )


def distances_of(scene, found) -> np.ndarray:
    """Distance to the places that were found, [P, 2], in float64."""
    corners = scene.vertices[
        np.asarray(found.mesh)[..., None],
        np.asarray(scene.hierarchy.faces)[np.asarray(found.face)],
    ]
    offset = scene.points[:, None, None] - corners
    weights = np.asarray(found.barycentric, np.float64)
    return np.linalg.norm(np.einsum("pki,pkix->pkx", weights, offset), axis=-1)


def check(scene, found, dtype):
    """Everything `NearestMesh` promises, against the brute force."""
    mesh, face, inside = (np.asarray(a) for a in (found.mesh, found.face, found.inside))
    assert mesh.dtype == face.dtype == np.int32 and inside.dtype == bool
    assert found.barycentric.dtype == dtype
    assert (np.asarray(found.barycentric) >= 0).all()
    rows = np.arange(len(scene.points))
    atol = TOLERANCE[dtype] * np.maximum(1, np.abs(scene.points).max(axis=1))
    ordered = np.sort(scene.signed, axis=0)
    first, second = ordered[0], ordered[1] if len(ordered) > 1 else ordered[0] + np.inf
    distance = distances_of(scene, found)
    assert (np.abs(distance[:, 0] - np.abs(first)) <= atol).all()
    assert (np.abs(scene.signed[mesh[:, 0], rows] - first) <= atol).all()
    clear = np.abs(first) > NEAR
    np.testing.assert_array_equal(inside[clear, 0], first[clear] < 0)

    clear &= np.abs(second) > NEAR
    np.testing.assert_array_equal(inside[clear, 1], second[clear] < 0)
    held, alone = inside[:, 1], ~inside[:, 1]
    assert (mesh[held, 1] != mesh[held, 0]).all()
    assert (np.abs(distance[:, 1] + second) <= atol)[held].all()
    assert (np.abs(scene.signed[mesh[:, 1], rows] - second) <= atol)[held].all()
    for column in (mesh, face, np.asarray(found.barycentric)):
        np.testing.assert_array_equal(column[alone, 1], column[alone, 0])


def ask(scene, implementation, dtype="float32", bound=None, points=None):
    points = scene.points if points is None else points
    return find(
        np.asarray(points, dtype),
        np.asarray(scene.vertices, dtype),
        scene.hierarchy,
        None if bound is None else np.asarray(bound, dtype),
        implementation,
    )


@pytest.mark.parametrize("name", SCENES)
@every_implementation
def test_exact_in_float32(name, implementation):
    check(scene(name), ask(scene(name), implementation), "float32")


@pytest.mark.parametrize("name", ["overlapping", "rings"])
def test_exact_in_float64(name, x64):
    # `tiled` in float64 is in tests/geometry/test_union.py.
    check(scene(name), ask(scene(name), "reference", "float64"), "float64")


def test_scenes_hold_what_they_promise():
    # Points in three meshes, in two, in one; in a box and not in its mesh.
    holding = {name: (scene(name).signed < 0).sum(axis=0) for name in SCENES}
    assert set(holding["one"]) == {0, 1}
    assert set(holding["nested"]) == set(holding["overlapping"]) == {0, 1, 2, 3}
    assert set(holding["chain"]) >= {0, 1, 2} and len(scene("chain").signed) == 19
    deepest = scene("nested").signed.argsort(axis=0)[:, holding["nested"] == 3]
    assert (deepest[2] == 0).mean() > 0.9
    rings = scene("rings")
    in_box = (
        (rings.points >= rings.vertices[0].min(axis=0))
        & (rings.points <= rings.vertices[0].max(axis=0))
    ).all(axis=1)
    assert np.sum(in_box & (rings.signed[0] > 0)) > 10


@pytest.mark.parametrize("name", ["overlapping", "nested"])
@pytest.mark.parametrize("moves", [(0,), (0, 1e-3, 0.3)])
@every_implementation
def test_a_bound_changes_nothing(name, moves, implementation):
    # Bounds of 0 hold but for the rounding to float32.
    moved_scene, bound = surface_scene(name, moves)
    check(moved_scene, ask(moved_scene, implementation, bound=bound), "float32")
    check(moved_scene, ask(moved_scene, implementation), "float32")


@every_implementation
def test_rounding_does_not_hide_the_mesh_a_point_came_from(implementation):
    # A sample may land a rounding outside the box of its own mesh, while the box of
    # another mesh, far from it, holds it in a corner; the bound of the sample is 0.
    vertices, faces = ball()
    small = (0.1 * vertices + 1.5).astype(np.float32)
    meshes = np.stack([2 * vertices, small, vertices + 20])
    points = np.nextafter(small, np.float32(np.where(small > 1.5, 9, -9)))
    points = np.resize(points, (N_POINTS, 3))
    corner = scene_of(points, meshes, faces)
    assert points.max() < meshes[0].max() and corner.signed[0].min() > 0.2
    found = ask(corner, implementation, bound=np.zeros(N_POINTS))
    np.testing.assert_array_equal(found.mesh, 1)
    assert distances_of(corner, found).max() < 1e-6


@every_implementation
def test_a_point_in_three_meshes_by_hand(implementation):
    # Balls of radius 1, 3 and 2 about the origin: depths 1, 3 and 2 less what the
    # faces cut off, which is at most 8 percent.
    vertices, faces = ball()
    vertices /= np.linalg.norm(vertices, axis=1).max()
    meshes = np.stack([vertices, 3 * vertices, 2 * vertices])
    at = scene_of(np.zeros((N_POINTS, 3)), meshes, faces)
    found = ask(at, implementation)
    np.testing.assert_array_equal(found.mesh, N_POINTS * [[1, 2]])
    assert np.all(found.inside)
    depth = distances_of(at, found)
    assert np.all((depth > [2.75, 1.83]) & (depth < [3, 2]))


@every_implementation
def test_two_equal_meshes_overlap_everywhere_inside(implementation):
    vertices, faces = SCENES["overlapping"]()
    twice = scene_of(scene("overlapping").points, vertices[[0, 2, 0]], faces)
    found = ask(twice, implementation)
    check(twice, found, "float32")
    in_both = twice.signed[0] < -NEAR
    deepest = in_both & (twice.signed[0] < twice.signed[1])
    assert deepest.sum() > 10
    pairs = {tuple(sorted(pair)) for pair in np.asarray(found.mesh)[deepest].tolist()}
    assert pairs == {(0, 2)}


@every_implementation
def test_no_points(implementation):
    vertices, faces = SCENES["overlapping"]()
    found = nearest_mesh(
        np.zeros((0, 3)),
        vertices,
        build_hierarchy(vertices[0], faces),
        implementation=implementation,
    )
    assert found.mesh.shape == found.face.shape == found.inside.shape == (0, 2)
    assert found.barycentric.shape == (0, 2, 3)


@every_implementation
def test_no_mesh_is_an_error(implementation):
    vertices, faces = SCENES["overlapping"]()
    hierarchy = build_hierarchy(vertices[0], faces)
    with pytest.raises((ValueError, IndexError, jax.errors.JaxRuntimeError)):
        nearest_mesh(
            np.zeros((1, 3)), vertices[:0], hierarchy, implementation=implementation
        ).face.block_until_ready()


@every_implementation
def test_one_face(implementation):
    # Two triangles in the planes z = 0 and z = 5; an open mesh holds nothing here.
    vertices = np.array([[[0.0, 0, 0], [2, 0, 0], [0, 2, 0]]]) + [
        [[0, 0, 0]],
        [[0, 0, 5]],
    ]
    hierarchy = build_hierarchy(vertices[0], [[0, 1, 2]])
    found = find(
        np.float32([[0.5, 1, 2], [2, 2, 4]]),
        np.float32(vertices),
        hierarchy,
        None,
        implementation,
    )
    assert found.mesh.tolist() == [[0, 0], [1, 1]] and not np.any(found.face)
    expected = [[0.25, 0.25, 0.5], [0, 0.5, 0.5]]
    np.testing.assert_allclose(found.barycentric[:, 0], expected, atol=1e-6)
    assert not np.any(found.inside)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@every_implementation
def test_a_bad_point_spoils_only_itself(implementation, bad):
    good = scene("overlapping")
    clean = ask(good, implementation)
    points = good.points.copy()
    held = int(np.flatnonzero(np.asarray(clean.inside)[:, 1])[0])
    points[held, 1] = bad
    found = ask(good, implementation, points=points)
    assert not found.face[held].any() and not found.inside[held].any()
    assert np.isnan(found.barycentric[held]).all()
    others = np.arange(N_POINTS) != held
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(clean)):
        np.testing.assert_array_equal(a[others], b[others])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@every_implementation
def test_a_bad_vertex_spoils_everything(implementation, bad):
    good = scene("overlapping")
    vertices = good.vertices.copy()
    vertices[2, 11, 2] = bad
    found = ask(dataclasses.replace(good, vertices=vertices), implementation)
    assert not np.any(found.face) and not np.any(found.inside)
    assert np.isnan(found.barycentric).all()


# The parts of `tiled` have their own tests under vmap; together they compile for long.
@battery.every(["native", "reference"])
def test_vmap_over_vertices(implementation):
    over = scene("overlapping")
    hierarchy, faces = over.hierarchy, np.asarray(over.hierarchy.faces)
    poses = np.stack([over.vertices, over.vertices * [1, 0.5, 2], over.vertices + 0.4])
    poses = poses.astype(np.float32)
    points = over.points[:33]

    @jax.jit
    @jax.vmap
    def ask_one(vertices):
        return nearest_mesh(
            jnp.asarray(points, jnp.float32),
            vertices,
            hierarchy,
            implementation=implementation,
        )

    found = ask_one(poses)
    for i, pose in enumerate(poses):
        one = jax.tree.map(lambda a, i=i: a[i], found)
        check(scene_of(points, pose, faces), one, "float32")


def test_unknown_implementation():
    vertices, faces = SCENES["one"]()
    with pytest.raises(ValueError, match="'cuda' is unknown.*native, tiled, reference"):
        nearest_mesh(
            np.zeros((1, 3)),
            vertices,
            build_hierarchy(vertices[0], faces),
            implementation="cuda",
        )
