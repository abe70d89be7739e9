"""NIfTI bytes: from a file to a header and its stored voxels, damage included.

nibabel opens a damaged `.nii.gz` without complaint: it stops reading before the
checksum at the end of the stream. So the bytes are read here, once and to the end, and
nibabel only interprets the header.
"""

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from spine_jax.core import InputError
from spine_jax.io.paths import require_file

_CHUNK = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_NIFTI1_BYTES = 348
_NIFTI2_BYTES = 540
# Where the magic stands, how it reads for a single file, and the header's class.
_KINDS = (
    (344, b"n+1\0", _NIFTI1_BYTES, nib.Nifti1Header),
    (4, b"n+2\0", _NIFTI2_BYTES, nib.Nifti2Header),
)
_COPY_AGAIN = "copy or download the file again"


def read_header(path: str | Path) -> nib.Nifti1Header:
    """Header of a NIfTI-1/2 file, gzip or not.

    Raises:
        InputError: `NOT-FOUND`, `EMPTY-FILE`, `NOT-NIFTI`, `TRUNCATED` or `DAMAGED`.
    """
    path = require_file(path)
    content = bytearray()
    with _open(path) as stream, _explained(path, content, None):
        _read(stream, _NIFTI2_BYTES, content)
    return _parse_header(path, content)


def read_nifti(
    path: str | Path, *, checksum: bool
) -> tuple[nib.Nifti1Header, np.ndarray]:
    """Header and stored voxels, [X, Y, Z, ...] in the stored type, before scaling.

    Args:
        path: A single NIfTI-1/2 file, gzip or not; the content decides, not the name.
        checksum: Read a gzip stream to its end and compare its checksum.

    Raises:
        InputError: `NOT-FOUND`, `EMPTY-FILE`, `NOT-NIFTI`, `TRUNCATED`, `DAMAGED` or
            `CHECKSUM`.
    """
    path = require_file(path)
    content = bytearray()
    with _open(path) as stream:
        with _explained(path, content, None):
            _read(stream, _NIFTI2_BYTES, content)
        header = _parse_header(path, content)
        start, dtype, shape = _layout(path, header)
        promised = start + dtype.itemsize * int(np.prod(shape, dtype=object))
        with _explained(path, content, promised):
            _read(stream, promised, content)
        if len(content) < promised:
            raise _truncated(path, len(content), promised)
        if checksum:
            _read_to_end(path, stream)
    count = int(np.prod(shape))
    voxels = np.frombuffer(content, dtype, count, start)
    return header, voxels.reshape(shape, order="F")


def _open(path: Path) -> BinaryIO:
    with open(path, "rb") as file:
        zipped = file.read(2) == _GZIP_MAGIC
    return gzip.open(path, "rb") if zipped else open(path, "rb")  # type: ignore


def _read(stream: BinaryIO, size: int, content: bytearray) -> None:
    """Append to `content` until it holds `size` bytes or the stream ends."""
    # read1 hands over what is there before a truncated stream raises, so the share
    # that could be read is known.
    while len(content) < size:
        chunk = stream.read1(min(_CHUNK, size - len(content)))  # type: ignore
        if not chunk:
            break
        content += chunk


@contextlib.contextmanager
def _explained(path: Path, content: bytearray, promised: int | None) -> Iterator[None]:
    """Turn what gzip raises about damage into an InputError."""
    try:
        yield
    except EOFError:
        raise _truncated(path, len(content), promised) from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            "DAMAGED",
            path,
            f"the compressed data is damaged after {_share(len(content), promised)}"
            f" ({error})",
            "an intact gzip stream",
            _COPY_AGAIN,
        ) from None


def _truncated(path: Path, got: int, promised: int | None) -> InputError:
    return InputError(
        "TRUNCATED",
        path,
        f"the file ends after {_share(got, promised)}",
        "all voxels the header promises",
        _COPY_AGAIN,
    )


def _share(got: int, promised: int | None) -> str:
    if promised is None:
        return f"{got} bytes, within the header"
    return f"{100 * got / promised:.0f} % of the header's promised {_size(promised)}"


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count} bytes"


def _read_to_end(path: Path, stream: BinaryIO) -> None:
    try:
        while stream.read(_CHUNK):
            pass
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            "CHECKSUM",
            path,
            f"the gzip checksum failed, voxels may be wrong ({error})",
            "data that agrees with its checksum",
            f"{_COPY_AGAIN}, or take it as it is with --no-checksum",
        ) from None


def _parse_header(path: Path, start: bytearray) -> nib.Nifti1Header:
    for offset, magic, size, kind in _KINDS:
        if start[offset : offset + 4] == magic and len(start) >= size:
            try:
                return kind(bytes(start[:size]))
            except HeaderDataError as error:
                raise _not_nifti(
                    path, f"its NIfTI header is invalid: {error}"
                ) from None
    if start[344:348] == b"ni1\0" or start[4:8] == b"ni2\0":
        raise _not_nifti(path, "this is the header of a two-file (.hdr/.img) NIfTI")
    raise _not_nifti(path, f"it begins with {bytes(start[:8])!r}")


def _not_nifti(path: Path, found: str) -> InputError:
    return InputError(
        "NOT-NIFTI",
        path,
        found,
        "a single NIfTI-1 or NIfTI-2 file, gzip or not",
        "export it as .nii.gz, for example from 3D Slicer or ITK-SNAP",
    )


def _layout(
    path: Path, header: nib.Nifti1Header
) -> tuple[int, np.dtype, tuple[int, ...]]:
    """Offset of the first voxel in bytes, stored type and shape."""
    try:
        start, dtype = int(header.get_data_offset()), header.get_data_dtype()
        shape = tuple(int(size) for size in header.get_data_shape())
    except (HeaderDataError, KeyError, TypeError) as error:
        raise _not_nifti(path, f"its voxel type is not readable ({error})") from None
    if not shape or min(shape) < 1:
        raise _not_nifti(path, f"its header says shape {shape}")
    return start, dtype, shape
