"""The `centroids` command: a binary mask in, one point per vertebra out."""

import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError
from spine_jax.core.labels import NON_VERTEBRAE, label_name, label_number
from spine_jax.io.centroids import save_centroids_mrk
from spine_jax.io.nifti import load_labels
from spine_jax.io.report import write_report
from spine_jax.pipeline.find_vertebrae import SpineInMask, find_vertebrae

MOST_NAMES = 5
"""How many names of the uppermost vertebra a report lists."""


@dataclasses.dataclass(frozen=True)
class CentroidRequest:
    """What the command line can say; `reading` goes to `load_labels`."""

    mask: Path
    output: Path
    top: str | None = None
    bottom: str | None = None
    overwrite: bool = False
    reading: dict = dataclasses.field(default_factory=dict)


def centroids_to_file(request: CentroidRequest) -> SpineInMask:
    """Write the centroids as 3D Slicer markups, which `fit` reads, and beside them
    `<name>_report.json`, last, with what is known of each.

    Raises:
        InputError: for input that cannot be used, before anything is written.
    """
    started = time.perf_counter()
    report = report_of(request.output)
    _check_output(request, report)
    top, bottom = _level("--top", request.top), _level("--bottom", request.bottom)
    if top is not None and bottom is not None:
        raise InputError(
            "OPTIONS",
            "--bottom",
            f"{request.bottom} beside --top {request.top}",
            "one of them, as the vertebrae between are counted",
            "leaving one out",
        )
    labels = load_labels(request.mask, **request.reading)
    mask = (labels.array > 0) & ~np.isin(labels.array, list(NON_VERTEBRAE))
    try:
        found = find_vertebrae(mask, labels.affine_vox_to_mm, top=top, bottom=bottom)
    except InputError as error:
        source = request.mask if error.source == "mask" else error.source
        raise InputError(
            error.code, source, error.found, error.expected, error.advice
        ) from None
    report.unlink(missing_ok=True)
    save_centroids_mrk(request.output, found.centroids)
    write_report(
        report,
        command="centroids",
        options=dataclasses.asdict(request),
        seed=None,
        inputs=[request.mask],
        outputs=[request.output.name],
        timings_s={"total": time.perf_counter() - started},
        extra=described(found),
    )
    return found


def described(found: SpineInMask) -> dict[str, Any]:
    """What was found, for JSON."""
    return {
        "vertebrae": [
            {
                "name": label_name(each.label),
                "label": each.label,
                "centre_mm": each.centre_mm,
                "visible": each.visible,
                "whole": each.whole,
                "confidence": each.confidence,
            }
            for each in found.vertebrae
        ],
        "left_out": [{"name": n, "reason": reason} for n, reason in found.left_out],
        "named_by": found.named_by,
        "uppermost": {
            label_name(label): probability
            for label, probability in list(found.tops.items())[:MOST_NAMES]
        },
    }


def report_of(output: Path) -> Path:
    """Where the report of a centroid file goes."""
    stem = output.name.removesuffix(".json").removesuffix(".mrk")
    return output.with_name(f"{stem}_report.json")


def _level(option: str, name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return label_number(name)
    except KeyError:
        raise InputError(
            "LEVEL", option, repr(name), "a vertebra, C1 to L6", "such as L1"
        ) from None


def _check_output(request: CentroidRequest, report: Path) -> None:
    if request.output.suffix.lower() != ".json":
        raise InputError(
            "FILE-TYPE",
            request.output,
            f"unknown ending {request.output.suffix!r}",
            "a name that ends in .mrk.json, for 3D Slicer, or .json",
            "another name after -o",
        )
    for path in (request.output, report):
        if path.is_dir() or (path.exists() and not request.overwrite):
            raise InputError(
                "OUTPUT-EXISTS",
                path,
                "this is a folder" if path.is_dir() else "the file exists",
                "the name of a new file",
                "another name after -o, or --overwrite to replace a file",
            )
