"""Timing shared by the benchmarks: one row per measurement, one clock."""

import functools
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from spine_jax.kernels.cases import Case
from spine_jax.kernels.hierarchy import build_hierarchy


def median_ms(run: Callable[[], Any], repeats: int) -> float:
    """Median wall time of `run()` in milliseconds, after one call to warm up."""
    jax.block_until_ready(run())
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def print_row(
    case: str,
    operation: str,
    implementation: str,
    milliseconds: float,
    libigl_milliseconds: float | None,
) -> None:
    """One measurement as a JSON line; the ratio is libigl's time over ours."""
    row = {
        "case": case,
        "operation": operation,
        "implementation": implementation,
        "milliseconds": round(milliseconds, 2),
    }
    if libigl_milliseconds is not None:
        row["libigl_milliseconds"] = round(libigl_milliseconds, 2)
        row["ratio_to_libigl"] = round(libigl_milliseconds / milliseconds, 2)
    print(json.dumps(row), flush=True)


def import_libigl() -> Any | None:
    """The optional peer (`pip install spine-jax[bench]`), or None."""
    try:
        import igl
    except ImportError:
        return None
    return igl


def implementations_to_time(available: dict[str, Any], n_pairs: int) -> list[str]:
    """All but the dense reference, which is timed only where it takes seconds at most.

    Args:
        available: The kernel's `IMPLEMENTATIONS`.
        n_pairs: Points times faces.
    """
    return [name for name in available if name != "reference" or n_pairs < 3e7]


def time_kernel(
    case: Case,
    kernel: Callable[..., Any],
    available: dict[str, Any],
    libigl_run: Callable[..., Any],
    repeats: int,
) -> None:
    """Print one row per implementation of a kernel.

    Ours includes refitting the hierarchy to the vertices; sorting the faces into it is
    done once per topology and not timed. libigl builds its tree at every call.

    Args:
        available: The kernel's `IMPLEMENTATIONS`.
        libigl_run: `libigl_run(igl, points, vertices, faces)`, the same job.
    """
    igl = import_libigl()
    faces = np.int64(case.faces)
    doubles = np.float64(case.points), np.float64(case.vertices)
    peer = igl and median_ms(lambda: libigl_run(igl, *doubles, faces), repeats)
    hierarchy = build_hierarchy(case.vertices, case.faces)
    points, vertices = jax.device_put((case.points, case.vertices[None]))
    index = jax.numpy.zeros(len(points), int)
    n_pairs = len(case.points) * len(case.faces)
    for name in implementations_to_time(available, n_pairs):
        find = jax.jit(functools.partial(kernel, implementation=name))
        own = median_ms(
            lambda find=find: find(points, index, vertices, hierarchy), repeats
        )
        print_row(case.name, kernel.__name__, name, own, peer)
