"""The battery of the winding-number kernels: value, sign, sizes, odd input."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.winding_number import IMPLEMENTATIONS, winding_number
from tests import helpers
from tests.kernels import battery
from tests.kernels.winding import NEAR, STATED_ERROR, ask, find

every_implementation = battery.every(IMPLEMENTATIONS)
every_mesh = pytest.mark.parametrize("name", battery.MESHES)


@pytest.mark.parametrize("name", helpers.CLOSED)
def test_brute_force_is_an_integer_on_closed_meshes(name):
    case = battery.case(name)
    winding = case.winding[case.distance > NEAR]
    np.testing.assert_allclose(winding, winding.round(), atol=1e-9)
    values = {0, 1, 2} if name == "overlapping_spheres" else {0, 1}
    assert set(winding.round()) == values


@every_mesh
def test_reference_equals_brute_force(name):
    case = battery.case(name)
    off = case.distance > NEAR
    # Beside a sliver or in a thin plate, float32 rounds the solid angle's denominator.
    atol = 5e-3 if name in ("slivers", "plate") else 1e-4
    np.testing.assert_allclose(
        ask(case, "reference")[off], case.winding[off], atol=atol
    )


@every_mesh
def test_reference_equals_brute_force_in_float64(name, x64):
    case = battery.case(name)
    off = case.distance > NEAR
    winding = ask(case, "reference", "float64")
    assert winding.dtype == "float64"
    np.testing.assert_allclose(winding[off], case.winding[off], atol=1e-10)


@pytest.mark.parametrize("accuracy", STATED_ERROR)
@every_mesh
@every_implementation
def test_inside_and_outside_are_never_confused(name, implementation, accuracy):
    case = battery.case(name)
    margin = STATED_ERROR[accuracy]
    decided = (case.distance > NEAR) & (np.abs(case.winding - 0.5) > margin)
    winding = ask(case, implementation, accuracy=accuracy)
    np.testing.assert_array_equal(winding[decided] > 0.5, case.winding[decided] > 0.5)


@every_implementation
def test_equidistant_points(implementation):
    # With this accuracy nothing is far: every leaf is opened, the frontier overflows
    # and the answer is the exact sum.
    case = battery.case("sphere")
    points = np.zeros((battery.N_POINTS, 3))
    winding = ask(case, implementation, accuracy=1e3, points=points)
    np.testing.assert_allclose(winding, 1, atol=1e-5)


@every_implementation
def test_no_points(implementation):
    vertices, faces = helpers.box()
    winding = winding_number(
        np.zeros((0, 3)),
        np.zeros(0, np.int32),
        vertices[None],
        build_hierarchy(vertices, faces),
        implementation=implementation,
    )
    assert winding.shape == (0,)


def ask_one_face(vertices, points, implementation):
    vertices, points = np.asarray(vertices, np.float32), np.asarray(points, np.float32)
    hierarchy = build_hierarchy(vertices, [[0, 1, 2]])
    index = np.zeros(len(points), np.int32)
    return find(
        points, index, vertices[None], hierarchy, len(points), 2.0, implementation
    )


@every_implementation
def test_one_face(implementation):
    # The octant x, y, z > 0 seen from the origin is 1/8 of all directions; the face
    # spanned by the unit vectors covers it, seen from behind. The origin's mirror image
    # in the plane x + y + z = 1 sees its front.
    points = np.array([[0, 0, 0], np.full(3, 2 / 3)])
    winding = ask_one_face(np.eye(3), points, implementation)
    np.testing.assert_allclose(winding, [1 / 8, -1 / 8], atol=1e-6)


@every_implementation
def test_a_point_in_the_plane_of_a_face_gets_nothing_from_it(implementation):
    vertices = [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    for points in ([[0.2, 0.2, 0], [2, 2, 0]], [[0, 0, 0], [0.5, 0, 0]]):
        winding = ask_one_face(vertices, points, implementation)
        np.testing.assert_array_equal(winding, 0)


@every_implementation
def test_batch_of_meshes_over_several_chunks(implementation):
    vertices, faces = helpers.torus(12, 6)
    hierarchy = build_hierarchy(vertices, faces)
    meshes = np.stack([vertices, vertices * [1, 0.5, 2] + 3, vertices[:, [1, 2, 0]]])
    meshes = meshes.astype(np.float32)
    rng = np.random.default_rng(1)
    mesh = rng.integers(3, size=9001).astype(np.int32)
    centre = np.array([0.0, 3, 0])[mesh, None]
    points = (centre + 0.7 * rng.normal(size=(9001, 3))).astype(np.float32)
    winding = find(points, mesh, meshes, hierarchy, np.int32(8999), 2.0, implementation)
    assert not np.any(winding[8999:])
    for b in range(3):
        some = np.flatnonzero(mesh[:8999] == b)[-200:]
        expected = battery.winding(points[some], meshes[b], faces)
        assert 10 < np.sum(expected > 0.5) < 190
        error = np.abs(winding[some] - expected)
        off = battery.closest_distance(points[some], meshes[b], faces) > NEAR
        assert error[off].max() < STATED_ERROR[2.0]


@every_implementation
def test_count_leaves_the_rest_zero(implementation):
    case = battery.case("torus")
    whole = ask(case, implementation)
    for count in (0, 1, 57):
        winding = find(
            case.points.astype(np.float32),
            np.zeros(battery.N_POINTS, np.int32),
            case.vertices.astype(np.float32)[None],
            case.hierarchy,
            np.int32(count),
            np.float32(2.0),
            implementation,
        )
        np.testing.assert_array_equal(winding[:count], whole[:count])
        assert not np.any(winding[count:])


@every_implementation
def test_vmap_over_vertices(implementation):
    vertices, faces = helpers.box()
    hierarchy = build_hierarchy(vertices, faces)
    stretched = np.stack([vertices, vertices * [1, 2, 3], vertices + 0.3])
    points = np.random.default_rng(2).uniform(-1, 1, (33, 3)).astype(np.float32)

    @jax.jit
    @jax.vmap
    def ask_one(vertices):
        index = jnp.zeros(33, jnp.int32)
        return winding_number(
            points, index, vertices[None], hierarchy, implementation=implementation
        )

    winding = ask_one(stretched.astype(np.float32))
    for b in range(3):
        expected = battery.winding(points, stretched[b], faces)
        assert np.abs(winding[b] - expected).max() < STATED_ERROR[2.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@every_implementation
def test_a_bad_point_spoils_only_itself(implementation, bad):
    case = battery.case("torus")
    clean = ask(case, implementation)
    points = case.points.copy()
    points[7, 1] = bad
    winding = ask(case, implementation, points=points)
    assert np.isnan(winding[7])
    np.testing.assert_array_equal(np.delete(winding, 7), np.delete(clean, 7))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@every_implementation
def test_a_bad_vertex_spoils_its_mesh(implementation, bad):
    case = battery.case("torus")
    vertices = case.vertices.copy()
    vertices[11, 2] = bad
    assert np.isnan(ask(case, implementation, vertices=vertices)).all()


def test_unknown_implementation():
    vertices, faces = helpers.box()
    with pytest.raises(ValueError, match="'cuda' is unknown.*native, tiled, reference"):
        winding_number(
            np.zeros((1, 3)),
            np.zeros(1, np.int32),
            vertices[None],
            build_hierarchy(vertices, faces),
            implementation="cuda",
        )
