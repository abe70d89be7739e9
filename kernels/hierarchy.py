"""A face hierarchy built once for a topology and refitted to every deformation.

Faces are sorted by a k-d split into the leaves of a complete tree: `depth` levels of
`branching` children, at most `leaf_size` faces in a leaf. Because the tree is complete,
a level is an array, children of node `i` are `branching * i ... + branching - 1`, and
refitting to new vertices is a handful of reductions. Any number of meshes that share
the topology share the hierarchy; the nodes of mesh `b` follow those of mesh `b - 1`.
"""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FaceHierarchy:
    """Topology of the tree; geometry comes from `leaf_triangles` and `node_boxes`.

    Attributes:
        faces: [F, 3] int32, vertex indices.
        leaf_faces: [L, S] int32, faces of each leaf; short leaves repeat their last
            one, empty leaves face 0.
        leaf_valid: [L, S] bool, False where a slot repeats.
        neighbours: [F, 3] int32, face across the edge from corner i to corner i + 1;
            the face itself where the mesh is open or has more than two faces there.
        boundary: [E, 2] int32, directed edges without an opposite edge; none for a
            closed, consistently oriented mesh.
        branching: Children per inner node (static).
        depth: Levels below the root (static); L = branching ** depth.
    """

    faces: jax.Array
    leaf_faces: jax.Array
    leaf_valid: jax.Array
    neighbours: jax.Array
    boundary: jax.Array
    branching: int = dataclasses.field(metadata={"static": True})
    depth: int = dataclasses.field(metadata={"static": True})

    @property
    def n_faces(self) -> int:
        return self.faces.shape[0]

    @property
    def n_leaves(self) -> int:
        return self.leaf_faces.shape[0]

    @property
    def leaf_size(self) -> int:
        return self.leaf_faces.shape[1]


def build_hierarchy(
    vertices: np.ndarray, faces: np.ndarray, *, leaf_size: int = 8, branching: int = 8
) -> FaceHierarchy:
    """Sort faces into a complete tree by median splits along the longest axis.

    The positions only steer the sorting: any later deformation stays correct, and a
    moderate one stays fast.

    Args:
        vertices: [V, 3], positions in a typical pose.
        faces: [F, 3] integer, F >= 1.
        leaf_size: Aim for at most this many faces in a leaf.
        branching: Aim for at most this many children per node.
    """
    faces = np.asarray(faces, np.int32)
    centroids = np.asarray(vertices, np.float64)[faces].mean(axis=1)
    if len(faces) == 0:
        raise ValueError("faces is empty, expected at least one triangle")
    wanted_leaves = max(1, math.ceil(len(faces) / leaf_size))
    depth = max(0, math.ceil(math.log(wanted_leaves, branching) - 1e-9))
    width = math.ceil(wanted_leaves ** (1 / depth) - 1e-9) if depth else 1
    groups = [np.arange(len(faces))]
    for _ in range(depth):
        groups = [part for group in groups for part in _split(group, centroids, width)]
    sizes = np.array([len(group) for group in groups])
    slots = int(sizes.max())
    filled = [group if len(group) else np.zeros(1, int) for group in groups]
    padded = [np.pad(group, (0, slots - len(group)), mode="edge") for group in filled]
    neighbours, boundary = _edge_topology(faces)
    return FaceHierarchy(
        faces=jnp.asarray(faces),
        leaf_faces=jnp.asarray(np.stack(padded), jnp.int32),
        leaf_valid=jnp.asarray(np.arange(slots) < sizes[:, None]),
        neighbours=jnp.asarray(neighbours),
        boundary=jnp.asarray(boundary),
        branching=width,
        depth=depth,
    )


def _split(group: np.ndarray, centroids: np.ndarray, parts: int) -> list[np.ndarray]:
    """Cut a face group into `parts` of almost equal size, halving recursively."""
    if parts == 1:
        return [group]
    if len(group) < parts:
        return [group[i : i + 1] for i in range(parts)]
    extent = np.ptp(centroids[group], axis=0)
    order = group[np.argsort(centroids[group, np.argmax(extent)], kind="stable")]
    left = parts // 2
    cut = round(len(order) * left / parts)
    return _split(order[:cut], centroids, left) + _split(
        order[cut:], centroids, parts - left
    )


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
        One array per level, [B * branching**level, 6 (low xyz, high xyz), branching].
    """
    low = triangles.min(axis=(1, 3))
    high = triangles.max(axis=(1, 3))
    levels = []
    for _ in range(hierarchy.depth):
        low = low.reshape(-1, hierarchy.branching, 3)
        high = high.reshape(-1, hierarchy.branching, 3)
        levels.append(jnp.concatenate([low, high], axis=-1).swapaxes(1, 2))
        low, high = low.min(axis=1), high.max(axis=1)
    return levels[::-1]
