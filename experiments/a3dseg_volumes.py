"""The 3D stage beside the slices it learnt from: Dice, ASD, continuity and speed.

    python -m experiments.a3dseg_volumes --data=DIR --run=OUT3D --out=FOLDER

OUT3D is the --workdir of `train_segment3d`. For every held-out CBCT: the 2D model slice
by slice (y_lh), the 3D network on the CBCT (Y_l) and on its translation (Y_lh), all
without small pieces, which `spine-jax segment` leaves out too. What such networks could
reach is told by the one for CT on the true CT without artifacts (Y_h), where that is
known. FOLDER gets volumes.json, volumes.md and sagittal.png, the paper's Fig. 7. Times
are of warm runs of the whole volume, best of `TIMED`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from experiments.harness.images import shrink_to
from experiments.harness.program import as_program
from experiments.harness.run import draw
from experiments.harness.scores import as_text, mask_figures, mean_row
from experiments.harness.translations import shrunk_planes
from spine_jax.core import InputError
from spine_jax.data import (
    Dataset,
    HeldOutVolume,
    held_out_volumes,
    open_dataset,
    shrunk_affine,
)
from spine_jax.disentangle import predict, segment
from spine_jax.disentangle.segment3d import segment_high, segment_low
from spine_jax.io.atomic import atomic_path, write_json_atomic
from spine_jax.pipeline.cbct_files import without_small_pieces
from spine_jax.pipeline.cbct_models import (
    TrainedModel,
    TrainedSegment3D,
    as_trained,
    load_model,
    load_segment3d,
)

TIMED = 3
TITLES = {
    "y_lh": "2D, slice by slice",
    "Y_l": "3D, of the CBCT",
    "Y_lh": "3D, of its translation",
    "Y_h": "3D, of the true CT",
}
PAPER = {"y_lh": (0.819, 1.47), "Y_l": (0.926, 0.82)}
"""Dice and ASD in mm of real CBCTs."""


def main(argv: list[str]) -> None:
    del argv
    flag = flags.FLAGS

    def work() -> None:
        dataset = open_dataset(Path(flag.data))
        print(compare(dataset, Path(flag.run), Path(flag.out)))

    as_program(work)


def compare(dataset: Dataset, run: Path, out: Path) -> str:
    """Score, time and draw; returns the table, in Markdown.

    Raises:
        InputError: no runs, or no labelled CBCT is held out.
    """
    translator, stage = load_model(run), load_segment3d(run)
    shrink = shrink_to(translator.params.config.image_size, dataset)
    seen = as_trained(dataset, translator.images)
    volumes = list(held_out_volumes(seen, shrink))
    if not volumes or any(volume.y_l is None for volume in volumes):
        raise InputError(
            "NO-TRUTH",
            "--data",
            "no labels",
            "held-out CBCTs with labels",
            "another data set",
        )
    rows: dict[str, list[dict]] = {}
    columns: dict[str, list[np.ndarray]] = {"CBCT": [], "truth": []}
    for volume in volumes:
        truth = _on_voxels(np.asarray(volume.y_l), stage)
        cut = int(truth.sum(axis=(0, 1, 3)).argmax())
        columns["CBCT"].append(_on_voxels(volume.x_l, stage)[::-1, :, cut])
        columns["truth"].append(truth[::-1, :, cut])
        side = _plane_shrink(stage, volume.x_l.shape[2])
        affine = shrunk_affine(volume.affine_vox_to_mm, side)
        for name, found in masks(volume, translator, stage).items():
            mask = without_small_pieces(found[..., 0] > 0.5, affine)[..., None]
            figures = mask_figures(mask, truth > 0.5, affine)
            jumps = {"jumps": slice_jumps(mask) - slice_jumps(truth > 0.5)}
            row = {"volume": volume.name} | figures | jumps
            rows.setdefault(name, []).append(row)
            columns.setdefault(TITLES[name], []).append(found[::-1, :, cut])
    seconds = times(volumes[0], translator, stage)
    draw(out / "sagittal.png", columns)
    write_json_atomic(out / "volumes.json", {"rows": rows, "seconds": seconds})
    table = as_markdown(rows, seconds)
    with atomic_path(out / "volumes.md") as temporary:
        temporary.write_text(table)
    return table


def masks(
    volume: HeldOutVolume, translator: TrainedModel, stage: TrainedSegment3D
) -> dict[str, np.ndarray]:
    """Probabilities on the voxels of the 3D stage, [Z, H, W, 1]."""
    made = predict(translator.params, volume.x_l)
    assert made.y_lh is not None
    found = {
        "y_lh": _on_voxels(made.y_lh, stage),
        "Y_l": segment_low(stage.params, _on_voxels(volume.x_l, stage)),
        "Y_lh": segment_high(stage.params, _on_voxels(made.x_lh, stage)),
    }
    if volume.clean is not None:
        found["Y_h"] = segment_high(stage.params, _on_voxels(volume.clean, stage))
    return found


def times(
    volume: HeldOutVolume, translator: TrainedModel, stage: TrainedSegment3D
) -> dict[str, float]:
    """Seconds for a volume: the 2D model, and the 3D network on the CBCT with windows
    that overlap by half and that do not."""
    x_l = _on_voxels(volume.x_l, stage)
    runs: dict[str, Callable[[], Any]] = {
        "2D": lambda: segment(translator.params, volume.x_l),
        "3D": lambda: segment_low(stage.params, x_l),
        "3D, fast": lambda: segment_low(stage.params, x_l, overlap=0.0),
    }
    return {name: min(_timed(run) for _ in range(TIMED)) for name, run in runs.items()}


def slice_jumps(mask: np.ndarray) -> float:
    """Share of a mask's voxels that the next slice has not, or has new: what makes
    slice-wise results ragged. [Z, H, W, 1] bool."""
    changed = np.count_nonzero(mask[1:] != mask[:-1])
    return changed / max(1, np.count_nonzero(mask))


def as_markdown(rows: dict[str, list[dict]], seconds: dict[str, float]) -> str:
    """Means over volumes beside the paper's figures, every volume, and the times."""
    lines = [
        "| | Dice | ASD mm | Dice of slices | jumps above the truth's | paper |",
        "|---|---|---|---|---|---|",
    ]
    for name, of_volumes in rows.items():
        keys = ("dice", "assd_mm", "dice_of_slices", "jumps")
        cells = as_text(mean_row(of_volumes), dict.fromkeys(keys, ".3f"))
        paper = "{} / {}".format(*PAPER[name]) if name in PAPER else ""
        lines.append(f"| {TITLES[name]} | " + " | ".join([*cells, paper]) + " |")
    lines += ["", *_by_volume(rows)]
    told = ", ".join(f"{name} {value:.2f} s" for name, value in seconds.items())
    ratio = seconds["2D"] / seconds["3D, fast"]
    lines += ["", f"One volume: {told}; 3D, fast, is {ratio:.1f} x as fast as 2D."]
    return "\n".join(lines) + "\n"


def _by_volume(rows: dict[str, list[dict]]) -> list[str]:
    """Dice / ASD in mm of each volume."""
    titles = [TITLES[name] for name in rows]
    lines = [f"| volume | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]
    for of_volume in zip(*rows.values(), strict=True):
        forms = {"dice": ".3f", "assd_mm": ".2f"}
        cells = [" / ".join(as_text(row, forms)) for row in of_volume]
        lines.append(f"| {of_volume[0]['volume']} | {' | '.join(cells)} |")
    return lines


def _timed(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _plane_shrink(stage: TrainedSegment3D, width: int) -> int:
    return max(1, width // stage.params.config.patch_size[2])


def _on_voxels(image: np.ndarray, stage: TrainedSegment3D) -> np.ndarray:
    """Slices of the 2D model on the voxels of the 3D stage."""
    return shrunk_planes(image, _plane_shrink(stage, image.shape[2]))


if __name__ == "__main__":
    flags.DEFINE_string("data", None, "Data set.", required=True)
    flags.DEFINE_string("run", None, "Run of the 3D stage.", required=True)
    flags.DEFINE_string("out", None, "Folder for the results.", required=True)
    app.run(main)
