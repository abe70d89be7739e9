"""Times the winding-number implementations, beside libigl where it is installed."""

import functools

import jax
import numpy as np

from spine_jax.kernels import timing
from spine_jax.kernels.cases import Case
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.kernels.winding_number import IMPLEMENTATIONS, winding_number


def run(case: Case, repeats: int) -> None:
    """Print one row per implementation, at the default accuracy of 2 (libigl's too).

    Ours includes refitting the hierarchy to the vertices; sorting the faces into it is
    done once per topology and not timed. libigl builds its tree at every call.
    """
    peer = libigl_ms(case, repeats)
    hierarchy = build_hierarchy(case.vertices, case.faces)
    points, vertices = jax.device_put((case.points, case.vertices[None]))
    index = jax.numpy.zeros(len(points), int)
    n_pairs = len(case.points) * len(case.faces)
    for name in timing.implementations_to_time(IMPLEMENTATIONS, n_pairs):
        find = jax.jit(functools.partial(winding_number, implementation=name))
        own = timing.median_ms(
            lambda find=find: find(points, index, vertices, hierarchy), repeats
        )
        timing.print_row(case.name, "winding_number", name, own, peer)


def libigl_ms(case: Case, repeats: int) -> float | None:
    """Time of libigl's fast winding number in milliseconds; None without libigl."""
    igl = timing.import_libigl()
    if igl is None:
        return None
    points, vertices = np.float64(case.points), np.float64(case.vertices)
    faces = np.int64(case.faces)
    return timing.median_ms(
        lambda: igl.fast_winding_number(vertices, faces, points), repeats
    )
