"""A face hierarchy built once for a topology and refitted to every deformation.

Faces are sorted by a k-d split into the leaves of a complete tree: 8 faces in a leaf, 8
children in a node, except the root, which has as few as the mesh needs. Eight, because
that is what a vector register holds: boxes of siblings and faces of a leaf are tested
together. Leaves are full but the last ones, which may be empty.

Because the tree is complete, a level is an array, children of node `i` are
`fanout * i ... + fanout - 1`, and refitting to new vertices is a handful of reductions.
Any number of meshes that share the topology share the hierarchy; the nodes of mesh `b`
follow those of mesh `b - 1`.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np

LEAF_SIZE = 8
BRANCHING = 8


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FaceHierarchy:
    """Topology of the tree; geometry comes from `leaf_triangles` and `node_boxes`.

    Attributes:
        faces: [F, 3] int32, vertex indices.
        leaf_faces: [L, S] int32, faces of each leaf; a short leaf repeats its last
            one, empty leaves hold face 0.
        leaf_valid: [L, S] bool, False where a slot repeats.
        neighbours: [F, 3] int32, face across the edge from corner i to corner i + 1;
            the face itself where the mesh is open or has more than two faces there.
        boundary: [E, 2] int32, directed edges without an opposite edge; none for a
            closed, consistently oriented mesh.
        fanout: Children per node of each inner level from the root (static), at least
            one level; L is their product.
    """

    faces: jax.Array
    leaf_faces: jax.Array
    leaf_valid: jax.Array
    neighbours: jax.Array
    boundary: jax.Array
    fanout: tuple[int, ...] = dataclasses.field(metadata={"static": True})

    @property
    def n_faces(self) -> int:
        return self.faces.shape[0]

    @property
    def n_leaves(self) -> int:
        return self.leaf_faces.shape[0]

    @property
    def leaf_size(self) -> int:
        return self.leaf_faces.shape[1]


def build_hierarchy(vertices: np.ndarray, faces: np.ndarray) -> FaceHierarchy:
    """Sort faces into a complete tree by near-median splits along the longest axis.

    The positions only steer the sorting: any later deformation stays correct, and a
    moderate one stays fast.

    Args:
        vertices: [V, 3], positions in a typical pose.
        faces: [F, 3] integer, F >= 1.
    """
    faces = np.asarray(faces, np.int32)
    centroids = np.asarray(vertices, np.float64)[faces].mean(axis=1)
    if len(faces) == 0:
        raise ValueError("faces is empty, expected at least one triangle")
    wanted_leaves = math.ceil(len(faces) / LEAF_SIZE)
    depth = 1
    while BRANCHING**depth < wanted_leaves:
        depth += 1
    below_root = BRANCHING ** (depth - 1)
    fanout = (math.ceil(wanted_leaves / below_root),) + (BRANCHING,) * (depth - 1)
    leaf_faces = np.zeros((math.prod(fanout), LEAF_SIZE), np.int32)
    leaf_valid = np.zeros(leaf_faces.shape, bool)
    for leaf, group in enumerate(_split(np.arange(len(faces)), centroids, LEAF_SIZE)):
        leaf_faces[leaf] = np.pad(group, (0, LEAF_SIZE - len(group)), mode="edge")
        leaf_valid[leaf, : len(group)] = True
    neighbours, boundary = _edge_topology(faces)
    return FaceHierarchy(
        faces=jnp.asarray(faces),
        leaf_faces=jnp.asarray(leaf_faces),
        leaf_valid=jnp.asarray(leaf_valid),
        neighbours=jnp.asarray(neighbours),
        boundary=jnp.asarray(boundary),
        fanout=fanout,
    )


def _split(group: np.ndarray, centroids: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut a face group into runs of `size` faces, the last of which may be shorter.

    The group is halved recursively, the left half being some whole subtrees of the
    complete tree, so that runs fill the tree from the left.
    """
    runs = math.ceil(len(group) / size)
    if runs <= 1:
        return [group]
    extent = np.ptp(centroids[group], axis=0)
    order = group[np.argsort(centroids[group, np.argmax(extent)], kind="stable")]
    subtree = 1
    while subtree * BRANCHING < runs:
        subtree *= BRANCHING
    cut = math.ceil(runs / subtree) // 2 * subtree * size
    return _split(order[:cut], centroids, size) + _split(order[cut:], centroids, size)


