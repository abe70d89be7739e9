"""Simulate the cone-beam CT a C-arm would take of the patient of a CT.

Writes to OUT: cbct.nii.gz; on its grid metal.nii.gz, labels.nii.gz and
ct_on_grid.nii.gz (the CT without implants); preview.png; and report.json last, when all
is complete.

--like takes the device of a data set, so that a model trained on it knows the scans.
Without -i the CT is made up around the labels. A folder after -i (or after -s, without
-i) simulates every case in it, each into OUT/<case>, with a summary.json; complete
cases of an earlier run are kept.
"""

import argparse
import sys
from pathlib import Path

HELP = "CT and labels to CBCT with its truth"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-i", "--image", type=Path, help="CT, NIfTI; or a folder of cases")
    add("-s", "--labels", type=Path, help="label map; or a folder of label maps")
    add("-o", "--output", type=Path, required=True, help="folder for the results")
    add(
        "--preset",
        choices=("carm", "small"),
        help="carm: 256^3 of 0.5 mm; small (the default): 128^3 of 1 mm, for two cores",
    )
    add(
        "--like",
        type=Path,
        metavar="DATASET",
        help="the device of a data set, which its models know, in place of a preset",
    )
    add("--seed", type=int, default=0, help="same seed, same scan")
    add("--no-metal", dest="metal", action="store_false", help="never any implant")
    add("--workers", type=int, help="cases at a time; default half of the cores")
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add("--overwrite", action="store_true", help="replace earlier results in OUT")
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> int:
    from spine_jax.cli.device import use_device
    from spine_jax.core import InputError

    use_device(arguments.device)
    from spine_jax.pipeline.dataset_device import device_of
    from spine_jax.pipeline.simulate_files import SimulateRequest, simulate_to_folder

    image, labels = arguments.image, arguments.labels
    batch = image.is_dir() if image else bool(labels and labels.is_dir())
    if batch and image and labels:
        raise InputError(
            "OPTIONS",
            "--labels",
            f"{labels} beside the folder {image}",
            "the masks of a folder's cases in the folder",
            "leaving out -s",
        )
    if not labels and not batch:
        raise InputError(
            "OPTIONS",
            "--labels",
            "no label map",
            "-s LABELS, as the C-arm is aimed at the labelled spine",
            "-s with the mask of the CT, or a folder after -i",
        )
    if arguments.like and arguments.preset:
        raise InputError(
            "OPTIONS",
            "--like",
            f"{arguments.like} beside --preset {arguments.preset}",
            "one of them, as either is a device",
            "leaving one out",
        )
    config = arguments.preset or "small"
    if arguments.like:
        config = device_of(arguments.like)
    request = SimulateRequest(
        labels=labels or image,
        output=arguments.output,
        image=image,
        config=config,
        seed=arguments.seed,
        metal=arguments.metal,
        overwrite=arguments.overwrite,
    )
    if batch:
        return _run_batch(request, arguments)
    report = simulate_to_folder(request)
    if not arguments.quiet:
        print(f"{len(report['implants'])} implants; written to {arguments.output}")
    return 0


def _run_batch(request, arguments: argparse.Namespace) -> int:
    from spine_jax.pipeline.simulate_batch import simulate_batch
    from spine_jax.training.interrupt import Interrupted

    try:
        results = simulate_batch(request, arguments.workers, quiet=arguments.quiet)
    except Interrupted as stop:
        print(f"{stop}; the same command does what is left", file=sys.stderr)
        return stop.exit_code
    failed = sum(result.state == "failed" for result in results)
    if not arguments.quiet:
        print(
            f"{len(results) - failed} of {len(results)} cases complete in "
            f"{arguments.output}"
        )
    return 1 if failed else 0
