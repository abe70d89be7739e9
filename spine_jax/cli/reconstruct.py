"""Make named vertebrae and their meshes of a cone-beam CT, with a trained model.

Stages: translate (clean CT), segment (mask), centroids (one point per vertebra), fit.
Writes to OUT what `spine-jax fit` writes, labels on the grid of the CBCT; a folder
translate/, segment/ and centroids/ with what these commands write; preview_cbct.png;
stages.json; and report.json last, when all is complete.

The same command goes on after an interruption. --from runs a stage and those after it
again, from the files in OUT: --from centroids after mending segment/mask.nii.gz, --from
fit after moving points in centroids/centroids.mrk.json.

A vertebra is fitted if the middle of its body lies in the image. Those of which a part
is outside are fitted too, and said to be.
"""

import argparse
import sys
from pathlib import Path

from spine_jax.cli.centroids import add_level_options
from spine_jax.cli.reading import NAMES, add_reading_options

HELP = "CBCT to named vertebrae and meshes: translate, segment, centroids, fit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-i", "--image", type=Path, required=True, help="CBCT, NIfTI")
    add("-o", "--output", type=Path, required=True, help="folder for the results")
    add(
        "--ckpt",
        type=Path,
        metavar="DIR",
        help="folder of the training run; its newest checkpoint is taken",
    )
    add_level_options(parser)
    add(
        "--from",
        dest="start",
        choices=("translate", "segment", "centroids", "fit"),
        help="run this stage and those after it again, with the files that are there",
    )
    add(
        "--fit-on",
        choices=("clean", "original"),
        default="original",
        help="original (the default): the CBCT with the clean CT in place of metal",
    )
    add(
        "--preset",
        choices=("paper", "default", "fast"),
        default="default",
        help="of the fit",
    )
    add("--iterations", type=int, help="of the fit, in place of the preset's number")
    add("--seed", type=int, default=0, help="same seed, same result")
    add("--batch-size", type=int, default=8, help="slices at a time")
    add(
        "--own-scale",
        action="store_true",
        help="grey scale from this scan's percentiles: for a device other than the "
        "one trained on",
    )
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add(
        "--mesh-space",
        choices=("LPS", "RAS"),
        default="LPS",
        help="of the mesh files; LPS is what 3D Slicer takes",
    )
    add_reading_options(parser, "VALUE")
    add("--overwrite", action="store_true", help="start again, whatever is there")
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> int:
    from spine_jax.cli.device import use_device

    use_device(arguments.device)
    from spine_jax.pipeline.reconstruct import ReconstructRequest, reconstruct
    from spine_jax.training.interrupt import Interrupted

    options = vars(arguments).copy()
    for name in ("command", "run", "debug", "device"):
        options.pop(name)
    reading = {name: options.pop(name) for name in NAMES}
    request = ReconstructRequest(**options, reading=reading)
    say = (lambda line: None) if arguments.quiet else _say
    try:
        stages = reconstruct(request, say=say)
    except Interrupted as stop:
        print(f"{stop}; the same command goes on", file=sys.stderr)
        return stop.exit_code
    if not arguments.quiet:
        _print_summary(stages)
        print(f"written to {arguments.output}")
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _print_summary(stages: dict) -> None:
    """The vertebrae that were fitted, with what the centroids' stage knew of them."""
    known = stages.get("centroids", {})
    rows = {row["name"]: row for row in known.get("vertebrae", [])}
    for name, said in stages["fit"]["vertebrae"].items():
        confidence = rows.get(name, {}).get("confidence")
        print(
            f"{name:>4}"
            + ("" if confidence is None else f"  confidence {confidence:.2f}")
            + (f"  ({said})" if said else "")
        )
    for row in known.get("left_out", []):
        print(f"{row['name']:>4}  left out: {row['reason']}")
    if known.get("named_by") == "anatomy":
        name, probability = next(iter(known["uppermost"].items()))
        print(
            f"named by size alone: {name} on top with {probability:.0%}. Sure with "
            "--from centroids --top or --bottom"
        )
