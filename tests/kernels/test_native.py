"""The native kernels as XLA calls them: dtypes, threads, transforms, wrong input."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.geometry import signed_distance
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.nearest_mesh import nearest_mesh
from spine_jax.kernels.winding_number import winding_number
from tests import helpers
from tests.kernels import battery

pytestmark = battery.needs_native

VERTICES, FACES = helpers.star()
HIERARCHY = build_hierarchy(VERTICES, FACES)
POINTS = np.random.default_rng(0).uniform(-1, 1, (200, 3)).astype(np.float32)
POSES = np.stack([VERTICES, VERTICES * [1, 2, 0.5], VERTICES + 0.3]).astype(np.float32)


def closest(points, vertices, implementation="native", hierarchy=HIERARCHY, mesh=0):
    index = jnp.full(points.shape[0], mesh, jnp.int32)
    return closest_point(
        points, index, vertices, hierarchy, implementation=implementation
    )


def winding(points, vertices, implementation="native", hierarchy=HIERARCHY, mesh=0):
    index = jnp.full(points.shape[0], mesh, jnp.int32)
    return winding_number(
        points, index, vertices, hierarchy, implementation=implementation
    )


def nearest(points, vertices, implementation="native", hierarchy=HIERARCHY):
    return nearest_mesh(points, vertices, hierarchy, implementation=implementation)


every_kernel = pytest.mark.parametrize("kernel", [closest, winding, nearest])


def assert_same(found, expected):
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)


# Which precision


def calls_native(kernel, points, vertices, implementation):
    program = jax.make_jaxpr(lambda: kernel(points, vertices, implementation))()
    return "ffi_call" in str(program)


@every_kernel
def test_native_is_the_default_in_float32(kernel):
    assert calls_native(kernel, POINTS, POSES, None)
    assert calls_native(kernel, POINTS, POSES, "native")
    assert not calls_native(kernel, POINTS, POSES, "tiled")


@every_kernel
def test_float64_is_left_to_tiled(kernel, x64):
    points, poses = POINTS.astype(np.float64), POSES.astype(np.float64)
    for mixed in ((points, poses), (POINTS, poses), (points, POSES)):
        assert not calls_native(kernel, *mixed, None)
        with pytest.raises(
            ValueError, match="computes in float32, found float64: cast"
        ):
            kernel(*mixed, "native")
    assert calls_native(kernel, POINTS, POSES, None)


# Threads


def test_bits_do_not_depend_on_the_number_of_threads():
    # XLA takes the size of its thread pool from NPROC.
    told = {n: probe(NPROC=str(n)) for n in (1, 5)}
    for n, seen in told.items():
        assert seen["threads"] in (n, None)
    assert told[1]["digest"] == told[5]["digest"]


def probe(**environment):
    done = subprocess.run(
        [sys.executable, "-m", "tests.kernels.native_probe"],
        env={**os.environ, "JAX_PLATFORMS": "cpu", **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Transforms of JAX


@every_kernel
def test_jit_vmap_and_scan(kernel):
    expected = [kernel(POINTS, pose[None]) for pose in POSES]

    def one(pose):
        return kernel(POINTS, pose[None])

    batched = jax.jit(jax.vmap(one))(POSES)
    scanned = jax.jit(lambda: jax.lax.scan(lambda c, x: (c, one(x)), 0, POSES)[1])()
    for i, own in enumerate(expected):
        assert_same(jax.jit(one)(POSES[i]), own)
        assert_same(jax.tree.map(lambda a, i=i: a[i], batched), own)
        assert_same(jax.tree.map(lambda a, i=i: a[i], scanned), own)


@every_kernel
def test_vmap_over_points(kernel):
    # Only the points are batched, the mesh is not.
    found = jax.vmap(lambda points: kernel(points, POSES))(POINTS.reshape(4, 50, 3))
    flat = jax.tree.map(lambda a: a.reshape((200,) + a.shape[2:]), found)
    assert_same(flat, kernel(POINTS, POSES))


@every_kernel
def test_two_devices_at_once(kernel):
    # Both devices share one thread pool, and their calls wait for it at the same time.
    assert jax.local_device_count() == 2
    points = np.resize(POINTS, (2, 5000, 3))
    run = jax.pmap(lambda points, pose: kernel(points, pose[None]))
    for _ in range(5):
        found = run(points, POSES[:2])
    for i in range(2):
        own = kernel(points[i], POSES[i][None])
        assert_same(jax.tree.map(lambda a, i=i: a[i], found), own)


def test_inside_the_gradient_of_a_signed_distance():
    def energy(vertices, implementation):
        mesh = Mesh(vertices, HIERARCHY.faces)
        distance = signed_distance(
            POINTS, mesh, hierarchy=HIERARCHY, implementation=implementation
        )
        return jnp.sum(distance**2)

    own, tiled = (
        jax.jit(jax.grad(lambda v, which=which: energy(v, which)))(POSES[0])
        for which in ("native", "tiled")
    )
    assert np.abs(tiled).max() > 1
    np.testing.assert_allclose(own, tiled, atol=1e-4)


def test_scan_over_gradient_steps():
    # The shape of a fit: refit, find, differentiate, move, again. Points outside pull
    # the unit ball onto a sphere of radius 1.3.
    vertices, faces = helpers.icosphere(2)
    hierarchy = build_hierarchy(vertices, faces)
    points = np.random.default_rng(1).normal(size=(2000, 3)).astype(np.float32)
    points *= 1.3 / np.linalg.norm(points, axis=1, keepdims=True)

    def energy(vertices):
        mesh = Mesh(vertices, hierarchy.faces)
        return jnp.mean(signed_distance(points, mesh, hierarchy=hierarchy) ** 2)

    @jax.jit
    def fit(vertices):
        def step(v, _):
            value, gradient = jax.value_and_grad(energy)(v)
            return v - 20 * gradient, value

        return jax.lax.scan(step, vertices, length=40)

    moved, values = fit(vertices.astype(np.float32))
    assert values[0] > 0.08 and values[-1] < 1e-4
    np.testing.assert_allclose(np.linalg.norm(moved, axis=1).mean(), 1.3, atol=0.02)


# Wrong input: an error, never a crash

REFUSED = (ValueError, TypeError, jax.errors.JaxRuntimeError)
"""What XLA reports comes as one or the other, as it was raised in a thread or not."""


@every_kernel
def test_a_face_without_its_vertices(kernel):
    with pytest.raises(REFUSED, match="names a vertex that the mesh"):
        jax.block_until_ready(kernel(POINTS, POSES[:, :50]))
    negative = build_hierarchy(VERTICES, np.where(FACES == 7, -1, FACES))
    with pytest.raises(REFUSED, match="names a vertex that the mesh"):
        jax.block_until_ready(kernel(POINTS, POSES, hierarchy=negative))


@every_kernel
def test_no_mesh(kernel):
    with pytest.raises(REFUSED):
        jax.block_until_ready(jax.jit(kernel)(POINTS, POSES[:0]))


@every_kernel
@pytest.mark.parametrize("wrong", ["points", "vertices"])
def test_positions_without_three_coordinates(kernel, wrong):
    points, poses = POINTS, POSES
    if wrong == "points":
        points = points[:, :2]
    else:
        poses = poses[..., :2]
    with pytest.raises(REFUSED):
        jax.block_until_ready(kernel(points, poses))


@pytest.mark.parametrize("kernel", [closest, winding])
def test_a_mesh_index_out_of_range_is_clamped(kernel):
    for beyond in (3, 2**31 - 1):
        assert_same(kernel(POINTS, POSES, mesh=beyond), kernel(POINTS, POSES, mesh=2))
    assert_same(kernel(POINTS, POSES, mesh=-(2**31)), kernel(POINTS, POSES))
    jax.block_until_ready(kernel(POINTS, POSES, mesh=-1))


@functools.partial(jax.jit, static_argnames="implementation")
def wind(points, vertices, accuracy, implementation):
    index = jnp.zeros(len(points), jnp.int32)
    return winding_number(
        points,
        index,
        vertices,
        HIERARCHY,
        accuracy=accuracy,
        implementation=implementation,
    )


@pytest.mark.parametrize("accuracy", [0.0, 1e-30, np.nan, np.inf, -2.0])
def test_any_accuracy_has_an_answer(accuracy):
    # Nothing is far, or everything is; the tree has fewer than eight children at its
    # root, and the origin is where the absent ones seem to be.
    assert HIERARCHY.fanout[0] < 8
    points = np.concatenate([0 * POINTS, POINTS])
    own, tiled = (wind(points, POSES, accuracy, which) for which in ("native", "tiled"))
    assert np.isfinite(own).all()
    if not np.isnan(accuracy):
        np.testing.assert_allclose(own, tiled, rtol=1e-4, atol=1e-4)
    found = nearest_mesh(
        points, POSES, HIERARCHY, accuracy=accuracy, implementation="native"
    )
    assert np.isfinite(found.barycentric).all()


def test_counts_out_of_range():
    index = np.zeros(200, np.int32)
    for count, asked in ((-5, 0), (10**9, 200)):
        face, weights = closest_point(
            POINTS, index, POSES, HIERARCHY, count=count, implementation="native"
        )
        assert np.sum(np.asarray(weights).sum(axis=1) > 0.5) == asked
        wound = winding_number(
            POINTS, index, POSES, HIERARCHY, count=count, implementation="native"
        )
        assert np.sum(np.asarray(wound) != 0) == asked
