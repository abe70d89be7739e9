"""The `simulate` command on one case: files in, a folder with a CBCT and its truth."""

import dataclasses
import hashlib
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError, LabelVolume, Volume, mm_to_vox, vox_to_mm
from spine_jax.io.nifti import (
    check_has_vertebra,
    load_labels,
    load_volume,
    save_labels,
    save_volume,
)
from spine_jax.io.report import write_report
from spine_jax.pipeline.cbct_preview import draw_cbct_preview
from spine_jax.pipeline.output_folder import check_output_folder
from spine_jax.simulation.cbct import PRESETS, CbctConfig, CbctScan, simulate_cbct
from spine_jax.simulation.label_ct import ct_from_labels

OUTPUTS = (
    "cbct.nii.gz",
    "metal.nii.gz",
    "labels.nii.gz",
    "ct_on_grid.nii.gz",
    "preview.png",
)


@dataclasses.dataclass(frozen=True)
class SimulateRequest:
    """What to simulate; see `spine-jax simulate --help`.

    Attributes:
        labels: Label map.
        output: Folder for the results.
        image: CT; None to make one up around the labels.
        config: Settings or the name of a preset.
        seed: The same seed gives the same bits.
        metal: Whether there may be implants.
        overwrite: Whether the folder may hold earlier results.
    """

    labels: Path
    output: Path
    image: Path | None = None
    config: CbctConfig | str = "small"
    seed: int = 0
    metal: bool = True
    overwrite: bool = False


def simulate_to_folder(request: SimulateRequest) -> dict[str, Any]:
    """Simulate a case and write its files; `report.json` comes last.

    Returns:
        What was drawn: `CbctScan.report`.

    Raises:
        InputError: for input that cannot be used, before anything is written.
    """
    started = time.perf_counter()
    check_output_folder(request.output, overwrite=request.overwrite)
    config = settings_of(request)
    ct, labels = load_patient(request.image, request.labels, request.seed)
    loaded = time.perf_counter()
    scan = simulate_cbct(ct, labels, request.seed, config)
    simulated = time.perf_counter()
    _write(scan, request.output)
    timings = {
        "load": loaded - started,
        "simulate": simulated - loaded,
        "write": time.perf_counter() - simulated,
    }
    _report(scan, request, config, timings)
    return scan.report


def load_patient(
    image: Path | None, labels: Path, seed: int
) -> tuple[Volume, LabelVolume]:
    """A CT and its labels; without an image the CT is made from the labels.

    Raises:
        InputError: for a file that cannot be used, or labels without a vertebra.
    """
    label_map = load_labels(labels)
    check_has_vertebra(label_map, labels)
    if image is None:
        return ct_from_labels(label_map, seed), label_map
    ct = load_volume(image)
    _check_same_place(ct, label_map, image, labels)
    return ct, label_map


def settings_of(request: SimulateRequest) -> CbctConfig:
    """The settings a request stands for.

    Raises:
        InputError: for a preset that does not exist.
    """
    config = request.config
    if isinstance(config, str):
        if config not in PRESETS:
            raise InputError(
                "CBCT-PRESET",
                "--preset",
                f"no preset {config!r}",
                f"one of {', '.join(PRESETS)}",
                "small",
            )
        config = PRESETS[config]
    return config if request.metal else dataclasses.replace(config, metal_share=0.0)


def case_seed(seed: int, name: str) -> int:
    """The seed of a case of a batch, whatever other cases there are."""
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def described(request: SimulateRequest) -> dict[str, Any]:
    """What decides the result of a request, as JSON holds it."""
    told = {
        "image": None if request.image is None else str(request.image),
        "labels": str(request.labels),
        "seed": request.seed,
        "metal": request.metal,
        "config": dataclasses.asdict(settings_of(request)),
    }
    return json.loads(json.dumps(told))


def _check_same_place(
    ct: Volume, labels: LabelVolume, image_path: Path, labels_path: Path
) -> None:
    """Refuse labels that lie beside the CT: a wrong pair of files."""
    voxels = np.argwhere(np.asarray(labels.array) > 0)
    voxels = voxels[:: max(1, len(voxels) // 10_000)]
    at = mm_to_vox(ct.affine_vox_to_mm, vox_to_mm(labels.affine_vox_to_mm, voxels))
    inside = np.all((at > -1) & (at < np.array(ct.array.shape)), axis=1).mean()
    if inside < 0.5:
        raise InputError(
            "GRID-MISMATCH",
            labels_path,
            f"only {100 * inside:.0f} % of the labelled voxels lie inside {image_path}",
            "labels of the same scan in the same space",
            "the CT the labels were drawn on",
        )


def _write(scan: CbctScan, output: Path) -> None:
    # From here on an earlier run's results are replaced: none of them may stay behind.
    for name in ("report.json", *OUTPUTS):
        (output / name).unlink(missing_ok=True)
    save_volume(output / "cbct.nii.gz", scan.volume)
    # Not as a label map: 1 would be named C1.
    metal = Volume(scan.metal.array, scan.metal.affine_vox_to_mm)
    save_volume(output / "metal.nii.gz", metal)
    save_labels(output / "labels.nii.gz", scan.labels)
    save_volume(output / "ct_on_grid.nii.gz", scan.ct)
    draw_cbct_preview(output / "preview.png", scan)


def _report(
    scan: CbctScan,
    request: SimulateRequest,
    config: CbctConfig,
    timings_s: dict[str, float],
) -> None:
    inputs = [p for p in (request.image, request.labels) if p is not None]
    write_report(
        request.output / "report.json",
        command="simulate",
        options=described(request) | {"output": str(request.output)},
        seed=request.seed,
        inputs=inputs,
        outputs=OUTPUTS,
        timings_s=timings_s,
        extra={"scan": scan.report, "ct": "given" if request.image else "from labels"},
    )
