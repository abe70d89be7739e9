"""The hierarchy holds every face once, bounds it after any deformation, knows edges."""

import jax
import numpy as np
import pytest

from spine_jax.kernels.hierarchy import (
    LEAF_SIZE,
    build_hierarchy,
    leaf_boxes,
    leaf_triangles,
    node_boxes,
)
from tests import helpers


def held_faces(hierarchy):
    return np.asarray(hierarchy.leaf_faces)[np.asarray(hierarchy.leaf_valid)]


# Faces, and by hand: a leaf for each 8 of them, 8 nodes to a level below the root.
FANOUT = {
    1: (1,),
    7: (1,),
    8: (1,),
    9: (2,),
    64: (8,),
    65: (2, 8),
    128: (2, 8),
    129: (3, 8),
    512: (8, 8),
    513: (2, 8, 8),
    577: (2, 8, 8),
    1025: (3, 8, 8),
}


@pytest.mark.parametrize("n_faces", FANOUT)
def test_leaves_are_full_from_the_left_and_hold_every_face_once(n_faces):
    vertices, faces = helpers.torus(45, 12)
    hierarchy = build_hierarchy(vertices, faces[:n_faces])
    assert hierarchy.fanout == FANOUT[n_faces]
    assert hierarchy.n_faces == n_faces
    assert hierarchy.n_leaves == np.prod(FANOUT[n_faces])
    assert hierarchy.leaf_size == LEAF_SIZE == 8
    np.testing.assert_array_equal(np.sort(held_faces(hierarchy)), np.arange(n_faces))
    # Slot after slot, so that only the last leaf with faces can be short.
    valid = np.asarray(hierarchy.leaf_valid).reshape(-1)
    np.testing.assert_array_equal(valid, np.arange(valid.size) < n_faces)
    leaf_faces = np.asarray(hierarchy.leaf_faces)
    last, in_last = (n_faces - 1) // 8, (n_faces - 1) % 8
    assert (leaf_faces[last, in_last:] == leaf_faces[last, in_last]).all()
    assert not leaf_faces[last + 1 :].any()


def test_siblings_are_neighbours_in_space():
    # The tree culls because boxes are small. In a plane of 80 x 80 cells of two faces,
    # n faces cover n / 2: their box cannot be smaller, and must not be much larger.
    x, y = (a.reshape(-1) for a in np.meshgrid(*2 * [np.arange(81.0)], indexing="ij"))
    corner = (np.arange(80)[:, None] * 81 + np.arange(80)).reshape(-1)
    quad = np.stack([corner, corner + 81, corner + 82, corner + 1], axis=1)
    faces = np.concatenate([quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]])
    vertices = np.stack([x, y, 0 * x], axis=1).astype(np.float32)
    hierarchy = build_hierarchy(vertices, faces)
    assert hierarchy.fanout == (4, 8, 8, 8)
    levels = node_boxes(hierarchy, leaf_triangles(hierarchy, vertices[None]))
    for level, faces_in_node in zip(levels[1:], (512, 64, 8)):
        low, high = np.split(np.asarray(level), 2, axis=1)
        sides = (high - low)[:, :2]
        area = sides.prod(axis=1)[(high >= low).all(axis=1)]
        assert np.mean(area) < 2.5 * faces_in_node / 2


def test_an_equal_hierarchy_is_built_from_equal_faces():
    # Kernels are compiled by the static part, and results repeat run by run.
    first, second = (build_hierarchy(*helpers.star()) for _ in range(2))
    assert jax.tree.structure(first) == jax.tree.structure(second)
    for a, b in zip(jax.tree.leaves(first), jax.tree.leaves(second)):
        np.testing.assert_array_equal(a, b)


def test_no_faces():
    with pytest.raises(ValueError, match="faces is empty"):
        build_hierarchy(np.zeros((3, 3)), np.zeros((0, 3), int))


def test_boxes_bound_every_deformation():
    vertices, faces = helpers.star()
    hierarchy = build_hierarchy(vertices, faces)
    assert hierarchy.fanout == (5, 8)
    rng = np.random.default_rng(0)
    meshes = np.stack([vertices, rng.normal(size=vertices.shape)]).astype(np.float32)
    triangles = leaf_triangles(hierarchy, meshes)
    assert triangles.shape == (2 * 40, 3, 3, 8)
    leaf_faces = np.asarray(hierarchy.leaf_faces)
    # Leaf 3 of mesh 1, slot 2: its corners as rows.
    expected = meshes[1][faces[leaf_faces[3, 2]]]
    np.testing.assert_array_equal(triangles[40 + 3, :, :, 2], expected)

    root, bottom = (np.asarray(level) for level in node_boxes(hierarchy, triangles))
    assert root.shape == (2, 6, 5) and bottom.shape == (2 * 5, 6, 8)
    for mesh in range(2):
        for leaf in range(40):
            corners = meshes[mesh][faces[leaf_faces[leaf]]].reshape(-1, 3)
            low, high = corners.min(axis=0), corners.max(axis=0)
            parent, slot = divmod(leaf, 8)
            box = bottom[mesh * 5 + parent, :, slot]
            np.testing.assert_array_equal(box, [*low, *high])
        for parent in range(5):
            below = bottom[mesh * 5 + parent]
            expected = [*below[:3].min(axis=1), *below[3:].max(axis=1)]
            np.testing.assert_array_equal(root[mesh, :, parent], expected)


