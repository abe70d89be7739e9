"""Input files: that they exist, and what was probably meant if not."""

import difflib
import os
from pathlib import Path

from spine_jax.core import InputError


def require_file(path: str | os.PathLike) -> Path:
    """The path, once it is known to be a file with something in it.

    Raises:
        InputError: `NOT-FOUND` with the closest name in the folder, `IS-FOLDER`, or
            `EMPTY-FILE`.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(
            "IS-FOLDER",
            path,
            "this is a folder",
            "a file",
            "name a file in it; convert a DICOM series to NIfTI first",
        )
    if not path.exists():
        raise InputError("NOT-FOUND", path, "not found", "a file", _suggestion(path))
    if path.stat().st_size == 0:
        raise InputError(
            "EMPTY-FILE",
            path,
            "the file has 0 bytes",
            "content",
            "copy or download it again",
        )
    return path


def _suggestion(path: Path) -> str:
    folder = path.parent
    if not folder.is_dir():
        return f"check the folder: {folder} does not exist"
    names = [entry.name for entry in folder.iterdir()]
    closest = difflib.get_close_matches(path.name, names, n=1)
    if closest:
        return f"did you mean {folder / closest[0]}?"
    return f"check the name: {folder} holds {len(names)} entries, none of them similar"
