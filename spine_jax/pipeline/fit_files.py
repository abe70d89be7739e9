"""The `fit` command: files in, a folder of results out, interruptible and resumable."""

import dataclasses
import shutil
import time
from pathlib import Path

from spine_jax.core import Centroids, InputError
from spine_jax.fitting import FitState, init_fit, run_fit
from spine_jax.io.atomic import write_json_atomic
from spine_jax.io.centroids import load_centroids
from spine_jax.io.meshes import save_mesh
from spine_jax.io.nifti import load_volume, save_labels
from spine_jax.io.report import write_report
from spine_jax.io.tables import write_csv_atomic
from spine_jax.pipeline.fit import FitCase, FitResult, finish_case, prepare_case
from spine_jax.pipeline.landmark_files import save_landmarks
from spine_jax.pipeline.output_folder import check_output_folder
from spine_jax.pipeline.pictures import draw_appearance, draw_preview
from spine_jax.pipeline.progress import fit_progress
from spine_jax.training.checkpoint import (
    latest_step,
    load_checkpoint,
    load_settings,
    save_checkpoint,
)
from spine_jax.training.interrupt import Interrupted, interrupt_requested

CHECKPOINT_EVERY_S = 60.0
LANDMARKS = "landmarks.mrk.json"


@dataclasses.dataclass(frozen=True)
class FitRequest:
    """Everything the command line can say to `fit`; see `spine-jax fit --help`."""

    image: Path
    centroids: Path
    output: Path
    preset: str = "default"
    template: Path | None = None
    vertebrae: tuple[str, ...] | None = None
    seed: int = 0
    iterations: int | None = None
    centroid_format: str | None = None
    mesh_space: str = "LPS"
    nan_fill: float | None = None
    volume_index: int | None = None
    prefer: str | None = None
    checksum: bool = True
    resume: bool = False
    overwrite: bool = False
    quiet: bool = False


def fit_to_folder(request: FitRequest) -> FitResult:
    """Fit a case and write its results; `report.json` comes last, so that its presence
    means a complete folder.

    Raises:
        InputError: for input that cannot be used, before anything is written.
        Interrupted: after saving a checkpoint, when a signal asked to stop.
    """
    started = time.perf_counter()
    check_output_folder(
        request.output,
        overwrite=request.overwrite or request.resume,
        advice="--overwrite to replace it, or --resume to go on with an interrupted "
        "run",
    )
    volume = load_volume(
        request.image,
        nan_fill=request.nan_fill,
        volume_index=request.volume_index,
        prefer=request.prefer,
        checksum=request.checksum,
    )
    centroids = load_centroids(
        request.centroids, volume=volume, centroid_format=request.centroid_format
    )
    case = prepare_case(
        volume,
        centroids,
        request.preset,
        request.template,
        None if request.vertebrae is None else list(request.vertebrae),
        request.iterations,
    )
    prepared = time.perf_counter()
    state = _run(case, request)
    fitted = time.perf_counter()
    result = finish_case(case, state)
    finished = time.perf_counter()
    _write(result, case, centroids, request)
    timings = {
        "prepare": prepared - started,
        "fit": fitted - prepared,
        "voxelise_and_measure": finished - fitted,
        "write": time.perf_counter() - finished,
    }
    _report(result, case, request, timings)
    shutil.rmtree(_checkpoint_folder(request), ignore_errors=True)
    return result


def _checkpoint_folder(request: FitRequest) -> Path:
    return request.output / ".checkpoint"


def _settings(case: FitCase, request: FitRequest) -> dict:
    """What a checkpoint belongs to: the fit's settings and the case's size."""
    return {
        "config": {k: repr(v) for k, v in dataclasses.asdict(case.config).items()},
        "seed": request.seed,
        "labels": list(case.labels),
        "region": list(case.problem.pyramid.shape),
        "template_vertices": [
            group.template.vertices.shape[-2] for group in case.problem.groups
        ],
    }


