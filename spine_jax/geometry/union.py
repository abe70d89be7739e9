"""Witnesses of the signed distance to many meshes at once, and of their overlaps."""

import dataclasses

import jax
import jax.numpy as jnp

from spine_jax.geometry.witness import SIGN_ACCURACY, Witness, sign_of
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
