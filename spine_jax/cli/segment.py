"""Find the vertebrae in a cone-beam CT, slice by slice, with a trained model.

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


def run(arguments: argparse.Namespace) -> None:
    request = translate.request_of(arguments)
    from spine_jax.pipeline.cbct_files import segment_to_folder

    segment_to_folder(request, probability=arguments.probability)
    if not arguments.quiet:
        print(f"written to {arguments.output}")
