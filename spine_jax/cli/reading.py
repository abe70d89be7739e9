"""Options of every command that reads an image."""

import argparse

NAMES = ("nan_fill", "volume_index", "prefer", "checksum")


def add_reading_options(parser: argparse.ArgumentParser, unit: str) -> None:
    """Add what `load_volume` can be told.

    Args:
        unit: Of the intensities, for the help.
    """
    add = parser.add_argument
    add("--nan-fill", type=float, metavar=unit, help="replace NaN voxels by this")
    add("--volume-index", type=int, metavar="N", help="which volume of a 4D image")
    add("--prefer", choices=("sform", "qform"), help="when the header's two disagree")
    add(
        "--no-checksum",
        dest="checksum",
        action="store_false",
        help="read a .nii.gz although its checksum fails",
    )
