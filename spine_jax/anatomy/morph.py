"""Carrying a mesh from one parametric shape to another with its faces unchanged."""

import dataclasses
from typing import Any

import numpy as np

from spine_jax.anatomy.implicit import vertebra_distance
from spine_jax.anatomy.meshing import onto_surface
from spine_jax.anatomy.remesh import slide
from spine_jax.anatomy.shape import VertebraShape

_STEPS = 12


def morph_vertices(
    vertices_mm: np.ndarray,
    faces: np.ndarray,
    start: VertebraShape,
    end: VertebraShape,
) -> np.ndarray:
    """Move the vertices of a mesh of `start` onto `end`, [V, 3] mm.

    The shape changes in small steps; after each one the vertices slide a little, which
    keeps triangles even, and return to the surface. Every level made from one mesh
    shares its faces, and equal vertex numbers mean about the same place.

    Args:
        vertices_mm: [V, 3], on the surface of `start`.
        faces: [F, 3].
        start: Shape the mesh was made from.
        end: Shape to reach.
    """
    for step in range(1, _STEPS + 1):
        shape = blend_shapes(start, end, step / _STEPS)

        def project(points_mm: np.ndarray, shape=shape) -> np.ndarray:
            return onto_surface(lambda p: vertebra_distance(p, shape), points_mm)

        vertices_mm = slide(project(vertices_mm), faces, project, rate=0.4)
    return vertices_mm


def blend_shapes(start: VertebraShape, end: VertebraShape, share: float):
    """All parameters moved linearly, `share` = 0 at `start` and 1 at `end`."""
    return _blend(start, end, share)


def _blend(start: Any, end: Any, share: float) -> Any:
    if dataclasses.is_dataclass(start):
        return type(start)(
            *(
                _blend(getattr(start, field.name), getattr(end, field.name), share)
                for field in dataclasses.fields(start)
            )
        )
    if isinstance(start, tuple):
        return tuple(_blend(s, e, share) for s, e in zip(start, end))
    return start + share * (end - start)
