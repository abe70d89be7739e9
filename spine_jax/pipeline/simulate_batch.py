"""The `simulate` command on a folder: every case in a process of its own."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from spine_jax.core import InputError
from spine_jax.io.atomic import write_json_atomic
from spine_jax.io.cases import ScanFiles, find_label_maps, find_scans
from spine_jax.pipeline.case_progress import case_progress
from spine_jax.pipeline.output_folder import check_no_file
from spine_jax.pipeline.simulate_files import (
    SimulateRequest,
    case_seed,
    described,
    settings_of,
    simulate_to_folder,
)
from spine_jax.pipeline.workers import Outcome, check_workers, pass_on, run_jobs

SUMMARY = "summary.json"


@dataclasses.dataclass(frozen=True)
class CaseResult:
    """How a case of a batch ended.

    Attributes:
        name: Of the case and of its folder.
        state: `done`, `kept` (complete from an earlier run) or `failed`.
        error: One line where it failed.
        warnings: Of the case.
    """

    name: str
    state: str
    error: str | None = None
    warnings: tuple[str, ...] = ()


def simulate_batch(
    request: SimulateRequest,
    workers: int | None = None,
    *,
    quiet: bool = True,
) -> list[CaseResult]:
    """Simulate every case of a folder into a folder of its own, then a summary.

    Complete cases of an earlier run with the same settings are kept. Every case has a
    seed of its own, from the request's seed and its name.

    Args:
        request: With the folder as `image`, or as `labels` and no image: then every
            label map in it is a case.
        workers: Cases at a time; half of the cores by default.
        quiet: No progress; cases that fail are told in any case.

    Returns:
        One result per case, in the order of their names.

    Raises:
        InputError: for a folder without cases, or an output that is a file.
        Interrupted: when a signal asked to stop.
    """
    check_workers(workers)
    settings_of(request)
    check_no_file(request.output)
    cases = (
        find_scans(request.image) if request.image else find_label_maps(request.labels)
    )
    jobs = [_case_request(request, case) for case in cases]
    states = [_earlier(job) for job in jobs]
    todo = [i for i, state in enumerate(states) if state is None]
    with case_progress("cases", len(cases), quiet=quiet) as show:
        for result in filter(None, states):
            show(result.name, result.state, result.error)

        def on_done(outcome: Outcome) -> None:
            number = todo[outcome.index]
            state, error = "failed" if outcome.error else "done", outcome.error
            name = cases[number].name
            states[number] = CaseResult(name, state, error, outcome.warnings)
            show(name, state, error)
            pass_on(name, outcome)

        run_jobs(_simulate_case, [jobs[i] for i in todo], workers, on_done)
    results = [state for state in states if state is not None]
    _write_summary(request.output / SUMMARY, results)
    return results


def _case_request(request: SimulateRequest, case: ScanFiles) -> SimulateRequest:
    return dataclasses.replace(
        request,
        image=case.image,
        labels=case.labels,
        output=request.output / case.name,
        seed=case_seed(request.seed, case.name),
    )


def _earlier(job: SimulateRequest) -> CaseResult | None:
    """What an earlier run left: complete, in the way, or None to be made."""
    report = job.output / "report.json"
    if job.overwrite or not report.is_file():
        return None
    wanted = described(job)
    saved = json.loads(report.read_text())["options"]
    if all(saved.get(key) == value for key, value in wanted.items()):
        return CaseResult(job.output.name, "kept")
    error = InputError(
        "OUTPUT-EXISTS",
        job.output,
        "a scan simulated with other settings",
        "the same settings, or a new folder",
        "--overwrite to replace it",
    )
    return CaseResult(job.output.name, "failed", str(error))


def _simulate_case(job: SimulateRequest) -> None:
    # A folder without its report is what an interrupted run left.
    simulate_to_folder(dataclasses.replace(job, overwrite=True))


def _write_summary(path: Path, results: list[CaseResult]) -> None:
    counts: dict[str, Any] = {
        state: sum(result.state == state for result in results)
        for state in ("done", "kept", "failed")
    }
    cases = [dataclasses.asdict(result) for result in results]
    write_json_atomic(path, counts | {"cases": cases})
