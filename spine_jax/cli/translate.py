"""Make a CT without artifacts of a cone-beam CT, with a trained model.

Writes to OUT, on the grid of the CBCT: ct.nii.gz in HU; attention.nii.gz, where the
model sees vertebrae, 0 to 1, if it was trained to attend; and report.json last, when
all is complete.
"""

import argparse
from pathlib import Path

from spine_jax.cli.reading import NAMES, add_reading_options

HELP = "CBCT to a CT without artifacts, and an attention map"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-i", "--image", type=Path, required=True, help="CBCT, NIfTI")
    add("-o", "--output", type=Path, required=True, help="folder for the results")
    add(
        "--ckpt",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of the training run; its newest checkpoint is taken",
    )
    add("--batch-size", type=int, default=8, help="slices at a time")
    add(
        "--own-scale",
        action="store_true",
        help="grey scale from this scan's percentiles: for a device other than the "
        "one trained on",
    )
    add("--device", choices=("cpu", "gpu"), help="default: what JAX finds")
    add_reading_options(parser, "VALUE")
    add(
        "--overwrite", action="store_true", help="write into a folder that is not empty"
    )
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> None:
    request = request_of(arguments)
    from spine_jax.pipeline.cbct_files import translate_to_folder

    translate_to_folder(request)
    if not arguments.quiet:
        print(f"written to {arguments.output}")


def request_of(arguments: argparse.Namespace):
    """The request the options stand for; starts JAX.

    Raises:
        InputError: for a batch of nothing.
    """
    from spine_jax.cli.device import use_device
    from spine_jax.core import InputError

    use_device(arguments.device)
    from spine_jax.pipeline.cbct_files import CbctRequest

    if arguments.batch_size < 1:
        raise InputError(
            "OPTIONS",
            "--batch-size",
            f"{arguments.batch_size}",
            "1 or more",
            "leaving it out",
        )
    return CbctRequest(
        image=arguments.image,
        output=arguments.output,
        ckpt=arguments.ckpt,
        batch_size=arguments.batch_size,
        own_scale=arguments.own_scale,
        overwrite=arguments.overwrite,
        reading={name: getattr(arguments, name) for name in NAMES},
    )
