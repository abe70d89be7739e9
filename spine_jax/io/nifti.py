"""NIfTI files <-> volumes and label maps, and whether two of them share a grid.

Any orientation and spacing is kept as it is: nothing is reoriented or resampled, the
affine says where the voxels lie.
"""

import os
from pathlib import Path

import nibabel as nib
import numpy as np

from spine_jax.core import InputError, LabelVolume, Volume
from spine_jax.core.labels import is_vertebra
from spine_jax.io.atomic import atomic_path
from spine_jax.io.nifti_checks import (
    check_intensities,
    check_scalar,
    fill_non_finite,
    to_labels,
    to_three_axes,
)
from spine_jax.io.nifti_geometry import affine_from_header, max_corner_distance_mm
from spine_jax.io.nifti_header import add_label_table, make_header, structure_name
from spine_jax.io.nifti_stream import read_nifti

# Below what a voxel metric resolves, above what float32 headers blur.
_GRID_TOLERANCE_MM = 0.1


def load_volume(
    path: str | os.PathLike,
    *,
    nan_fill: float | None = None,
    volume_index: int | None = None,
    prefer: str | None = None,
    checksum: bool = True,
) -> Volume:
    """Read an image in the file's own voxel order.

    Args:
        path: NIfTI-1/2 file, gzip or not.
        nan_fill: Value for NaN and infinite voxels; None refuses them.
        volume_index: Which volume of a series.
        prefer: `sform` or `qform` where the two disagree.
        checksum: Read a gzip stream to its end and compare its checksum.

    Returns:
        Array [X, Y, Z] float32 (scaling applied) and affine [4, 4] float64 to RAS+ mm.
        A sheared affine and intensities without a negative value warn.

    Raises:
        InputError: for a file that is missing, damaged or no NIfTI; a shape, voxel
            type or affine that is no CT volume; NaN voxels; a constant image.
    """
    header, voxels, affine = _read(path, volume_index, prefer, checksum)
    array = _scaled(header, voxels, np.dtype(np.float32))
    array = fill_non_finite(array, nan_fill, Path(path))
    check_intensities(array, Path(path))
    return Volume(np.ascontiguousarray(array), affine)


def load_labels(
    path: str | os.PathLike, *, prefer: str | None = None, checksum: bool = True
) -> LabelVolume:
    """Read a label map of the VerSe scheme in the file's own voxel order.

    Returns:
        Array [X, Y, Z] uint8 with numbers 0 to 28 (26 sacrum and 27 coccyx may occur),
        affine [4, 4] float64 to RAS+ mm. An empty map is returned as it is.

    Raises:
        InputError: as `load_volume`; values that are no integers within 1e-3, or
            outside the scheme.
    """
    header, voxels, affine = _read(path, None, prefer, checksum)
    if not _is_unscaled(header):
        voxels = _scaled(header, voxels, np.dtype(np.float64))
    labels = to_labels(voxels, Path(path))
    return LabelVolume(np.ascontiguousarray(labels), affine)


def save_labels(
    path: str | os.PathLike,
    labels: LabelVolume,
    *,
    reference: str | os.PathLike | None = None,
) -> None:
    """Write a label map that viewers show on top of its image, with names and colours.

    uint8 without scaling, millimetres, sform and qform. Names and colours of the labels
    present go into a header extension (Caret XML `LabelTable`) that TotalSegmentator's
    reader understands.

    Args:
        path: `.nii` or `.nii.gz`.
        labels: Numbers 0 to 28.
        reference: Image the map belongs to; its sform and qform codes are copied.
    """
    array = np.asarray(labels.array).astype(np.uint8)
    header = make_header(array, labels.affine_vox_to_mm, reference)
    add_label_table(header, [int(n) for n in np.unique(array) if n > 0])
    _save(path, array, header)


