"""Files that appear complete or not at all.

A reader never sees half a file: the writer fills a temporary file in the same folder
and a rename, which the file system does in one step, gives it its name.
"""

import contextlib
import json
import math
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` when the block succeeds.

    The temporary file lies in the same folder and ends like `path` (`.nii.gz` stays
    `.nii.gz`), because writers choose the format by the ending. Missing folders are
    made. If the block raises, the temporary file goes and `path` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f".tmp-{uuid.uuid4().hex[:12]}{''.join(path.suffixes)}"
    temporary = path.with_name(name)
    try:
        yield temporary
        # Without the sync a power cut can leave the new name on an empty file.
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text_atomic(path: str | os.PathLike, text: str) -> None:
    """Write UTF-8 text; line ends are kept as given."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_json_atomic(path: str | os.PathLike, value: Any) -> None:
    """Write JSON that every parser reads: NaN and infinities become null.

    Arrays (numpy or JAX) and their scalars become lists and numbers, paths strings.
    """
    text = json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False)
    write_text_atomic(path, text + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return value
