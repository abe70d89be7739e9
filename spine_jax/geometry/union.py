"""Signed distance to many meshes at once: ask only the meshes that can matter.

For a point p the union distance is min_b d_b(p), and an overlap is a second mesh with
d_b(p) < 0. A mesh whose bounding box is farther from p than a surface point already
found can be neither, so most (point, mesh) pairs are never evaluated. The selection is
exact: it changes the cost, not the answer.
"""

import dataclasses

import jax
import jax.numpy as jnp

from spine_jax.geometry.distance import (
    Witness,
    distance_from_witness,
    find_witness,
)
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import FaceHierarchy


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class UnionWitness:
    """Witnesses of the two smallest signed distances of every point.

    Attributes:
        first: Witness [P] of the smallest signed distance: the union's.
        second: Witness [P] of the next smallest; meaningful only where `overlaps`.
        overlaps: [P] bool, whether `second` is a mesh that holds the point too.
    """

    first: Witness
    second: Witness
    overlaps: jax.Array


def find_union_witness(
    points: jax.Array,
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    *,
    bound: jax.Array | None = None,
    implementation: str | None = None,
) -> UnionWitness:
    """Find, without gradient, the witnesses of the union distance and of overlaps.

    Args:
        points: [P, 3]; vertices: [B, V, 3], same unit.
        hierarchy: Of the topology shared by the B meshes.
        bound: [P], a distance within which each point surely has a surface point (of
            any mesh), such as how far a surface sample was moved; None finds one.
        implementation: As in `signed_distance`.
    """
    points = jax.lax.stop_gradient(points)
    vertices = jax.lax.stop_gradient(vertices)
    n_points, n_meshes = points.shape[0], vertices.shape[0]
    box_distance2 = _box_distance2(points, vertices)
    nearest_box = jnp.argmin(box_distance2, axis=1).astype(jnp.int32)
    if bound is None:
        bound = _distance_to(points, nearest_box, vertices, hierarchy, implementation)

    # A little slack, so that rounding never hides the mesh that the bound comes from:
    # relative for far points, absolute for a bound of zero.
    slack = 1e-5 * jnp.abs(vertices).max()
    wanted = box_distance2 <= (1.001 * bound[:, None] + slack) ** 2
    wanted = wanted.at[jnp.arange(n_points), nearest_box].set(True)
    capacity = n_points * n_meshes
    pair = jnp.nonzero(wanted.reshape(-1), size=capacity, fill_value=0)[0]
    count = wanted.sum(dtype=jnp.int32)
    point, mesh = pair // n_meshes, (pair % n_meshes).astype(jnp.int32)
    witness = find_witness(
        points[point],
        mesh,
        vertices,
        hierarchy,
        count=count,
        implementation=implementation,
    )
    distance = distance_from_witness(points[point], vertices, hierarchy, witness)
    return _two_smallest(distance, pair, count, witness, (n_points, n_meshes))


def _distance_to(points, mesh, vertices, hierarchy, implementation) -> jax.Array:
    """Unsigned distance [P] of each point to one mesh."""
    face, barycentric = closest_point(
        points, mesh, vertices, hierarchy, implementation=implementation
    )
    corners = vertices[mesh[:, None], hierarchy.faces[face]]
    closest = jnp.sum(barycentric[..., None] * corners, axis=1)
    return jnp.linalg.norm(points - closest, axis=-1)


def _box_distance2(points: jax.Array, vertices: jax.Array) -> jax.Array:
    """Squared distance of points [P, 3] to the boxes of meshes [B, V, 3], [P, B]."""
    low, high = vertices.min(axis=1), vertices.max(axis=1)
    outside = jnp.maximum(low - points[:, None], points[:, None] - high)
    return jnp.sum(jnp.maximum(outside, 0) ** 2, axis=-1)


def _two_smallest(
    distance: jax.Array,
    pair: jax.Array,
    count: jax.Array,
    witness: Witness,
    shape: tuple[int, int],
) -> UnionWitness:
    """Sort evaluated pairs into the two smallest signed distances of each point."""
    n_pairs = distance.shape[0]
    # Row and column of the pair list, inf where a pair was not asked.
    slot = jnp.where(jnp.arange(n_pairs) < count, pair, n_pairs)
    table = (
        jnp.full(n_pairs, jnp.inf, distance.dtype).at[slot].set(distance, mode="drop")
    )
    entry = (
        jnp.zeros(n_pairs, jnp.int32)
        .at[slot]
        .set(jnp.arange(n_pairs, dtype=jnp.int32), mode="drop")
    )
    table, entry = table.reshape(shape), entry.reshape(shape)
    rows = jnp.arange(shape[0])
    first = jnp.argmin(table, axis=1)
    rest = table.at[rows, first].set(jnp.inf)
    second = jnp.argmin(rest, axis=1)

    def take(column):
        return jax.tree.map(lambda values: values[entry[rows, column]], witness)

    return UnionWitness(take(first), take(second), rest[rows, second] < 0)