def _edge_topology(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Face across each edge [F, 3], and the unmatched directed edges [E, 2]."""
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    owner = np.repeat(np.arange(len(faces)), 3)
    n_vertices = int(faces.max()) + 1
    forward = edges[:, 0].astype(np.int64) * n_vertices + edges[:, 1]
    backward = edges[:, 1].astype(np.int64) * n_vertices + edges[:, 0]
    order = np.argsort(forward, kind="stable")
    low = np.searchsorted(forward[order], backward, side="left")
    high = np.searchsorted(forward[order], backward, side="right")
    single = high - low == 1
    across = owner[order[np.minimum(low, len(order) - 1)]]
    neighbours = np.where(single, across, owner).reshape(-1, 3).astype(np.int32)
    # A directed edge used k times forward and l times backward leaves k - l unmatched:
    # keep one entry for each, so that the winding number's gradient stays exact.
    unique, uses = np.unique(forward, return_counts=True)
    reverse = (unique % n_vertices) * n_vertices + unique // n_vertices
    at = np.minimum(np.searchsorted(unique, reverse), len(unique) - 1)
    surplus = uses - np.where(unique[at] == reverse, uses[at], 0)
    surplus = np.where(unique // n_vertices == unique % n_vertices, 0, surplus)
    unmatched = np.repeat(unique, np.maximum(surplus, 0))
    boundary = np.stack([unmatched // n_vertices, unmatched % n_vertices], axis=1)
    return neighbours, boundary.astype(np.int32)


def leaf_triangles(hierarchy: FaceHierarchy, vertices: jax.Array) -> jax.Array:
    """Corners by leaf, [B * L, 3 (corner), 3 (xyz), S], of vertices [B, V, 3].

    Faces run along the last axis so that the inner loop over them is contiguous.
    """
    corners = hierarchy.faces[hierarchy.leaf_faces]
    triangles = vertices[:, corners]  # [B, L, S, 3, 3]
    triangles = jnp.moveaxis(triangles, 2, -1)
    return triangles.reshape((-1,) + triangles.shape[2:])


def node_boxes(hierarchy: FaceHierarchy, triangles: jax.Array) -> list[jax.Array]:
    """Bounding boxes of the children of every node, level by level from the root.

    Args:
        triangles: [B * L, 3, 3, S] of `leaf_triangles`.

    Returns:
        One array per level, [B * nodes, 6 (low xyz, high xyz), fanout]. Boxes of empty
        leaves run from inf to -inf: infinitely far from everything.
    """
    low, high = leaf_boxes(hierarchy, triangles)
    levels = []
    for fanout in reversed(hierarchy.fanout):
        low, high = low.reshape(-1, fanout, 3), high.reshape(-1, fanout, 3)
        levels.append(jnp.concatenate([low, high], axis=-1).swapaxes(1, 2))
        low, high = low.min(axis=1), high.max(axis=1)
    return levels[::-1]


def leaf_boxes(
    hierarchy: FaceHierarchy, triangles: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Lower and upper corners of the leaves, [B * L, 3]; inf and -inf of empty ones."""
    empty = jnp.tile(
        ~hierarchy.leaf_valid.any(axis=1), triangles.shape[0] // hierarchy.n_leaves
    )[:, None]
    low, high = triangles.min(axis=(1, 3)), triangles.max(axis=(1, 3))
    return jnp.where(empty, jnp.inf, low), jnp.where(empty, -jnp.inf, high)
