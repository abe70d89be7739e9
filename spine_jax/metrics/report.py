"""The evaluation of one case: scores per vertebra, per segment and overall.

Every number is JSON-ready; a score that does not exist is None, never NaN.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from scipy.ndimage import find_objects

from spine_jax.core import (
    InputError,
    LabelVolume,
    spacing_mm,
    vox_to_mm,
    voxel_volume_mm3,
)
from spine_jax.core.labels import anatomical_rank, is_vertebra, label_name, segment
from spine_jax.metrics.overlap import dice, volume_mm3
from spine_jax.metrics.surface import surface_scores

SEGMENTS = ("cervical", "thoracic", "lumbar")
NSD_TOLERANCE_MM = 1.0
_GRID_TOLERANCE_MM = 0.1  # as `io.nifti.check_same_grid`

DEFINITIONS = {
    "labels": "VerSe numbers of vertebrae (1-25, 28); other labels are ignored and "
    "listed under `ignored`",
    "dice": "2 |P and T| / (|P| + |T|) over voxels; 0 for a missed vertebra",
    "surface": "marching-cubes triangles of each mask at 0.5, closed at the image "
    "border, weighted by area and placed at their centres; distance to the nearest "
    "centre of the other surface",
    "assd_mm": "mean distance over the area of both surfaces together; null if missed",
    "hd95_mm": "larger of the two directed 95th percentiles by area; null if missed",
    "nsd_1mm": "share of the area of both surfaces within 1 mm of the other; 0 for a "
    "missed vertebra",
    "missed": "a label of the truth without a voxel in the prediction",
    "spurious": "a vertebra label of the prediction without a voxel in the truth; "
    "enters no mean",
    "fully_visible": "the true vertebra has no voxel at the border of the image",
    "means": "over the vertebrae of the truth, each counting once, missed ones "
    "included as 0; mean_assd_mm and mean_hd95_mm are over the n - n_missed found ones",
}


def evaluate_labels(prediction: LabelVolume, truth: LabelVolume) -> dict[str, Any]:
    """Compare a label map with the true one, vertebra by vertebra.

    Args:
        prediction: Labels [X, Y, Z] of the VerSe scheme.
        truth: Labels on the same grid.

    Returns:
        `per_label` {name: scores}, in anatomical order; `per_segment` {segment: means};
        the same means over all vertebrae at the top level (`mean_dice`, `n_missed`,
        ...); `spurious` names; `ignored` label numbers; `definitions`.

    Raises:
        ValueError: if the two are not on one grid.
        InputError: if the truth holds no vertebra, as its means would be undefined.
    """
    _check_one_grid(prediction, truth)
    boxes_p, boxes_t = _boxes(prediction), _boxes(truth)
    labels = sorted(filter(is_vertebra, boxes_t), key=anatomical_rank)
    if not labels:
        raise InputError(
            "NO-VERTEBRA",
            "truth",
            "no vertebra label" + (f" among {sorted(boxes_t)}" if boxes_t else ""),
            "at least one of 1-25 or 28, as means over none are undefined",
            "check that prediction and truth are not swapped and follow VerSe numbers",
        )
    per_label = {
        label_name(label): _score(
            label, prediction, truth, boxes_p.get(label), boxes_t[label]
        )
        for label in labels
    }
    spurious = sorted(
        (k for k in boxes_p if is_vertebra(k) and k not in boxes_t), key=anatomical_rank
    )
    return {
        "per_label": per_label,
        "per_segment": {
            name: _means(
                row for row in per_label.values() if segment(row["label"]) == name
            )
            for name in SEGMENTS
        },
        **_means(per_label.values()),
        "n_spurious": len(spurious),
        "spurious": [label_name(k) for k in spurious],
        "spurious_volume_mm3": {
            label_name(k): _volume(prediction, k, boxes_p[k]) for k in spurious
        },
        "ignored": sorted(k for k in boxes_p | boxes_t if not is_vertebra(k)),
        "definitions": DEFINITIONS,
    }


def _score(
    label: int,
    prediction: LabelVolume,
    truth: LabelVolume,
    box_p: tuple[slice, ...] | None,
    box_t: tuple[slice, ...],
) -> dict[str, Any]:
    """The row of one true label, computed in the box around both masks."""
    region = box_t if box_p is None else _union(box_p, box_t)
    mask_p = np.asarray(prediction.array[region]) == label
    mask_t = np.asarray(truth.array[region]) == label
    scores = surface_scores(
        mask_p,
        mask_t,
        spacing_mm=spacing_mm(truth.affine_vox_to_mm),
        tolerance_mm=NSD_TOLERANCE_MM,
    )
    voxel_mm3 = voxel_volume_mm3(truth.affine_vox_to_mm)
    return {
        "label": label,
        "status": "missed" if box_p is None else "ok",
        "dice": dice(mask_p, mask_t),
        "assd_mm": scores.assd_mm,
        "hd95_mm": scores.hd95_mm,
        "nsd_1mm": scores.nsd,
        "volume_prediction_mm3": volume_mm3(mask_p, voxel_mm3),
        "volume_truth_mm3": volume_mm3(mask_t, voxel_mm3),
        "fully_visible": not _reaches_border(box_t, truth.array.shape),
    }


def _means(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Counts and means of label rows; means over nothing are None."""
    rows = list(rows)
    visible = [row for row in rows if row["fully_visible"]]
    return {
        "n": len(rows),
        "n_missed": sum(row["status"] == "missed" for row in rows),
        "n_fully_visible": len(visible),
        "mean_dice": _reduce(np.mean, rows, "dice"),
        "median_dice": _reduce(np.median, rows, "dice"),
        "mean_dice_fully_visible": _reduce(np.mean, visible, "dice"),
        "mean_assd_mm": _reduce(np.mean, rows, "assd_mm"),
        "mean_hd95_mm": _reduce(np.mean, rows, "hd95_mm"),
        "mean_nsd_1mm": _reduce(np.mean, rows, "nsd_1mm"),
    }


