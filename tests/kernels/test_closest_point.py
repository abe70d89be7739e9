"""The battery of the closest-point kernels: value, sizes, batches, odd input."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.closest_point import IMPLEMENTATIONS, closest_point, tiled
from spine_jax.kernels.hierarchy import build_hierarchy, leaf_triangles, node_boxes
from tests import helpers
from tests.kernels import battery

every_implementation = battery.every(IMPLEMENTATIONS)
in_float64 = battery.every(name for name in IMPLEMENTATIONS if name != "native")
every_mesh = pytest.mark.parametrize("name", battery.MESHES)


@functools.partial(jax.jit, static_argnames="implementation")
def find(points, mesh_index, vertices, hierarchy, count, implementation):
    return closest_point(
        points,
        mesh_index,
        vertices,
        hierarchy,
        count=count,
        implementation=implementation,
    )


def ask(case, implementation, dtype="float32", points=None, vertices=None):
    """Face and barycentrics of a case, with the battery's one compiled program."""
    points = case.points if points is None else points
    vertices = case.vertices if vertices is None else vertices
    face, barycentric = find(
        np.asarray(points, dtype),
        np.zeros(len(points), np.int32),
        np.asarray(vertices, dtype)[None],
        case.hierarchy,
        np.int32(len(points)),
        implementation,
    )
    return np.asarray(face), np.asarray(barycentric)


def check_case(name, implementation, dtype):
    case = battery.case(name)
    face, barycentric = ask(case, implementation, dtype)
    assert barycentric.dtype == dtype
    assert (barycentric >= 0).all()
    epsilon = np.finfo(dtype).eps
    np.testing.assert_allclose(barycentric.sum(axis=1), 1, atol=2 * epsilon)
    faces = np.asarray(case.hierarchy.faces)
    distance = battery.witness_distance(
        case.points, case.vertices, faces, face, barycentric
    )
    error = np.abs(distance - case.distance) / case.scale
    assert error.max() <= battery.EXACT[dtype]


@every_mesh
@every_implementation
def test_exact_in_float32(name, implementation):
    check_case(name, implementation, "float32")


@every_mesh
@in_float64
def test_exact_in_float64(name, implementation, x64):
    check_case(name, implementation, "float64")


def around_the_centre():
    """Points so near the centre of a sphere that hardly any face can be culled."""
    return 0.02 * np.random.default_rng(0).normal(size=(battery.N_POINTS, 3))


@every_implementation
def test_points_far_from_everything_are_exact(implementation):
    case, points = battery.case("sphere"), around_the_centre().astype(np.float32)
    faces = np.asarray(case.hierarchy.faces)
    expected = battery.closest_distance(points, case.vertices, faces)
    # At the centre itself all faces are equally far.
    centre = np.zeros_like(points)
    at_centre = battery.closest_distance(centre[:1], case.vertices, faces)
    for asked, truth in ((points, expected), (centre, at_centre)):
        face, barycentric = ask(case, implementation, points=asked)
        distance = battery.witness_distance(
            asked, case.vertices, faces, face, barycentric
        )
        assert np.abs(distance - truth).max() < 1e-6


def test_points_far_from_everything_overflow_the_frontier():
    # The test above covers the dense fallback only if this holds: more leaf boxes are
    # nearer than any face than there is room for.
    case, points = battery.case("sphere"), around_the_centre()
    triangles = leaf_triangles(case.hierarchy, case.vertices[None])
    boxes = np.asarray(node_boxes(case.hierarchy, triangles)[-1])
    low, high = boxes.transpose(1, 0, 2).reshape(2, 3, -1)
    outside = np.maximum(low - points[..., None], points[..., None] - high)
    box_distance = np.linalg.norm(np.maximum(outside, 0), axis=1)
    faces = np.asarray(case.hierarchy.faces)
    nearest = battery.closest_distance(points, case.vertices, faces)
    kept = np.sum(box_distance < nearest[:, None])
    assert kept > tiled.PAIRS_PER_QUERY * battery.N_POINTS


@every_implementation
def test_no_points(implementation):
    vertices, faces = helpers.box()
    face, barycentric = closest_point(
        np.zeros((0, 3)),
        np.zeros(0, np.int32),
        vertices[None],
        build_hierarchy(vertices, faces),
        implementation=implementation,
    )
    assert face.shape == (0,) and barycentric.shape == (0, 3)


