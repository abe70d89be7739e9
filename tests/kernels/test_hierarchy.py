"""The hierarchy holds every face once, bounds it after any deformation, knows edges."""

import numpy as np
import pytest

from spine_jax.kernels.hierarchy import build_hierarchy, leaf_triangles, node_boxes
from tests import helpers


def held_faces(hierarchy):
    return np.asarray(hierarchy.leaf_faces)[np.asarray(hierarchy.leaf_valid)]


@pytest.mark.parametrize("n_faces", [1, 8, 9, 28, 65, 577])
@pytest.mark.parametrize("leaf_size, branching", [(8, 8), (1, 2), (1, 5), (3, 8)])
def test_every_face_is_in_one_leaf(n_faces, leaf_size, branching):
    vertices, faces = helpers.torus(25, 12)
    hierarchy = build_hierarchy(
        vertices, faces[:n_faces], leaf_size=leaf_size, branching=branching
    )
    np.testing.assert_array_equal(np.sort(held_faces(hierarchy)), np.arange(n_faces))
    assert hierarchy.n_faces == n_faces
    assert hierarchy.n_leaves == hierarchy.branching**hierarchy.depth
    assert hierarchy.branching <= branching and hierarchy.leaf_size <= leaf_size
    leaf_faces = np.asarray(hierarchy.leaf_faces)
    assert leaf_faces.min() == 0 and leaf_faces.max() == n_faces - 1


def test_no_faces():
    with pytest.raises(ValueError, match="faces is empty"):
        build_hierarchy(np.zeros((3, 3)), np.zeros((0, 3), int))


def test_boxes_bound_every_deformation():
    vertices, faces = helpers.star()
    hierarchy = build_hierarchy(vertices, faces)
    rng = np.random.default_rng(0)
    meshes = np.stack([vertices, rng.normal(size=vertices.shape)]).astype(np.float32)
    triangles = leaf_triangles(hierarchy, meshes)
    leaves, width = hierarchy.n_leaves, hierarchy.branching
    assert triangles.shape == (2 * leaves, 3, 3, hierarchy.leaf_size)
    leaf_faces = np.asarray(hierarchy.leaf_faces)
    # Leaf 3 of mesh 1, slot 2: its corners as rows.
    expected = meshes[1][faces[leaf_faces[3, 2]]]
    np.testing.assert_array_equal(triangles[leaves + 3, :, :, 2], expected)

    levels = [np.asarray(level) for level in node_boxes(hierarchy, triangles)]
    assert len(levels) == hierarchy.depth == 2
    for mesh in range(2):
        for leaf in range(leaves):
            corners = meshes[mesh][faces[leaf_faces[leaf]]].reshape(-1, 3)
            low, high = corners.min(axis=0), corners.max(axis=0)
            parent, slot = divmod(leaf, width)
            box = levels[1][mesh * width + parent, :, slot]
            np.testing.assert_array_equal(box, [*low, *high])
            grandparent = levels[0][mesh, :, parent]
            assert np.all(grandparent[:3] <= low) and np.all(grandparent[3:] >= high)


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