def save_volume(
    path: str | os.PathLike,
    volume: Volume,
    *,
    reference: str | os.PathLike | None = None,
) -> None:
    """Write an image: int16 where every voxel is an integer in its range, else float32.

    Args:
        path: `.nii` or `.nii.gz`.
        volume: The image.
        reference: Image whose sform and qform codes are copied.
    """
    array = np.asarray(volume.array, np.float32)
    limits = np.iinfo(np.int16)
    if np.all(
        (array == np.rint(array)) & (limits.min <= array) & (array <= limits.max)
    ):
        array = array.astype(np.int16)
    _save(path, array, make_header(array, volume.affine_vox_to_mm, reference))


def check_same_grid(
    a: Volume | LabelVolume,
    b: Volume | LabelVolume,
    source_a: object,
    source_b: object,
) -> None:
    """Check that two volumes have the same shape and the same voxels in space.

    Raises:
        InputError: `GRID-MISMATCH` with both shapes and affines and the largest
            distance between corresponding corners, when that exceeds 0.1 mm.
    """
    shape_a, shape_b = tuple(a.array.shape), tuple(b.array.shape)
    affine_a, affine_b = np.asarray(a.affine_vox_to_mm), np.asarray(b.affine_vox_to_mm)
    distance_mm = max_corner_distance_mm(affine_a, affine_b, shape_a)
    if shape_a == shape_b and distance_mm <= _GRID_TOLERANCE_MM:
        return
    raise InputError(
        "GRID-MISMATCH",
        source_b,
        f"shape {shape_b} and affine {_affine_text(affine_b)} against shape {shape_a}"
        f" and affine {_affine_text(affine_a)} of {source_a}, corners up to"
        f" {distance_mm:.1f} mm apart",
        "the same voxel grid",
        "resample the label map onto the image with nearest neighbour",
    )


def check_has_vertebra(labels: LabelVolume, source: object) -> None:
    """Check that a label map holds a vertebra, without which no score is defined.

    Raises:
        InputError: `NO-VERTEBRA` for an empty map or one of sacrum and coccyx alone.
    """
    present = [int(number) for number in np.unique(np.asarray(labels.array)) if number]
    if any(is_vertebra(number) for number in present):
        return
    found = (
        f"only {', '.join(map(structure_name, present))}"
        if present
        else "no foreground"
    )
    raise InputError(
        "NO-VERTEBRA",
        source,
        f"{found}; evaluation would be undefined",
        "at least one vertebra (1-25, 28)",
        "another label map",
    )


def _read(
    path: str | os.PathLike,
    volume_index: int | None,
    prefer: str | None,
    checksum: bool,
) -> tuple[nib.Nifti1Header, np.ndarray, np.ndarray]:
    path = Path(path)
    header, voxels = read_nifti(path, checksum=checksum)
    check_scalar(voxels.dtype, path)
    while voxels.ndim < 3:
        voxels = voxels[..., None]
    voxels = to_three_axes(voxels, volume_index, path)
    return (
        header,
        voxels,
        affine_from_header(header, voxels.shape, prefer=prefer, source=path),
    )


def _is_unscaled(header: nib.Nifti1Header) -> bool:
    return header.get_slope_inter() in ((None, None), (1.0, 0.0))


def _scaled(
    header: nib.Nifti1Header, voxels: np.ndarray, dtype: np.dtype
) -> np.ndarray:
    """Voxels with the header's slope and intercept applied."""
    array = voxels.astype(dtype)
    if _is_unscaled(header):
        return array
    slope, intercept = header.get_slope_inter()
    array *= slope
    array += intercept
    return array


def _save(path: str | os.PathLike, array: np.ndarray, header: nib.Nifti1Header) -> None:
    with atomic_path(path) as temporary:
        nib.save(nib.Nifti1Image(array, None, header), temporary)


def _affine_text(affine: np.ndarray) -> str:
    rows = (" ".join(f"{value:.4g}" for value in row) for row in affine[:3])
    return f"[{'; '.join(rows)}]"
