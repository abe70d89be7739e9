"""Small files for the io tests, and the check of an InputError."""

import contextlib
import gzip
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from spine_jax.core import InputError

SHAPE = (12, 10, 9)
SPACING = np.array([0.8, 1.0, 2.5])


@contextlib.contextmanager
def refused(code: str, *words: str):
    """The block raises an InputError of this code whose sentence has these words."""
    with pytest.raises(InputError) as caught:
        yield
    assert caught.value.code == code
    for word in words:
        assert word in str(caught.value)


def rotation() -> np.ndarray:
    """A turn by 20 degrees about z after 10 degrees about x."""
    a, b = np.radians(20), np.radians(10)
    about_z = np.array(
        [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    )
    about_x = np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    return about_z @ about_x


def oblique_affine() -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3] = rotation() @ np.diag(SPACING)
    affine[:3, 3] = [-12.5, 40.0, -7.25]
    return affine


def ct_array(shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """int16 Hounsfield units, every voxel different."""
    return (np.arange(np.prod(shape)).reshape(shape) - 500).astype(np.int16)


def write_nifti(
    path: Path,
    array: np.ndarray,
    affine: np.ndarray | None = None,
    *,
    sform_code: int = 1,
    qform_code: int = 0,
    kind=nib.Nifti1Image,
) -> Path:
    """Write with nibabel alone; the qform gets the same affine."""
    affine = oblique_affine() if affine is None else affine
    image = kind(array, affine)
    image.header.set_qform(affine, qform_code, strip_shears=True)
    image.header.set_sform(affine, sform_code)
    nib.save(image, path)
    return path


def patch_header(path: Path, **fields) -> Path:
    """Overwrite header fields of a `.nii` in place."""
    content = path.read_bytes()
    header = nib.Nifti1Header(content[:348], check=False)
    for name, value in fields.items():
        header[name] = value
    path.write_bytes(header.binaryblock + content[348:])
    return path


def gzipped(path: Path) -> Path:
    """`x.nii` -> `x.nii.gz` in stored blocks, so that any byte can be altered."""
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes(), compresslevel=0, mtime=0))
    return target
