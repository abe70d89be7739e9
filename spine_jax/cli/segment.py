"""Find the vertebrae in a cone-beam CT with a trained model.

A run of the 3D stage segments volumes, one of the 2D model slice by slice.

Writes to OUT, on the grid of the CBCT: mask.nii.gz, 1 in vertebrae; probability.nii.gz
if asked for; and report.json last, when all is complete.
"""

import argparse

from spine_jax.cli import translate

HELP = "CBCT to a mask of the vertebrae"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    translate.add_arguments(parser)
    parser.add_argument(
        "--probability", action="store_true", help="write probability.nii.gz too"
    )
    parser.add_argument(
        "--fast", action="store_true", help="3D: windows that do not overlap"
    )


def run(arguments: argparse.Namespace) -> None:
    request = translate.request_of(arguments)
    from spine_jax.pipeline.cbct_files import segment_to_folder

    segment_to_folder(request, probability=arguments.probability, fast=arguments.fast)
    if not arguments.quiet:
        print(f"written to {arguments.output}")
