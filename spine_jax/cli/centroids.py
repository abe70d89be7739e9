"""Find the vertebrae in a binary mask: one point per vertebral body.

Writes CENTROIDS, a point list of 3D Slicer (.mrk.json) that `spine-jax fit` takes, and
CENTROIDS_report.json with how sure each point and its name are. Neighbours may touch or
be cut by the image. --top and --bottom name the vertebra at an end of the list;
without them names are told from the sizes, which says little for a few vertebrae.

A vertebra is left out where the middle of its body lies outside of the image.
"""

import argparse
from pathlib import Path

HELP = "binary mask to one named point per vertebra"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "-i",
        "--mask",
        type=Path,
        required=True,
        help="mask of vertebrae, NIfTI; of a label map all vertebrae count alike",
    )
    add(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="CENTROIDS",
        help="file to write, .mrk.json",
    )
    add_level_options(parser)
    add("--prefer", choices=("sform", "qform"), help="when the header's two disagree")
    add("--overwrite", action="store_true", help="replace existing files")
    add("--quiet", action="store_true", help="no summary")


def add_level_options(parser: argparse.ArgumentParser) -> None:
    """Add what a user knows of the levels."""
    add = parser.add_argument
    add("--top", metavar="LEVEL", help="the uppermost vertebra found, such as L1")
    add("--bottom", metavar="LEVEL", help="the lowest vertebra found, such as L5")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.cli.device import use_device

    use_device("cpu")
    from spine_jax.pipeline.centroid_files import CentroidRequest, centroids_to_file

    found = centroids_to_file(
        CentroidRequest(
            mask=arguments.mask,
            output=arguments.output,
            top=arguments.top,
            bottom=arguments.bottom,
            overwrite=arguments.overwrite,
            reading={"prefer": arguments.prefer},
        )
    )
    if not arguments.quiet:
        print_found(found)
        print(f"written to {arguments.output}")


def print_found(found) -> None:
    """Print what a mask shows and how sure that is."""
    from spine_jax.core.labels import label_name

    for each in found.vertebrae:
        x, y, z = each.centre_mm
        print(
            f"{label_name(each.label):>4}  {x:7.1f} {y:7.1f} {z:7.1f} mm  "
            f"confidence {each.confidence:.2f}"
            + ("" if each.whole else f"  (cut, {each.visible:.0%} in the image)")
        )
    for name, reason in found.left_out:
        print(f"{name:>4}  left out: {reason}")
    if found.named_by == "anatomy":
        names = ", ".join(
            f"{label_name(label)} {probability:.0%}"
            for label, probability in list(found.tops.items())[:3]
        )
        print(f"named by size alone; the uppermost is {names}. Sure with --top or")
        print("--bottom")
