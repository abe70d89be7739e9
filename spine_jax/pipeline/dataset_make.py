"""The `dataset make` command: a folder of scans in, a data set out, resumable."""

import dataclasses
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError
from spine_jax.data.framing import FRAMINGS, Framing
from spine_jax.data.stacks import Stack, frame_cbct, frame_ct, frame_real_cbct
from spine_jax.data.store import has_volume, stored, write_volume
from spine_jax.io.atomic import write_json_atomic
from spine_jax.io.nifti import load_volume
from spine_jax.pipeline.case_progress import case_progress
from spine_jax.pipeline.dataset_index import DatasetSummary, finish_dataset
from spine_jax.pipeline.dataset_plan import Plan, PlannedScan, make_plan
from spine_jax.pipeline.output_folder import check_no_file
from spine_jax.pipeline.simulate_files import load_patient
from spine_jax.pipeline.workers import check_workers, pass_on, run_jobs
from spine_jax.simulation.cbct import Physics, one_device, simulate_cbct

STACKS_PER_CT = 2
"""A lumbar CT is longer than what a C-arm sees: it is framed at several heights."""
_DEVICE = 0xDE
"""Sets the draw of the device apart from those of the scans."""
_PLAN, _MADE = "plan.json", ("index.json", "field_of_view.npy", "plan.json")


@dataclasses.dataclass(frozen=True)
class DatasetRequest:
    """What to make; see `spine-jax dataset make --help`.

    Attributes:
        folder: CTs with masks, or label maps.
        output: Folder for the data set.
        from_labels: Whether CTs are made from the label maps.
        cbct_folder: Real CBCTs, in place of simulated ones.
        framing: How scans are cut, or the name of a preset.
        seed: With the names of the patients it decides everything.
        test_share: Share of each domain's patients that is held out.
        simulate_ct: Whether the CTs for training become CBCTs too, besides.
        cbcts_per_patient: Simulations of each CBCT patient.
        workers: Scans at a time; half of the cores by default.
        overwrite: Start again instead of going on.
        quiet: No progress.
    """

    folder: Path
    output: Path
    from_labels: bool = False
    cbct_folder: Path | None = None
    framing: Framing | str = "small"
    seed: int = 0
    test_share: float = 0.2
    simulate_ct: bool = False
    cbcts_per_patient: int = 1
    workers: int | None = None
    overwrite: bool = False
    quiet: bool = False


def make_dataset(request: DatasetRequest) -> DatasetSummary:
    """Make a data set, or finish one; `index.json` comes last.

    Raises:
        InputError: for input that cannot be used, or a folder that holds something
            else; before anything is written.
        Interrupted: when a signal asked to stop; complete scans are kept.
    """
    check_workers(request.workers)
    framing = _framing(request)
    settings = _settings(request, framing)
    plan = _earlier_plan(request, settings) or _new_plan(request, settings)
    failed = _make_volumes(request, plan, framing)
    names = [name for scan in plan.scans for name in _complete(request.output, scan)]
    return finish_dataset(
        request.output, names, framing, settings, failed, dict(plan.left_out)
    )


def volume_names(scan: PlannedScan) -> list[str]:
    """The volumes that are made of a scan."""
    if scan.domain != "ct":
        return [scan.name]
    return [f"{scan.name}_{k}" for k in range(STACKS_PER_CT)]


def _framing(request: DatasetRequest) -> Framing:
    if isinstance(request.framing, Framing):
        return _with_one_device(request.framing, request.seed)
    if request.framing not in FRAMINGS:
        raise InputError(
            "DATA-PRESET",
            "--preset",
            f"no preset {request.framing!r}",
            f"one of {', '.join(FRAMINGS)}",
            "small",
        )
    return _with_one_device(FRAMINGS[request.framing], request.seed)


def _with_one_device(framing: Framing, seed: int) -> Framing:
    """A data set has one grey scale for all of its CBCTs, so they share a device."""
    physics = framing.cbct.physics
    if isinstance(physics, Physics):
        return framing
    device = one_device(np.random.default_rng([seed, _DEVICE]), physics)
    cbct = dataclasses.replace(framing.cbct, physics=device)
    return dataclasses.replace(framing, cbct=cbct)


def _settings(request: DatasetRequest, framing: Framing) -> dict[str, Any]:
    """What decides the data set, as JSON holds it."""
    told = {
        "folder": str(request.folder),
        "from": "labels" if request.from_labels else "ct",
        "cbct_folder": request.cbct_folder and str(request.cbct_folder),
        "seed": request.seed,
        "test_share": request.test_share,
        "simulate_ct": request.simulate_ct,
        "cbcts_per_patient": request.cbcts_per_patient,
        "stacks_per_ct": STACKS_PER_CT,
        "framing": dataclasses.asdict(framing),
    }
    return json.loads(json.dumps(told))