def test_boxes_of_empty_leaves_are_infinitely_far():
    # 66 faces fill 8 leaves and 2 slots of the ninth; 7 leaves are empty. Those hold
    # face 0, which must not stretch the box of their parent.
    vertices, faces = helpers.torus(25, 12)
    hierarchy = build_hierarchy(vertices, faces[:66])
    meshes = np.stack([vertices, vertices + 3]).astype(np.float32)
    triangles = leaf_triangles(hierarchy, meshes)
    root, bottom = (np.asarray(level) for level in node_boxes(hierarchy, triangles))
    for mesh in range(2):
        np.testing.assert_array_equal(bottom[2 * mesh + 1, :3, 1:], np.inf)
        np.testing.assert_array_equal(bottom[2 * mesh + 1, 3:, 1:], -np.inf)
        leaf = np.asarray(hierarchy.leaf_faces)[8, :2]
        corners = meshes[mesh][faces[leaf]].reshape(-1, 3)
        expected = [*corners.min(axis=0), *corners.max(axis=0)]
        np.testing.assert_array_equal(bottom[2 * mesh + 1, :, 0], expected)
        np.testing.assert_array_equal(root[mesh, :, 1], expected)
    low, high = (np.asarray(x) for x in leaf_boxes(hierarchy, triangles))
    empty = np.arange(32) % 16 > 8
    np.testing.assert_array_equal(np.isinf(low).all(axis=1), empty)
    np.testing.assert_array_equal((high < low).all(axis=1), empty)


def test_neighbours_and_boundary_of_two_faces():
    #  3 --- 2     Faces (0, 1, 2) and (0, 2, 3) share the edge 0-2: the last of the
    #  |   / |     first, the first of the second.
    #  0 --- 1
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    hierarchy = build_hierarchy(vertices, [[0, 1, 2], [0, 2, 3]])
    assert hierarchy.neighbours.tolist() == [[0, 0, 1], [0, 1, 1]]
    edges = sorted(hierarchy.boundary.tolist())
    assert edges == [[0, 1], [1, 2], [2, 3], [3, 0]]


@pytest.mark.parametrize("name", helpers.CLOSED)
def test_closed_meshes_have_no_boundary(name):
    assert build_hierarchy(*helpers.CLOSED[name]()).boundary.shape == (0, 2)


def test_neighbours_of_a_closed_manifold_share_the_edge():
    vertices, faces = helpers.torus()
    neighbours = np.asarray(build_hierarchy(vertices, faces).neighbours)
    for edge in range(3):
        across = faces[neighbours[:, edge]]
        assert np.all(neighbours[:, edge] != np.arange(len(faces)))
        for end in (faces[:, edge], faces[:, (edge + 1) % 3]):
            assert np.all(np.any(across == end[:, None], axis=1))


def test_an_edge_of_four_faces_has_no_neighbour():
    vertices, faces = helpers.touching_at_edge()
    hierarchy = build_hierarchy(vertices, faces)
    itself = np.argwhere(
        np.asarray(hierarchy.neighbours) == np.arange(len(faces))[:, None]
    )
    ends = {tuple(sorted(faces[f, [e, (e + 1) % 3]])) for f, e in itself}
    assert len(itself) == 4 and len(ends) == 1
    np.testing.assert_allclose(vertices[list(ends.pop())][:, :2], 0.5)


def test_boundary_of_the_bowl_is_its_rim():
    vertices, faces = helpers.open_bowl()
    boundary = np.asarray(build_hierarchy(vertices, faces).boundary)
    # One directed loop: every rim vertex starts one edge and ends one.
    assert sorted(boundary[:, 0]) == sorted(boundary[:, 1])
    following = dict(boundary.tolist())
    start = at = int(boundary[0, 0])
    for _ in range(len(boundary) - 1):
        at = following[at]
        assert at != start
    assert following[at] == start
    assert vertices[boundary].reshape(-1, 3)[:, 2].min() > 0.3


def test_a_face_used_twice_leaves_its_edges_twice():
    vertices = np.eye(3)
    hierarchy = build_hierarchy(vertices, [[0, 1, 2], [0, 1, 2]])
    assert sorted(hierarchy.boundary.tolist()) == sorted(2 * [[0, 1], [1, 2], [2, 0]])
