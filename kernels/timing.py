"""Timing shared by the benchmarks: one clock, one kind of row."""

import functools
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.kernels.cases import Case
from spine_jax.kernels.dispatch import resolve
from spine_jax.kernels.hierarchy import build_hierarchy


def _unchanged(result: Any) -> Any:
    return result


class Job(NamedTuple):
    """Something to time.

    Attributes:
        run: Does the work; alone on the clock.
        values: Takes the result of `run` to the answers that jobs are compared by.
    """

    run: Callable[[], Any]
    values: Callable[[Any], Any] = _unchanged


class Timing(NamedTuple):
    """Median wall time of a job, and its answers: [P] where they are compared."""

    milliseconds: float
    values: Any


RUNS_PER_TURN = 5
PAUSE_S = 0.2


def time_jobs(jobs: Mapping[Any, Job], repeats: int) -> dict[Any, Timing]:
    """Time jobs by turns, so that whatever else the machine does hits all alike.

    A turn is a few runs in a row after a pause and a run that does not count: threads
    of the job before spin on for a while, and the caches are its own, which no caller
    meets who uses one library.
    """
    results = {name: jax.block_until_ready(job.run()) for name, job in jobs.items()}
    seconds = {name: [] for name in jobs}
    for turn in range(0, repeats, RUNS_PER_TURN):
        for name, job in jobs.items():
            time.sleep(PAUSE_S)
            jax.block_until_ready(job.run())
            for _ in range(min(RUNS_PER_TURN, repeats - turn)):
                start = time.perf_counter()
                jax.block_until_ready(job.run())
                seconds[name].append(time.perf_counter() - start)
    return {
        name: Timing(1e3 * statistics.median(seconds[name]), job.values(results[name]))
        for name, job in jobs.items()
    }


def make_row(
    case: str,
    operation: str,
    implementation: str,
    own: Timing,
    peers: Mapping[str, Timing],
    unit: float = 1.0,
) -> dict[str, Any]:
    """One measurement beside its peers'; a ratio is the peer's time over ours.

    Args:
        unit: What the largest difference of our answers to a peer's is expressed in.
    """
    row: dict[str, Any] = {
        "case": case,
        "operation": operation,
        "implementation": implementation,
        "milliseconds": round(own.milliseconds, 3),
    }
    for name, peer in peers.items():
        row[f"milliseconds_{name}"] = round(peer.milliseconds, 3)
        row[f"ratio_to_{name}"] = round(peer.milliseconds / own.milliseconds, 3)
        difference = np.abs(np.asarray(own.values) - peer.values).max(initial=0)
        row[f"max_difference_to_{name}"] = float(f"{difference / unit:.1e}")
    if peers:
        fastest = min(peer.milliseconds for peer in peers.values())
        row["ratio_to_fastest_peer"] = round(fastest / own.milliseconds, 3)
    return row


def implementations_to_time(
    available: Mapping[str, Callable[..., Any]], n_points: int, n_faces: int
) -> list[str]:
    """Which implementations a case is worth: those that run here, within seconds.

    A million points are asked of the default one alone, and the dense reference is
    left out where it would take minutes.
    """
    names = [name for name in available if _runs_here(name, available)]
    if n_points > 100_000:
        return names[:1]
    return [n for n in names if n != "reference" or n_points * n_faces < 1e8]


def _runs_here(name: str, available: Mapping[str, Callable[..., Any]]) -> bool:
    try:
        resolve(name, available, jnp.float32)
    except ValueError:
        return False
    return True


def usable_cores() -> int:
    """Cores that this process may run on."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def kernel_run(
    kernel: Callable[..., Any], case: Case, implementation: str | None
) -> Callable[[], Any]:
    """A kernel's call on a case of one mesh.

    Refitting the hierarchy is part of it; sorting the faces, once per topology, is not.
    """
    hierarchy = build_hierarchy(case.vertices, case.faces)
    index = np.zeros(len(case.points), np.int32)
    arguments = jax.device_put((case.points, index, case.vertices[None], hierarchy))
    find = jax.jit(functools.partial(kernel, implementation=implementation))
    return lambda: find(*arguments)