def _earlier_plan(request: DatasetRequest, settings: dict[str, Any]) -> Plan | None:
    """The plan of a data set that is to be finished, None for a new one."""
    output, path = request.output, request.output / _PLAN
    check_no_file(output)
    taken = output.is_dir() and any(output.iterdir())
    if not taken or request.overwrite:
        return None
    if not path.is_file():
        raise InputError(
            "OUTPUT-EXISTS",
            output,
            "the folder is not empty and holds no data set",
            "a new or empty folder, or a data set to finish",
            "another name after -o",
        )
    saved = json.loads(path.read_text())
    changed = [key for key in settings if saved["settings"].get(key) != settings[key]]
    if changed:
        raise InputError(
            "OUTPUT-EXISTS",
            output,
            f"a data set made with another {', '.join(changed)}",
            "the settings it was started with",
            "the old settings, or --overwrite to start again",
        )
    return Plan(
        tuple(_planned(entry) for entry in saved["scans"]),
        tuple((name, reason) for name, reason in saved["left_out"]),
    )


def _planned(entry: dict[str, Any]) -> PlannedScan:
    paths = {key: entry[key] and Path(entry[key]) for key in ("image", "labels")}
    values: dict[str, Any] = entry | paths
    return PlannedScan(**values)


def _new_plan(request: DatasetRequest, settings: dict[str, Any]) -> Plan:
    plan = make_plan(
        request.folder,
        from_labels=request.from_labels,
        cbct_folder=request.cbct_folder,
        seed=request.seed,
        test_share=request.test_share,
        simulate_ct=request.simulate_ct,
        cbcts_per_patient=request.cbcts_per_patient,
        quiet=request.quiet,
    )
    for name in _MADE:
        (request.output / name).unlink(missing_ok=True)
    if (request.output / "volumes").is_dir():
        shutil.rmtree(request.output / "volumes")
    scans = [dataclasses.asdict(scan) for scan in plan.scans]
    write_json_atomic(
        request.output / _PLAN,
        {"settings": settings, "scans": scans, "left_out": plan.left_out},
    )
    return plan


@dataclasses.dataclass(frozen=True)
class _Job:
    scan: PlannedScan
    framing: Framing
    output: Path


def _make_volumes(
    request: DatasetRequest, plan: Plan, framing: Framing
) -> dict[str, str]:
    """Make what is not there yet; returns what failed, with the reason."""
    jobs = [_Job(scan, framing, request.output) for scan in plan.scans]
    todo = [job for job in jobs if not _is_complete(job)]
    with case_progress("scans", len(jobs), quiet=request.quiet) as show:
        for job in jobs:
            if job not in todo:
                show(job.scan.name, "kept", None)

        def on_done(outcome) -> None:
            name = todo[outcome.index].scan.name
            show(name, "done", outcome.error)
            pass_on(name, outcome)

        outcomes = run_jobs(_make_scan, todo, request.workers, on_done)
    return {todo[o.index].scan.name: o.error for o in outcomes if o.error}


def _is_complete(job: _Job) -> bool:
    return all(has_volume(job.output, name) for name in volume_names(job.scan))


def _complete(output: Path, scan: PlannedScan) -> list[str]:
    return [name for name in volume_names(scan) if has_volume(output, name)]


def _make_scan(job: _Job) -> float:
    """Make the volumes of a scan; returns the seconds it took."""
    started = time.perf_counter()
    scan = job.scan
    for name, stack in zip(volume_names(scan), _stacks(scan, job.framing)):
        volume = stored(stack, name, scan.patient, scan.domain, scan.split)
        write_volume(job.output, volume)
    return time.perf_counter() - started


def _stacks(scan: PlannedScan, framing: Framing) -> list[Stack]:
    if scan.labels is None:
        assert scan.image is not None, "a scan has an image or labels"
        return [frame_real_cbct(load_volume(scan.image), framing)]
    ct, labels = load_patient(scan.image, scan.labels, scan.seed)
    if scan.domain != "ct":
        simulated = simulate_cbct(ct, labels, scan.seed, framing.cbct)
        return [frame_cbct(simulated, labels, framing)]
    return [
        frame_ct(ct, labels, (scan.seed + k) % 2**32, framing)
        for k in range(STACKS_PER_CT)
    ]
