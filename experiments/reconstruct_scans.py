"""`spine-jax reconstruct` on CBCTs whose truth is known, vertebra by vertebra.

    spine-jax simulate -s MASKS -o SCANS --like DATA
    python -m experiments.reconstruct_scans --scans SCANS --ckpt RUN3D --workdir OUT

SCANS holds folders with `cbct.nii.gz` and `labels.nii.gz` of patients that the model
does not know. Each scan is reconstructed once without a word on names, then told the
name of the uppermost vertebra found, and fitted on the original and on the clean CT.
OUT gets a folder a scan (that of the clean CT), NAME.json, scans.json and scans.md;
scans with a NAME.json are kept.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from experiments.harness.program import as_program
from spine_jax.core import Centroids, InputError
from spine_jax.core.labels import ANATOMICAL_ORDER, label_name, label_number
from spine_jax.io.atomic import write_json_atomic, write_text_atomic
from spine_jax.io.cases import ScanFiles
from spine_jax.io.mask_centroids import centroids_from_labels
from spine_jax.io.meshes import load_mesh
from spine_jax.io.nifti import load_labels
from spine_jax.metrics.report import evaluate_labels
from spine_jax.pipeline.reconstruct import ReconstructRequest, reconstruct
from spine_jax.pipeline.template_build_checks import is_closed

FITS = {"original": "centroids", "clean": "fit"}
"""Images to fit, and the stage to start from."""
NEAR_MM = 15.0
"""A body centre that is found belongs to the true one, if that is nearer than this."""

RARE = label_number("T13")
USUAL_NAMES = tuple(label_name(label) for label in ANATOMICAL_ORDER if label != RARE)
"""In order."""

Row = dict[str, Any]


def main(argv: list[str]) -> None:
    del argv
    flag = flags.FLAGS

    def work() -> None:
        workdir = Path(flag.workdir)
        rows = []
        for scan in simulated_scans(Path(flag.scans)):
            path = workdir / f"{scan.name}.json"
            if not path.is_file():
                write_json_atomic(path, study(scan, Path(flag.ckpt), workdir))
            rows.append(json.loads(path.read_text()))
            check_model(rows[-1], flag.ckpt, path)
        write_json_atomic(workdir / "scans.json", rows)
        write_text_atomic(workdir / "scans.md", as_markdown(rows))
        print(as_markdown(rows))

    as_program(work)


def simulated_scans(folder: Path) -> list[ScanFiles]:
    """What `spine-jax simulate` wrote below a folder.

    Raises:
        InputError: when there is none.
    """
    scans = [
        ScanFiles(image.parent.name, image.parent.name, labels, image)
        for image in sorted(folder.rglob("cbct.nii.gz"))
        if (labels := image.with_name("labels.nii.gz")).is_file()
    ]
    if not scans:
        raise InputError(
            "NO-CASES",
            folder,
            "no cbct.nii.gz with labels.nii.gz beside it",
            "a folder that `spine-jax simulate` has filled",
            "another folder after --scans",
        )
    return scans


def check_model(row: Row, ckpt: str, path: Path) -> None:
    """Refuse figures of another model.

    Raises:
        InputError: they are.
    """
    if row["ckpt"] != ckpt:
        advice = "another --workdir"
        raise InputError("RESUME", path, f"figures of {row['ckpt']}", ckpt, advice)


def study(scan: ScanFiles, ckpt: Path, workdir: Path) -> Row:
    """Reconstruct a scan and score every vertebra of its truth."""
    assert scan.image is not None, "simulated scans have an image"
    truth = load_labels(scan.labels)
    bodies = centroids_from_labels(truth, scan.labels)
    folder = workdir / scan.name
    request = ReconstructRequest(
        scan.image, folder, ckpt=ckpt, overwrite=True, quiet=True
    )
    # Only the names are wanted.
    unnamed = dataclasses.replace(request, preset="fast", iterations=1)
    by_size = reconstruct(unnamed)["centroids"]
    matches = true_names(by_size["vertebrae"], bodies)
    named = dataclasses.replace(request, top=uppermost(matches))
    seconds, scores = {}, {}
    for fit_on, start in FITS.items():
        stages = reconstruct(dataclasses.replace(named, fit_on=fit_on, start=start))
        seconds[fit_on] = sum(stage["seconds"] for stage in stages.values())
        fitted = load_labels(folder / "labels.nii.gz")
        scores[fit_on] = evaluate_labels(fitted, truth)["per_label"]
    names = [each["name"] for each in stages["centroids"]["vertebrae"]]
    return {
        "scan": scan.name,
        "ckpt": str(ckpt),
        "found": dict(zip(names, matches)),
        "by_size": [each["name"] for each in by_size["vertebrae"]],
        "probability": max(by_size["uppermost"].values()),
        "closed": [
            is_closed(load_mesh(folder / "meshes" / f"{name}.ply").faces)
            for name in names
        ],
        "whole": [
            name for name, row in scores["clean"].items() if row["fully_visible"]
        ],
        "seconds": seconds,
        "scores": scores,
    }


def true_names(found: list[dict], bodies: Centroids) -> list[str | None]:
    """What each vertebra that was found is in truth; None where there is none."""
    names = []
    for each in found:
        off_mm = np.linalg.norm(bodies.points_mm - np.array(each["centre_mm"]), axis=1)
        nearest = int(np.argmin(off_mm))
        near = off_mm[nearest] < NEAR_MM
        names.append(label_name(bodies.labels[nearest]) if near else None)
    return names


def uppermost(names: list[str | None]) -> str | None:
    """The name to tell for the first of consecutive vertebrae."""
    for place, name in enumerate(names):
        if name in USUAL_NAMES:
            return USUAL_NAMES[max(USUAL_NAMES.index(name) - place, 0)]
    return None


def as_markdown(rows: list[Row]) -> str:
    """A line a vertebra found, then names, misses and times by scan."""
    lines = [
        "| scan | vertebra | Dice, fit on clean CT | on original |",
        "|---" * 4 + "|",
    ]
    means: dict[str, list[float]] = {"clean": [], "original": []}
    for row in rows:
        for name in filter(None, row["found"].values()):
            cells = []
            for fit_on, values in means.items():
                dice = row["scores"][fit_on][name]["dice"]
                values.append(dice)
                cells.append(f"{dice:.3f}")
            cut = "" if name in row["whole"] else " (cut)"
            lines.append(f"| {row['scan']} | {name}{cut} | " + " | ".join(cells) + " |")
    cells = [f"{np.mean(values):.3f}" if values else "-" for values in means.values()]
    lines += ["| all | mean | " + " | ".join(cells) + " |", ""]
    lines += [remarks(row) for row in rows]
    return "\n".join(lines) + "\n"


def remarks(row: Row) -> str:
    """What else there is to say of a scan."""
    found = row["found"]
    missed = [name for name in row["scores"]["clean"] if name not in found.values()]
    wrong = [f"{name} is {true}" for name, true in found.items() if name != true]
    by_size = "right" if row["by_size"] == list(found.values()) else "wrong"
    return (
        f"- {row['scan']}: not found {', '.join(missed) or 'none'}; wrong names "
        f"{', '.join(wrong) or 'none'}; names by size {by_size}, stated "
        f"{100 * row['probability']:.0f} %; {sum(row['closed'])} of "
        f"{len(row['closed'])} meshes closed; {row['seconds']['clean']:.0f} s"
    )


if __name__ == "__main__":
    flags.DEFINE_string("scans", None, "Folder of scans.", required=True)
    flags.DEFINE_string("ckpt", None, "Run of the 3D stage.", required=True)
    flags.DEFINE_string("workdir", None, "Folder for the results.", required=True)
    app.run(main)