def _reduce(function: Callable, rows: list[dict[str, Any]], key: str) -> float | None:
    values = [row[key] for row in rows if row[key] is not None]
    return float(function(values)) if values else None


def _boxes(labels: LabelVolume) -> dict[int, tuple[slice, ...]]:
    """The bounding box of every label that occurs."""
    found = find_objects(np.asarray(labels.array))
    return {k: region for k, region in enumerate(found, start=1) if region is not None}


def _union(a: tuple[slice, ...], b: tuple[slice, ...]) -> tuple[slice, ...]:
    return tuple(
        slice(min(x.start, y.start), max(x.stop, y.stop)) for x, y in zip(a, b)
    )


def _reaches_border(region: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    return any(side.start == 0 or side.stop == n for side, n in zip(region, shape))


def _volume(labels: LabelVolume, label: int, region: tuple[slice, ...]) -> float:
    mask = np.asarray(labels.array[region]) == label
    return volume_mm3(mask, voxel_volume_mm3(labels.affine_vox_to_mm))


def _check_one_grid(prediction: LabelVolume, truth: LabelVolume) -> None:
    if prediction.array.shape != truth.array.shape:
        raise ValueError(
            f"prediction has shape {prediction.array.shape}, "
            f"truth {truth.array.shape}; expected one grid"
        )
    corners_vox = np.stack(
        np.meshgrid(*[(0, n - 1) for n in truth.array.shape]), axis=-1
    )
    apart_mm = np.linalg.norm(
        vox_to_mm(prediction.affine_vox_to_mm, corners_vox)
        - vox_to_mm(truth.affine_vox_to_mm, corners_vox),
        axis=-1,
    ).max()
    if apart_mm > _GRID_TOLERANCE_MM:
        raise ValueError(
            f"affines place a corner {apart_mm:.4g} mm apart; expected one grid"
        )


def print_table(result: dict[str, Any], console: Console | None = None) -> None:
    """Print an evaluation as a table: a row per vertebra, then segments and all.

    Args:
        result: What `evaluate_labels` returned.
        console: Where to print; None is standard output.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for heading in ("Dice", "ASSD mm", "HD95 mm", "NSD@1mm", "ml", "true ml"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for name, row in result["per_label"].items():
        table.add_row(
            name,
            *_cells(row, ("dice", "assd_mm", "hd95_mm", "nsd_1mm")),
            f"{row['volume_prediction_mm3'] / 1000:.2f}",
            f"{row['volume_truth_mm3'] / 1000:.2f}",
            _note(row),
        )
    table.add_section()
    groups = {**result["per_segment"], "all": result}
    for name, group in groups.items():
        if group["n"] == 0:
            continue
        keys = ("mean_dice", "mean_assd_mm", "mean_hd95_mm", "mean_nsd_1mm")
        found = f"{group['n'] - group['n_missed']} of {group['n']} found"
        table.add_row(name, *_cells(group, keys), "", "", found)
    console = console or Console()
    console.print(table)
    if result["spurious"]:
        console.print("spurious: " + ", ".join(result["spurious"]))


def _cells(row: dict[str, Any], keys: tuple[str, ...]) -> list[str]:
    return ["-" if row[key] is None else f"{row[key]:.3f}" for key in keys]


def _note(row: dict[str, Any]) -> str:
    if row["status"] == "missed":
        return "missed"
    return "" if row["fully_visible"] else "cut"
