"""Fit labelled vertebra meshes to a CT, given one point per vertebra.

Writes to OUT: labels.nii.gz on the CT's own grid, meshes/<NAME>.ply in point-to-point
correspondence, landmarks.mrk.json for 3D Slicer (where the template's landmarks are
known, as ours are), statistics.json and .csv, appearance.png, preview.png, and
report.json last, when all is complete.
"""

import argparse
from pathlib import Path

from spine_jax.cli.reading import add_reading_options

HELP = "CT and centroids to labelled vertebrae and meshes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-i", "--image", type=Path, required=True, help="CT, NIfTI")
    add(
        "-c",
        "--centroids",
        type=Path,
        required=True,
        help="VerSe or TPTBox JSON, Slicer .mrk.json, CSV, or a label map",
    )
    add("-o", "--output", type=Path, required=True, help="folder for the results")
    add(
        "--preset",
        choices=("paper", "default", "fast"),
        default="default",
        help="default measures best, paper is as published",
    )
    add(
        "--template",
        type=Path,
        help="closed mesh of a vertebra with its body centre in a JSON beside it",
    )
    add("--vertebrae", nargs="+", metavar="NAME", help="fit only these, such as L1 L2")
    add("--seed", type=int, default=0, help="same seed, same result")
    add("--iterations", type=int, help="in place of the preset's number")
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add(
        "--centroid-format",
        choices=("verse19", "verse20", "voxel", "world-ras", "world-lps"),
        help="for centroid files that do not tell",
    )
    add(
        "--mesh-space",
        choices=("LPS", "RAS"),
        default="LPS",
        help="of the mesh files; LPS is what 3D Slicer takes",
    )
    add_reading_options(parser, "HU")
    add("--resume", action="store_true", help="go on with an interrupted run in OUT")
    add(
        "--overwrite", action="store_true", help="write into a folder that is not empty"
    )
    add("--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.cli.device import use_device

    use_device(arguments.device)
    from spine_jax.pipeline.fit_files import FitRequest, fit_to_folder
    from spine_jax.pipeline.statistics import remarks

    options = vars(arguments).copy()
    for name in ("command", "run", "debug", "device"):
        options.pop(name)
    if options["vertebrae"] is not None:
        options["vertebrae"] = tuple(options["vertebrae"])
    result = fit_to_folder(FitRequest(**options))
    if not arguments.quiet:
        for row in result.statistics:
            print(
                f"{row['name']:>4}  {row['volume_mm3'] / 1000:6.1f} cm3  "
                f"image error {row['image_error_hu']:4.0f} HU"
                + (f"  ({said})" if (said := remarks(row)) else "")
            )
        print(f"written to {arguments.output}")
