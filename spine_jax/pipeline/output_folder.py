"""What must hold of the folder that a command is to fill."""

from pathlib import Path

from spine_jax.core import InputError


def check_no_file(folder: Path) -> None:
    """Refuse a file where a folder is meant.

    Raises:
        InputError: `OUTPUT`.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "OUTPUT", folder, "a file", "a folder", "another name after -o"
        )


def check_output_folder(
    folder: Path, *, overwrite: bool, advice: str = "--overwrite to replace it"
) -> None:
    """Refuse to mix with, or overwrite, what is there.

    Args:
        overwrite: Whether the folder may hold something.
        advice: What to try where it may not.

    Raises:
        InputError: `OUTPUT` for a file, `OUTPUT-EXISTS` for a folder that is not empty.
    """
    check_no_file(folder)
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise InputError(
            "OUTPUT-EXISTS",
            folder,
            "the folder is not empty",
            "a new or empty folder",
            advice,
        )
