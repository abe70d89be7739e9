"""Make a phantom CT, fit it, score the fit, draw it: no data needed."""

import argparse
from pathlib import Path

HELP = "phantom, fit, evaluation and pictures, in a few minutes"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, help="folder for the results")
    add("--seed", type=int, default=0, help="of the phantom and of the fit")
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add(
        "--overwrite", action="store_true", help="write into a folder that is not empty"
    )
    add("--quiet", action="store_true", help="no progress and no table")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.cli.device import use_device

    use_device(arguments.device)
    from spine_jax.metrics.report import print_table
    from spine_jax.pipeline.demo import run_demo

    result = run_demo(
        arguments.output,
        seed=arguments.seed,
        overwrite=arguments.overwrite,
        quiet=arguments.quiet,
    )
    if not arguments.quiet:
        print_table(result)
        print(f"written to {arguments.output}")
