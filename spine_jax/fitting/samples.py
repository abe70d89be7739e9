"""Random places on the surfaces of all vertebrae of a fit."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.fitting.problem import FitProblem
from spine_jax.geometry import sample_surface, surface_points

Samples = list[tuple[jax.Array, jax.Array, jax.Array]]
"""Mesh, face and barycentric coordinates of the samples of each group."""


def draw_samples(
    key: jax.Array, vertices: Sequence[jax.Array], problem: FitProblem, n: int
) -> Samples:
    """Draw n places, by area within a group, by number of vertebrae between groups.

    Args:
        vertices: [B', V, 3] of each group; no gradient flows into the draw.
    """
    samples = []
    shares = _shares(n, [len(group.members) for group in problem.groups])
    for i, (hierarchy, share) in enumerate(
        zip(problem.hierarchies, shares, strict=True)
    ):
        frozen = jax.lax.stop_gradient(vertices[i])
        own_key = jax.random.fold_in(key, i)
        samples.append(sample_surface(own_key, frozen, hierarchy.faces, int(share)))
    return samples


def at_samples(
    values: Sequence[jax.Array], problem: FitProblem, samples: Samples
) -> jax.Array:
    """Per-vertex values [B', V, C] of each group at the samples, [n, C]."""
    return jnp.concatenate(
        [
            surface_points(own, hierarchy.faces, *places)
            for own, hierarchy, places in zip(
                values, problem.hierarchies, samples, strict=True
            )
        ]
    )


def _shares(n: int, sizes: list[int]) -> np.ndarray:
    """n split in proportion to the sizes, whole numbers."""
    ends = np.round(n * np.cumsum(sizes) / sum(sizes)).astype(int)
    return np.diff(ends, prepend=0)
