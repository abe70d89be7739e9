"""Culled closest point in plain XLA: exact, runs anywhere.

A greedy descent to one leaf gives every query an upper bound. Then the tree is walked
breadth first, keeping the boxes nearer than the bound, and the faces of the surviving
leaves are tested. When a chunk of queries keeps more boxes than its buffers hold (all
faces equally far, say), the chunk is answered densely: slower, never different.
"""

from typing import Any

import jax
import jax.numpy as jnp

from spine_jax.kernels.closest_point.reference import closest_point_reference
from spine_jax.kernels.frontier import expand, in_chunks, root_frontier, visit
from spine_jax.kernels.hierarchy import FaceHierarchy, leaf_triangles, node_boxes
from spine_jax.kernels.triangles import closest_on_triangle

CHUNK = 4096
"""Queries traversed together: large enough to amortise loop steps, small for caches."""
BLOCK = 4096
"""(query, node) pairs evaluated per loop step."""
PAIRS_PER_QUERY = 96
"""Frontier capacity; points near a surface need about 5, points scattered in and
around a sphere 40, and what needs more goes dense."""


def closest_point_tiled(
    points: jax.Array,
    mesh_index: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    count: jax.Array | None = None,
) -> tuple[jax.Array, jax.Array]:
    """See `closest_point`."""
    n_queries = points.shape[0]
    if n_queries == 0:
        return jnp.zeros(0, jnp.int32), jnp.zeros((0, 3), points.dtype)
    chunk = min(CHUNK, n_queries)
    padding = -n_queries % chunk
    points = jnp.pad(points, ((0, padding), (0, 0)), mode="edge")
    mesh_index = jnp.pad(mesh_index, (0, padding), mode="edge")
    triangles = leaf_triangles(hierarchy, vertices)
    boxes = node_boxes(hierarchy, triangles)

    end = jnp.asarray(n_queries if count is None else count, jnp.int32)

    def run(start):
        part = jax.lax.dynamic_slice_in_dim(points, start, chunk)
        mesh = jax.lax.dynamic_slice_in_dim(mesh_index, start, chunk)
        live = jnp.minimum(end - start, chunk)
        face, overflowed = _nearest_faces(part, mesh, live, triangles, boxes, hierarchy)
        return jax.lax.cond(
            overflowed,
            lambda: closest_point_reference(part, mesh, vertices, hierarchy),
            lambda: (face, _barycentric(part, vertices[mesh[:, None], faces[face]])),
        )

    faces = hierarchy.faces
    outputs = (
        jnp.zeros(len(points), jnp.int32),
        jnp.zeros((len(points), 3), points.dtype),
    )
    face, barycentric = in_chunks(chunk, end, run, outputs)
    asked = jnp.arange(n_queries) < end
    return (
        jnp.where(asked, face[:n_queries], 0),
        jnp.where(asked[:, None], barycentric[:n_queries], 0),
    )


def _nearest_faces(
    points: jax.Array,
    mesh: jax.Array,
    live: jax.Array,
    triangles: jax.Array,
    boxes: list[jax.Array],
    hierarchy: FaceHierarchy,
) -> tuple[jax.Array, jax.Array]:
    """Closest faces of one chunk (its first `live` queries); did it overflow?"""
    n = points.shape[0]
    leaf = mesh
    for level in boxes:
        leaf = leaf * level.shape[-1] + jnp.argmin(
            _box_distance2(points, level[leaf]), 1
        )
    distance2, face = _nearest_in_leaf(points, leaf, triangles, hierarchy)

    block = min(BLOCK, n)
    capacity = -(-n * PAIRS_PER_QUERY // block) * block
    frontier = root_frontier(mesh, live, block)
    overflowed = jnp.asarray(False)
    for level in boxes:

        def keep_near(carry, query, node, valid, level=level):
            near = _box_distance2(points[query], level[node]) < distance2[query, None]
            return carry, near

        _, frontier = expand(frontier, level.shape[-1], capacity, block, keep_near, ())
        overflowed |= frontier.overflowed

    def test_leaf(best, query, node, valid):
        best_distance2, best_face = best
        found2, found = _nearest_in_leaf(points[query], node, triangles, hierarchy)
        found2 = jnp.where(valid, found2, jnp.inf)
        best_distance2 = best_distance2.at[query].min(found2)
        winner = found2 == best_distance2[query]
        # Losers write out of range, which is dropped.
        return best_distance2, best_face.at[jnp.where(winner, query, n)].set(
            found, mode="drop"
        )

    _, face = visit(frontier, block, test_leaf, (distance2, face))
    return face, overflowed


def _box_distance2(points: jax.Array, boxes: jax.Array) -> jax.Array:
    """Squared distance of points [N, 3] to their boxes [N, 6, C]; 0 inside."""
    total: Any = 0.0
    for axis in range(3):
        x = points[:, axis, None]
        outside = jnp.maximum(boxes[:, axis] - x, x - boxes[:, axis + 3])
        total += jnp.maximum(outside, 0) ** 2
    return total


def _nearest_in_leaf(
    points: jax.Array,
    leaf: jax.Array,
    triangles: jax.Array,
    hierarchy: FaceHierarchy,
) -> tuple[jax.Array, jax.Array]:
    """Smallest squared distance to the faces of a leaf, and that face, of [N, 3]."""
    corners = triangles[leaf]  # [N, 3, 3, S]
    p = tuple(points[:, axis, None] for axis in range(3))
    a, b, c = (tuple(corners[:, i, axis] for axis in range(3)) for i in range(3))
    distance2, _ = closest_on_triangle(p, a, b, c)
    nearest = distance2.min(axis=1)
    # min and a masked minimum over slots vectorise where argmin does not.
    slots = jnp.arange(hierarchy.leaf_size)
    is_nearest = distance2 == nearest[:, None]
    slot = jnp.where(is_nearest, slots, hierarchy.leaf_size - 1).min(axis=1)
    leaf_in_mesh = leaf % hierarchy.n_leaves
    return nearest, hierarchy.leaf_faces[leaf_in_mesh, slot]


def _barycentric(points: jax.Array, corners: jax.Array) -> jax.Array:
    """Barycentric coordinates of the closest points of one triangle each, [N, 3, 3]."""
    p = tuple(points[:, axis] for axis in range(3))
    a, b, c = (tuple(corners[:, i, axis] for axis in range(3)) for i in range(3))
    return jnp.stack(closest_on_triangle(p, a, b, c)[1], axis=-1)
