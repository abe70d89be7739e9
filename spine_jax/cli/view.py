"""Look at a result of `fit` or `reconstruct` in a browser.

Writes OUT/view.html, a page that holds everything it needs and works without a network
or a server: the meshes to turn and to toggle, linked slices of the image with outlines,
and the numbers.
"""

import argparse
from pathlib import Path

HELP = "result to one HTML page: meshes, slices, numbers"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("folder", type=Path, metavar="OUT", help="folder of a fit or reconstruct")
    add("-o", "--output", type=Path, help="page to write; default OUT/view.html")
    add("-i", "--image", type=Path, help="image to show; default that of the report")
    add("--overwrite", action="store_true", help="replace the file after -o")
    add("--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace) -> None:
    from spine_jax.cli.device import use_device

    use_device("cpu")
    from spine_jax.pipeline.view_files import view_to_file

    path = view_to_file(
        arguments.folder,
        arguments.output,
        image=arguments.image,
        overwrite=arguments.overwrite,
    )
    if not arguments.quiet:
        size_mb = path.stat().st_size / 1e6
        print(f"written to {path} ({size_mb:.1f} MB); open it in a browser")
