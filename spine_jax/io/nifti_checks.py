"""What voxel data must be like, whether an image or a label map."""

import warnings
from pathlib import Path

import numpy as np

from spine_jax.core import InputError

_MIN_AXIS = 8
_LABEL_TOLERANCE = 1e-3
_LABEL_MAX = 28
_LISTED = 8  # offending values named in a message


def to_three_axes(
    voxels: np.ndarray, volume_index: int | None, source: Path
) -> np.ndarray:
    """Drop axes of length 1 past the third, or pick one volume of a series.

    Raises:
        InputError: `FOUR-D`, `VOLUME-INDEX` or `NOT-3D`.
    """
    shape = voxels.shape
    series = [size for size in shape[3:] if size > 1]
    if len(series) > 1:
        raise InputError(
            "FOUR-D", source, f"shape {shape}", "three axes", "export one volume"
        )
    count = series[0] if series else 1
    if count > 1 and volume_index is None:
        raise InputError(
            "FOUR-D",
            source,
            f"shape {shape}: {count} volumes",
            "one volume",
            f"choose one with --volume-index 0 to {count - 1}",
        )
    index = volume_index or 0
    if not 0 <= index < count:
        raise InputError(
            "VOLUME-INDEX",
            source,
            f"volume {index} of {count}",
            f"an index from 0 to {count - 1}",
            "another --volume-index",
        )
    if len(shape) > 3 and count == 1:
        warnings.warn(f"{source}: shape {shape} taken as {shape[:3]}", stacklevel=2)
    voxels = voxels.reshape(*shape[:3], count, order="F")[..., index]
    _check_extent(voxels.shape, source)
    return voxels


def _check_extent(shape: tuple[int, ...], source: Path) -> None:
    if min(shape) < _MIN_AXIS:
        raise InputError(
            "NOT-3D",
            source,
            f"the volume is {' x '.join(map(str, shape))} voxels",
            f"three axes of {_MIN_AXIS} voxels or more",
            "the whole series instead of a slice",
        )


def check_scalar(dtype: np.dtype, source: Path) -> None:
    """Refuse colour and complex voxels.

    Raises:
        InputError: `DTYPE`.
    """
    if dtype.fields is not None:
        kind = "RGB voxels; this looks like a screenshot or a report"
    elif dtype.kind == "c":
        kind = "complex voxels"
    else:
        return
    raise InputError(
        "DTYPE", source, kind, "one real number per voxel", "the original CT series"
    )


def fill_non_finite(
    array: np.ndarray, nan_fill: float | None, source: Path
) -> np.ndarray:
    """Replace NaN and infinite voxels, or refuse them.

    Raises:
        InputError: `NON-FINITE` where there are some and no value to fill in.
    """
    finite = np.isfinite(array)
    if finite.all():
        return array
    if nan_fill is None:
        count = int(array.size - finite.sum())
        raise InputError(
            "NON-FINITE",
            source,
            f"{count:,} NaN or infinite voxels ({100 * count / array.size:.3g} %)",
            "finite intensities",
            "--nan-fill -1024 to take them as air",
        )
    return np.where(finite, array, np.asarray(nan_fill, array.dtype))


def check_intensities(array: np.ndarray, source: Path) -> None:
    """Refuse a constant image; warn of one that is not in Hounsfield units.

    Raises:
        InputError: `CONSTANT`.
    """
    low, high = float(array.min()), float(array.max())
    if low == high:
        raise InputError(
            "CONSTANT", source, f"every voxel is {low:g}", "an image", "another export"
        )
    if low >= 0:
        warnings.warn(
            f"{source}: intensities {low:g} to {high:g} are not Hounsfield units (no"
            " negative value); fitting still works, statistics in HU mean nothing",
            stacklevel=2,
        )


def to_labels(values: np.ndarray, source: Path) -> np.ndarray:
    """Label numbers as uint8, rounded where they are integers within 1e-3.

    Raises:
        InputError: `NON-INTEGER` or `LABEL-SCHEME`, listing the offending values.
    """
    if values.dtype.kind == "f":
        nearest = np.rint(values)
        with np.errstate(invalid="ignore"):  # inf - inf
            error = values - nearest
        np.abs(error, out=error)
        # NaN makes the maximum NaN, so this form catches it too.
        if not error.max() <= _LABEL_TOLERANCE:
            off = ~(error <= _LABEL_TOLERANCE)
            raise InputError(
                "NON-INTEGER",
                source,
                f"{int(off.sum()):,} label values are no integers"
                f" {_listed(np.unique(values[off]))}",
                "integers",
                "resample label maps with nearest neighbour",
            )
        values = nearest
    if values.min() < 0 or values.max() > _LABEL_MAX:
        numbers = np.unique(values[(values < 0) | (values > _LABEL_MAX)])
        raise InputError(
            "LABEL-SCHEME",
            source,
            f"labels {_listed(numbers)}",
            "0 to 28 (VerSe: 1-7 C1-C7, 8-19 T1-T12, 20-25 L1-L6, 26 sacrum,"
            " 27 coccyx, 28 T13)",
            _scheme_advice(numbers),
        )
    return values.astype(np.uint8)


def _scheme_advice(numbers: np.ndarray) -> str:
    if numbers.max() <= 50:
        return (
            "renumber the map; TotalSegmentator counts from 27 (L5) to 50 (C1),"
            " SPINEPS 41 to 50 are parts of one vertebra"
        )
    return "renumber the map; SPINEPS adds 100 for discs and 200 for endplates"


def _listed(values: np.ndarray) -> str:
    shown = ", ".join(f"{value:.8g}" for value in values[:_LISTED])
    more = f", and {len(values) - _LISTED} more" if len(values) > _LISTED else ""
    return "{" + shown + more + "}"
