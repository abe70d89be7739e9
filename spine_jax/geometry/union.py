"""The signed distance to many meshes at once, and where they overlap."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp

from spine_jax.geometry.witness import (
    SIGN_ACCURACY,
    Witness,
    distance_from_witness,
    sign_of,
)
from spine_jax.kernels.hierarchy import FaceHierarchy
from spine_jax.kernels.nearest_mesh import nearest_mesh


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class UnionWitness:
    """Witnesses of the two smallest signed distances of every point to many meshes.

    Attributes:
        first: Witness [P] of the smallest signed distance: the union's.
        second: Witness [P] of the next smallest where `overlaps`, else the first again.
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

    For a point p the union distance is min_b d_b(p), and an overlap is a second mesh
    with d_b(p) < 0; only the meshes that can be either are asked.

    Args:
        points: [P, 3]; vertices: [B, V, 3], same unit.
        hierarchy: Of the topology shared by the B meshes.
        bound: As in `nearest_mesh`.
        implementation: As in `signed_distance`.
    """
    found = nearest_mesh(
        jax.lax.stop_gradient(points),
        jax.lax.stop_gradient(vertices),
        hierarchy,
        bound=bound,
        accuracy=SIGN_ACCURACY,
        implementation=implementation,
    )
    sign = sign_of(found.inside, found.barycentric.dtype)
    first, second = (
        Witness(found.mesh[:, i], found.face[:, i], found.barycentric[:, i], sign[:, i])
        for i in range(2)
    )
    # Not overlapping, the second is the first again, on the first's side.
    second = dataclasses.replace(
        second, sign=jnp.where(found.inside[:, 1], second.sign, first.sign)
    )
    return UnionWitness(first, second, found.inside[:, 1])


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class UnionDistance:
    """The two smallest signed distances of every point to many meshes.

    Attributes:
        first: [P], the smallest: the union's.
        second: [P], the next smallest where that is negative too, so that two meshes
            hold the point; else inf.
        group: [P] int32, the group of meshes that `first` belongs to.
        mesh: [P] int32, its mesh within the group.
    """

    first: jax.Array
    second: jax.Array
    group: jax.Array
    mesh: jax.Array


def union_distance(
    points: jax.Array,
    vertices: Sequence[jax.Array],
    hierarchies: Sequence[FaceHierarchy],
    *,
    bound: jax.Array | None = None,
    implementation: str | None = None,
) -> UnionDistance:
    """Signed distance to the union of meshes of one or more topologies.

    Args:
        points: [P, 3].
        vertices: [B, V, 3] of each group of meshes that share a topology.
        hierarchies: Of these topologies.
        bound: As in `nearest_mesh`.
        implementation: As in `signed_distance`.

    Gradient: in points and vertices, as `signed_distance`.
    """
    merged = None
    for i, (own_vertices, hierarchy) in enumerate(
        zip(vertices, hierarchies, strict=True)
    ):
        found = find_union_witness(
            points, own_vertices, hierarchy, bound=bound, implementation=implementation
        )
        first, second = (
            distance_from_witness(points, own_vertices, hierarchy, witness)
            for witness in (found.first, found.second)
        )
        own = UnionDistance(
            first=first,
            second=jnp.where(found.overlaps, second, jnp.inf),
            group=jnp.full(first.shape, i, jnp.int32),
            mesh=found.first.mesh,
        )
        merged = own if merged is None else _merged(merged, own)
    if merged is None:
        raise ValueError("there are no meshes, expected at least one group")
    return merged


def _merged(a: UnionDistance, b: UnionDistance) -> UnionDistance:
    """Of the meshes of both."""
    nearer = b.first < a.first
    behind = jnp.where(nearer, a.first, b.first)
    next_smallest = jnp.minimum(jnp.minimum(a.second, b.second), behind)
    return UnionDistance(
        first=jnp.where(nearer, b.first, a.first),
        second=jnp.where(next_smallest < 0, next_smallest, jnp.inf),
        group=jnp.where(nearer, b.group, a.group),
        mesh=jnp.where(nearer, b.mesh, a.mesh),
    )
