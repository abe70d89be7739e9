"""The `reconstruct` command: a CBCT in, named vertebrae and their meshes out.

Four stages, each a command of its own, whose files stay in sub-folders of fixed names:
`translate` (clean CT), `segment` (mask), `centroids` (points) and `fit`, whose results
fill the folder itself. Any stage can be run again from the files of those before it.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError, voxel_volume_mm3
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import load_labels, load_volume
from spine_jax.io.paths import require_file
from spine_jax.io.report import write_report
from spine_jax.pipeline.cbct_files import (
    CbctRequest,
    segment_to_folder,
    translate_to_folder,
)
from spine_jax.pipeline.centroid_files import (
    CentroidRequest,
    centroids_to_file,
    described,
    report_of,
)
from spine_jax.pipeline.fit_files import FitRequest, fit_to_folder
from spine_jax.pipeline.metal_free import write_metal_free
from spine_jax.pipeline.output_folder import check_no_file, check_output_folder
from spine_jax.pipeline.pictures import draw_preview
from spine_jax.pipeline.stage_record import StageRecord
from spine_jax.pipeline.statistics import remarks

STAGES = ("translate", "segment", "centroids", "fit")
CLEAN_CT = "translate/ct.nii.gz"
MASK = "segment/mask.nii.gz"
CENTROIDS = "centroids/centroids.mrk.json"
ORIGINAL = "original/cbct_without_metal.nii.gz"
CBCT_PREVIEW = "preview_cbct.png"
_READ = {"centroids": (MASK,), "fit": (CLEAN_CT, CENTROIDS)}
"""Files of earlier stages that a stage reads."""

Stage = Callable[[CbctRequest], None]


@dataclasses.dataclass(frozen=True)
class ReconstructRequest:
    """Everything the command line can say; see `spine-jax reconstruct --help`."""

    image: Path
    output: Path
    ckpt: Path | None = None
    top: str | None = None
    bottom: str | None = None
    start: str | None = None
    fit_on: str = "original"
    preset: str = "default"
    iterations: int | None = None
    seed: int = 0
    mesh_space: str = "LPS"
    batch_size: int = 8
    own_scale: bool = False
    overwrite: bool = False
    quiet: bool = False
    reading: dict = dataclasses.field(default_factory=dict)


def reconstruct(
    request: ReconstructRequest,
    *,
    translator: Stage = translate_to_folder,
    segmenter: Stage = segment_to_folder,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, dict[str, Any]]:
    """Run the stages that are not complete and write `report.json`, last.

    Args:
        request: What to do. With `start` the stages from there on run again, from the
            files of those before it, whoever made them.
        translator: Fills a folder with `ct.nii.gz` in HU, on the grid of the CBCT.
        segmenter: Fills a folder with `mask.nii.gz`, on the same grid.
        say: Takes a line about each stage.

    Returns:
        By stage: its settings, how long it took and what it found.

    Raises:
        InputError: for input that cannot be used; what was complete stays.
        Interrupted: when a signal asked a fit to stop; the same call goes on.
    """
    stages = STAGES[STAGES.index(request.start or STAGES[0]) :]
    record = _record(request, stages)
    resume = request.start is None and not request.overwrite
    run = {
        "translate": lambda: _image_stage(request, "translate", translator),
        "segment": lambda: _image_stage(request, "segment", segmenter),
        "centroids": lambda: _centroids(request),
        "fit": lambda: _fit(request, resume),
    }
    for name in stages:
        if name in record.stages:
            say(f"{name}: complete already")
            continue
        # Its presence means a complete folder.
        (request.output / "report.json").unlink(missing_ok=True)
        record.begin()
        started = time.perf_counter()
        figures = _telling_the_stage(name, run[name])
        seconds = time.perf_counter() - started
        record.add(name, _settings(request, name), seconds, figures)
        say(f"{name}: {seconds:.0f} s")
    _report(request, record)
    return record.stages


def _record(request: ReconstructRequest, stages: tuple[str, ...]) -> StageRecord:
    """What of `stages` is complete in the folder.

    Raises:
        InputError: for a folder of something else, settings other than those of the
            complete stages, or files that are missing.
    """
    output = request.output
    check_no_file(output)
    for path in (request.image, *_files_needed(request, stages[0])):
        require_file(path)
    if request.overwrite and request.start is None:
        record = StageRecord(output, {})
    else:
        record = StageRecord.load(output)
        record.keep(
            [name for name in STAGES if name not in stages or not request.start]
        )
        for name in stages:
            record.check(name, _settings(request, name))
    advice = "--overwrite to replace it, or --from a later stage to use its files"
    goes_on = bool(request.overwrite or request.start or record.stages)
    check_output_folder(output, overwrite=goes_on, advice=advice)
    if request.ckpt is None and {"translate", "segment"} & set(stages) - set(
        record.stages
    ):
        raise InputError(
            "OPTIONS",
            "--ckpt",
            "no trained model",
            "--ckpt DIR for the stages translate and segment",
            "--ckpt, or --from centroids with files that are there",
        )
    return record


def _files_needed(request: ReconstructRequest, first: str) -> list[Path]:
    """Files that must be there before stages from `first` on can run."""
    before = STAGES[: STAGES.index(first)]
    later = STAGES[STAGES.index(first) :]
    wanted = {name for stage in later for name in _READ.get(stage, ())}
    return [request.output / n for n in sorted(wanted) if n.split("/")[0] in before]


def _settings(request: ReconstructRequest, stage: str) -> dict[str, Any]:
    """What the result of a stage depends on, as JSON has it."""
    names = {
        "translate": ("image", "ckpt", "own_scale"),
        "segment": ("image", "ckpt", "own_scale"),
        "centroids": ("top", "bottom"),
        "fit": ("fit_on", "preset", "iterations", "seed", "mesh_space"),
    }[stage]
    return {name: getattr(request, name) for name in names}


def _telling_the_stage(name: str, run: Callable[[], dict]) -> dict:
    """What a stage found; an error says which stage it was."""
    try:
        return run()
    except InputError as error:
        raise InputError(
            error.code,
            f"stage {name}: {error.source}",
            error.found,
            error.expected,
            f"{error.advice}; earlier stages are kept, and the same command goes on",
        ) from error


def _image_stage(request: ReconstructRequest, name: str, stage: Stage) -> dict:
    """Run `translate` or `segment` into its sub-folder."""
    assert request.ckpt is not None  # _record saw to it
    folder = request.output / name
    stage(
        CbctRequest(
            image=request.image,
            output=folder,
            ckpt=request.ckpt,
            batch_size=request.batch_size,
            own_scale=request.own_scale,
            overwrite=True,
            reading=request.reading,
        )
    )
    if name == "translate":
        return {}
    mask = load_labels(folder / "mask.nii.gz")
    voxels = int(np.count_nonzero(mask.array))
    volume_cm3 = voxels * voxel_volume_mm3(mask.affine_vox_to_mm) / 1000
    return {"mask_voxels": voxels, "mask_cm3": volume_cm3}


def _centroids(request: ReconstructRequest) -> dict:
    found = centroids_to_file(
        CentroidRequest(
            mask=request.output / MASK,
            output=request.output / CENTROIDS,
            top=request.top,
            bottom=request.bottom,
            overwrite=True,
        )
    )
    return described(found)


def _fit(request: ReconstructRequest, resume: bool) -> dict:
    """Fit on the clean CT, or on the CBCT with the clean CT in place of metal."""
    output, figures, image = request.output, {}, request.output / CLEAN_CT
    if request.fit_on == "original":
        image = output / ORIGINAL
        figures = write_metal_free(
            image, request.image, output / CLEAN_CT, request.reading
        )
    result = fit_to_folder(
        FitRequest(
            image=image,
            centroids=output / CENTROIDS,
            output=output,
            preset=request.preset,
            iterations=request.iterations,
            seed=request.seed,
            mesh_space=request.mesh_space,
            resume=resume,
            overwrite=True,
            quiet=request.quiet,
        )
    )
    cbct = load_volume(request.image, **request.reading)
    centroids = load_centroids(output / CENTROIDS, volume=cbct)
    draw_preview(output / CBCT_PREVIEW, cbct, result.labels, centroids)
    # The report of the whole takes its place.
    report = json.loads((output / "report.json").read_text())
    outputs = [each["path"] for each in report["outputs"]]
    return figures | {
        "outputs": [*outputs, CBCT_PREVIEW],
        "timings_s": report["timings_s"],
        "fit_settings": report["extra"]["settings"],
        "vertebrae": {row["name"]: remarks(row) for row in result.statistics},
    }


def _report(request: ReconstructRequest, record: StageRecord) -> None:
    files = [CLEAN_CT, "translate/attention.nii.gz", MASK, CENTROIDS, ORIGINAL]
    files += [str(report_of(Path(CENTROIDS))), *record.stages["fit"]["outputs"]]
    write_report(
        request.output / "report.json",
        command="reconstruct",
        options=dataclasses.asdict(request),
        seed=request.seed,
        inputs=[request.image],
        outputs=[name for name in files if (request.output / name).exists()],
        timings_s={name: each["seconds"] for name, each in record.stages.items()},
        extra={"stages": record.stages},
    )
