"""The far field of the winding number: its stated error, its order, its two authors."""

import numpy as np
import pytest

from spine_jax.io.meshes import load_mesh
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers
from tests.kernels import battery
from tests.kernels.winding import NEAR, STATED_ERROR, ask, find

by_far_fields = battery.every(["native", "tiled"])
every_mesh = pytest.mark.parametrize("name", battery.MESHES)

VERTEBRA_ERROR = {1.2: 0.1, 1.5: 0.05, 2.0: 0.025, 3.0: 0.008}


@pytest.mark.parametrize("accuracy", STATED_ERROR)
@every_mesh
@by_far_fields
def test_far_fields_keep_the_stated_error(name, implementation, accuracy):
    case = battery.case(name)
    off = case.distance > NEAR
    error = np.abs(ask(case, implementation, accuracy=accuracy) - case.winding)[off]
    assert error.max() < STATED_ERROR[accuracy]


@by_far_fields
def test_far_field_is_of_order_one(implementation):
    # All of an open, curved patch as a few far nodes. What an expansion to order 1
    # leaves out is less than the whole by the square of size over distance; a wrong or
    # missing term of order 1 would be less by that ratio itself.
    case = battery.case("open_bowl")
    direction = np.random.default_rng(0).normal(size=(battery.N_POINTS, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    errors = []
    for distance in (5, 10, 20, 40):
        points = case.vertices.mean(axis=0) + distance * direction
        points = points.astype(np.float32)
        exact = battery.winding(points, case.vertices, np.asarray(case.hierarchy.faces))
        winding = ask(case, implementation, accuracy=1e-3, points=points)
        errors.append(np.linalg.norm(winding - exact) / np.linalg.norm(exact))
    assert errors[0] < 0.04
    ratios = np.divide(errors[:-1], errors[1:])
    np.testing.assert_allclose(ratios, 4, rtol=0.03)


@battery.needs_native
@pytest.mark.parametrize("accuracy", STATED_ERROR)
@every_mesh
def test_native_adds_the_same_sums_as_tiled(name, accuracy):
    # Same tree, same far nodes: only float32 rounding, beside thin faces 3e-5.
    case = battery.case(name)
    off = case.distance > NEAR
    native, tiled = (
        ask(case, implementation, accuracy=accuracy)[off]
        for implementation in ("native", "tiled")
    )
    np.testing.assert_allclose(native, tiled, atol=1e-4)


@pytest.mark.parametrize(
    "pattern",
    [
        "visible_human/L[15].ply",
        pytest.param("visible_human/L[234].ply", marks=pytest.mark.slow),
        pytest.param("cervical/*.ply", marks=pytest.mark.slow),
    ],
)
@by_far_fields
def test_stated_error_on_vertebrae(implementation, pattern, shared_data):
    # Split to one size, so that the meshes share a program.
    for path in sorted((shared_data / "meshes").glob(pattern)):
        mesh = load_mesh(path)
        centred = mesh.vertices_mm - mesh.vertices_mm.mean(axis=0)
        centred /= np.ptp(centred, axis=0).max()
        vertices, faces = helpers.refined((centred, mesh.faces), 9400, 4700)
        check_vertebra(vertices.astype(np.float32), faces, implementation)


def check_vertebra(vertices, faces, implementation):
    hierarchy = build_hierarchy(vertices, faces)
    rng = np.random.default_rng(0)
    corners = vertices[faces[rng.integers(len(faces), size=500)]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    middle = corners.mean(axis=1)
    # Both sides of the surface at the least distance that must be told apart, and the
    # box around it.
    points = np.concatenate(
        [middle - 2 * NEAR * normal, middle + 2 * NEAR * normal]
        + [rng.uniform(-0.6, 0.6, (500, 3))]
    ).astype(np.float32)

    def ask(implementation, accuracy):
        index, n = np.zeros(len(points), np.int32), len(points)
        return np.asarray(
            find(points, index, vertices[None], hierarchy, n, accuracy, implementation)
        )

    exact = ask("reference", 2.0)
    decided = np.abs(exact - exact.round()) < 0.01
    assert decided.mean() > 0.95 and np.mean(exact[:500] > 0.5) > 0.95
    for accuracy, bound in VERTEBRA_ERROR.items():
        winding = ask(implementation, accuracy)
        assert np.abs(winding - exact)[decided].max() < bound
        np.testing.assert_array_equal(winding[decided] > 0.5, exact[decided] > 0.5)