@every_implementation
def test_one_point_and_one_face(implementation):
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0]], np.float32)
    hierarchy = build_hierarchy(vertices, [[0, 1, 2]])

    def ask_one(point):
        points, index = np.float32(point)[None], np.zeros(1, np.int32)
        return find(points, index, vertices[None], hierarchy, 1, implementation)

    # (0.5, 1) = 0.25 (0, 0) + 0.25 (2, 0) + 0.5 (0, 2); the second point lies beyond
    # the long edge, nearest to its middle.
    for point, weights in (
        ((0.5, 1, 3), (0.25, 0.25, 0.5)),
        ((2, 2, 1), (0, 0.5, 0.5)),
    ):
        face, barycentric = ask_one(point)
        assert face.tolist() == [0]
        np.testing.assert_allclose(barycentric, [weights], atol=1e-6)


@every_implementation
def test_batch_of_meshes_over_several_chunks(implementation):
    # 3 deformations, 9,001 queries of mixed meshes: two full chunks and a short one.
    vertices, faces = helpers.torus(12, 6)
    hierarchy = build_hierarchy(vertices, faces)
    meshes = np.stack([vertices, vertices * [1, 0.5, 2] + 3, vertices[:, [1, 2, 0]]])
    rng = np.random.default_rng(1)
    points = (2 * rng.normal(size=(9001, 3))).astype(np.float32)
    mesh = rng.integers(3, size=9001).astype(np.int32)
    meshes = meshes.astype(np.float32)
    face, barycentric = find(
        points, mesh, meshes, hierarchy, np.int32(8999), implementation
    )
    assert not np.any(face[8999:]) and not np.any(barycentric[8999:])
    for b in range(3):
        some = np.flatnonzero(mesh[:8999] == b)[-200:]
        distance = battery.witness_distance(
            points[some], meshes[b], faces, face[some], barycentric[some]
        )
        expected = battery.closest_distance(points[some], meshes[b], faces)
        np.testing.assert_allclose(distance, expected, atol=1e-5)


@every_implementation
def test_count_leaves_the_rest_zero(implementation):
    case = battery.case("torus")
    whole = ask(case, implementation)
    for count in (0, 1, 57):
        face, barycentric = find(
            case.points.astype(np.float32),
            np.zeros(battery.N_POINTS, np.int32),
            case.vertices.astype(np.float32)[None],
            case.hierarchy,
            np.int32(count),
            implementation,
        )
        np.testing.assert_array_equal(face[:count], whole[0][:count])
        np.testing.assert_array_equal(barycentric[:count], whole[1][:count])
        assert not np.any(face[count:]) and not np.any(barycentric[count:])


@every_implementation
def test_vmap_over_vertices(implementation):
    vertices, faces = helpers.box()
    hierarchy = build_hierarchy(vertices, faces)
    stretched = np.stack([vertices, vertices * [1, 2, 3], vertices + 0.3])
    points = np.random.default_rng(2).normal(size=(33, 3)).astype(np.float32)

    @jax.jit
    @jax.vmap
    def ask_one(vertices):
        index = jnp.zeros(33, jnp.int32)
        return closest_point(
            points, index, vertices[None], hierarchy, implementation=implementation
        )

    face, barycentric = ask_one(stretched.astype(np.float32))
    for b in range(3):
        distance = battery.witness_distance(
            points, stretched[b], faces, face[b], barycentric[b]
        )
        expected = battery.closest_distance(points, stretched[b], faces)
        np.testing.assert_allclose(distance, expected, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@every_implementation
def test_a_bad_point_spoils_only_itself(implementation, bad):
    case = battery.case("torus")
    clean = ask(case, implementation)
    points = case.points.copy()
    points[7, 1] = bad
    face, barycentric = ask(case, implementation, points=points)
    assert face[7] == 0 and np.isnan(barycentric[7]).all()
    others = np.arange(battery.N_POINTS) != 7
    np.testing.assert_array_equal(face[others], clean[0][others])
    np.testing.assert_array_equal(barycentric[others], clean[1][others])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@every_implementation
def test_a_bad_vertex_spoils_its_mesh(implementation, bad):
    case = battery.case("torus")
    vertices = case.vertices.copy()
    vertices[11, 2] = bad
    face, barycentric = ask(case, implementation, vertices=vertices)
    assert not face.any() and np.isnan(barycentric).all()


def test_unknown_implementation():
    vertices, faces = helpers.box()
    with pytest.raises(ValueError, match="'cuda' is unknown.*native, tiled, reference"):
        closest_point(
            np.zeros((1, 3)),
            np.zeros(1, np.int32),
            vertices[None],
            build_hierarchy(vertices, faces),
            implementation="cuda",
        )
