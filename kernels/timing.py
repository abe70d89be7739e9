"""Timing shared by the benchmarks: one row per measurement, one clock."""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax


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
