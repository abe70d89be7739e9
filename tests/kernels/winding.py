"""What the tests of the winding number share: one program, and the stated errors."""

import functools

import jax
import numpy as np

from spine_jax.kernels.winding_number import winding_number

STATED_ERROR = {1.2: 0.2, 1.5: 0.12, 2.0: 0.07, 3.0: 0.03}
"""What `winding_number.tiled` promises, by accuracy."""
NEAR = 1e-4
"""Points nearer to the surface than this, in mesh sizes, may fall on either side."""


@functools.partial(jax.jit, static_argnames="implementation")
def find(points, mesh_index, vertices, hierarchy, count, accuracy, implementation):
    return winding_number(
        points,
        mesh_index,
        vertices,
        hierarchy,
        count=count,
        accuracy=accuracy,
        implementation=implementation,
    )


def ask(
    case, implementation, dtype="float32", accuracy=2.0, points=None, vertices=None
):
    """Winding numbers of a case, with the battery's one compiled program."""
    points = case.points if points is None else points
    vertices = case.vertices if vertices is None else vertices
    return np.asarray(
        find(
            np.asarray(points, dtype),
            np.zeros(len(points), np.int32),
            np.asarray(vertices, dtype)[None],
            case.hierarchy,
            np.int32(len(points)),
            np.asarray(accuracy, dtype),
            implementation,
        )
    )