def _run(case: FitCase, request: FitRequest) -> FitState:
    """Run to the end, saving now and then and when a signal asks to stop."""
    folder, settings = _checkpoint_folder(request), _settings(case, request)
    state = init_fit(case.problem, case.config, request.seed)
    if request.resume and latest_step(folder) is not None:
        _check_settings(load_settings(folder), settings, folder)
        state = load_checkpoint(folder, like=state)
    elif folder.exists():
        shutil.rmtree(folder)
    last_saved = time.monotonic()
    with (
        fit_progress(case.config.iterations, quiet=request.quiet) as show,
        interrupt_requested() as requested,
    ):

        def on_chunk(state: FitState) -> None:
            nonlocal last_saved
            show(state)
            signal_number = requested()
            if signal_number or time.monotonic() - last_saved > CHECKPOINT_EVERY_S:
                save_checkpoint(folder, int(state.step), state, settings)
                last_saved = time.monotonic()
            if signal_number:
                raise Interrupted(signal_number)

        show(state)
        return run_fit(case.problem, case.config, state, on_chunk)


def _check_settings(saved: dict, wanted: dict, folder: Path) -> None:
    changed = [
        f"{key} was {saved['config'].get(key)}, is {value}"
        for key, value in wanted["config"].items()
        if saved["config"].get(key) != value
    ] + [
        f"{key} was {saved.get(key)}, is {value}"
        for key, value in wanted.items()
        if key != "config" and saved.get(key) != value
    ]
    if changed:
        raise InputError(
            "RESUME",
            folder,
            "; ".join(changed),
            "the settings the run was started with",
            "the old settings, or --overwrite without --resume to start again",
        )


def _write(
    result: FitResult, case: FitCase, centroids: Centroids, request: FitRequest
) -> None:
    output = request.output
    # From here on an earlier run's results are replaced: none of them may stay behind.
    for name in ("report.json", LANDMARKS):
        (output / name).unlink(missing_ok=True)
    shutil.rmtree(output / "meshes", ignore_errors=True)
    (output / "meshes").mkdir(parents=True)
    save_labels(output / "labels.nii.gz", result.labels, reference=request.image)
    for name, mesh in result.meshes.items():
        save_mesh(output / "meshes" / f"{name}.ply", mesh, space=request.mesh_space)
    if result.landmarks_mm:
        save_landmarks(output / LANDMARKS, result.landmarks_mm, case.volume)
    final = {name: float(values[-1]) for name, values in result.history.items()}
    write_json_atomic(
        output / "statistics.json",
        {
            "vertebrae": result.statistics,
            "landmarks_mm": result.landmarks_mm,
            "final_losses": final,
        },
    )
    write_csv_atomic(output / "statistics.csv", result.statistics)
    draw_appearance(
        output / "appearance.png",
        result.summary.curve_mm,
        result.summary.curve_hu,
        observed_distance_mm=result.summary.observed_mm,
        observed_hu=result.summary.observed_hu,
    )
    draw_preview(output / "preview.png", case.volume, result.labels, centroids)


def _report(
    result: FitResult, case: FitCase, request: FitRequest, timings_s: dict[str, float]
) -> None:
    names = ["labels.nii.gz", "statistics.json", "statistics.csv"]
    names += ["appearance.png", "preview.png"]
    names += [f"meshes/{name}.ply" for name in result.meshes]
    if result.landmarks_mm:
        names.append(LANDMARKS)
    options = {
        key: str(value) if isinstance(value, Path) else value
        for key, value in dataclasses.asdict(request).items()
    }
    write_report(
        request.output / "report.json",
        command="fit",
        options=options,
        seed=request.seed,
        inputs=[request.image, request.centroids],
        outputs=names,
        timings_s=timings_s,
        extra={
            "settings": dataclasses.asdict(case.config),
            "labels": list(case.labels),
        },
    )
