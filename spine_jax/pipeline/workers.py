"""Jobs in processes of their own: one that fails or is killed stops no other."""

import dataclasses
import multiprocessing
import os
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import jax

from spine_jax.core import InputError
from spine_jax.training.interrupt import Interrupted, interrupt_requested

_POLL_S = 0.2
_INHERITED = (
    "jax_platforms",
    "jax_compilation_cache_dir",
    "jax_persistent_cache_min_compile_time_secs",
)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        index: Of the job.
        value: What its function returned; None where it failed.
        error: One line, None where it succeeded.
        warnings: Of the job, each once.
    """

    index: int
    value: Any = None
    error: str | None = None
    warnings: tuple[str, ...] = ()


def run_jobs(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    workers: int | None = None,
    on_done: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """function(job) for each job, each in a fresh process.

    Args:
        function: Of a module; what it takes and returns can be pickled.
        jobs: Its arguments.
        workers: Processes at a time; half of the cores by default.
        on_done: Called in this process as each job ends.

    Returns:
        Outcomes in the order of the jobs.

    Raises:
        InputError: for fewer than one worker.
        Interrupted: when a signal asked to stop; the processes are ended then.
    """
    workers = check_workers(workers)
    # JAX does not survive a fork.
    context = multiprocessing.get_context("spawn")
    waiting, running = list(enumerate(jobs)), {}
    done: dict[int, Outcome] = {}
    with interrupt_requested() as requested:
        try:
            while waiting or running:
                while waiting and len(running) < workers:
                    index, job = waiting.pop(0)
                    running[index] = _start(context, function, job)
                wait([pipe for _, pipe in running.values()], _POLL_S)
                for index in [i for i, (_, pipe) in running.items() if pipe.poll()]:
                    done[index] = _finish(index, *running.pop(index))
                    on_done(done[index])
                if number := requested():
                    raise Interrupted(number)
        finally:
            for process, _ in running.values():
                process.terminate()
                process.join()
    return [done[index] for index in sorted(done)]


def pass_on(name: str, outcome: Outcome) -> None:
    """Warn of what a job warned of, with its name."""
    for text in outcome.warnings:
        warnings.warn(f"{name}: {text}", stacklevel=2)


def check_workers(workers: int | None) -> int:
    """How many processes are meant; half of the cores where nobody says.

    Raises:
        InputError: for fewer than one.
    """
    if workers is None:
        return max(1, (os.cpu_count() or 1) // 2)
    if workers < 1:
        raise InputError(
            "WORKERS", "--workers", str(workers), "1 or more", "leaving it out"
        )
    return workers


def _start(context, function: Callable, job: Any) -> tuple[Any, Connection]:
    here, there = context.Pipe(duplex=False)
    settings = {name: getattr(jax.config, name) for name in _INHERITED}
    process = context.Process(
        target=_work, args=(there, settings, function, job), daemon=True
    )
    process.start()
    # So that the pipe ends when the process does.
    there.close()
    return process, here


def _work(
    pipe: Connection, settings: dict[str, Any], function: Callable, job: Any
) -> None:
    """The life of a process."""
    for name, setting in settings.items():
        jax.config.update(name, setting)
    value = error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        try:
            value = function(job)
        except InputError as bad:
            error = str(bad)
        except Exception as failure:  # told by the parent in one line
            error = f"error[FAILED] {type(failure).__name__}: {failure}"
    told = [str(w.message) for w in caught if w.category is UserWarning]
    one_line = None if error is None else " ".join(error.split())
    pipe.send((value, one_line, tuple(dict.fromkeys(told))))
    pipe.close()


def _finish(index: int, process, pipe: Connection) -> Outcome:
    try:
        outcome = Outcome(index, *pipe.recv())
    except EOFError:
        process.join()
        return Outcome(
            index,
            error=f"error[KILLED] the process ended with code {process.exitcode}; "
            "expected it to finish. Try: fewer --workers, where memory ran out",
        )
    finally:
        pipe.close()
    process.join()
    return outcome
