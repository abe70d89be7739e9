"""Compare a label map with the truth on the same grid.

Per label: Dice, ASSD, HD95, NSD at 1 mm and volumes; means per segment and overall;
missed and spurious vertebrae counted, a missed one counts as Dice 0.
"""

import argparse
from pathlib import Path

HELP = "label map against truth: Dice, ASSD, HD95, NSD"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-p", "--prediction", type=Path, required=True, help="label map, NIfTI")
    add("-g", "--truth", type=Path, required=True, help="label map, NIfTI")
    add("-o", "--output", type=Path, required=True, help="metrics.json to write")
    add("--overwrite", action="store_true", help="replace an existing file")
    add("--quiet", action="store_true", help="no table")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.metrics.report import print_table
    from spine_jax.pipeline.evaluate import evaluate_files

    result = evaluate_files(
        arguments.prediction,
        arguments.truth,
        arguments.output,
        overwrite=arguments.overwrite,
    )
    if not arguments.quiet:
        print_table(result)
