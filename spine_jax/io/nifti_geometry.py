"""Where the voxels of a NIfTI header lie: sform, qform, and whether to believe them."""

import itertools
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.spatialimages import HeaderDataError

from spine_jax.core import InputError, spacing_mm, transform_points

# Outside this range the numbers are not millimetres, or the axis is no voxel axis.
_SPACING_RANGE_MM = (0.01, 10.0)
_SHEAR_TOLERANCE = 1e-3
_FORM_TOLERANCE_MM = 1e-2
# A qform stores b, c, d in float32, which leaves a2 = 1 - b2 - c2 - d2 uncertain by
# this: nothing for most headers, 2e-3 rad for a turn by nearly 180 degrees. 20,000
# simulated headers reached 0.6 of the limit it sets.
_QUATERNION_ROUNDING = 1e-6


def affine_from_header(
    header: nib.Nifti1Header,
    shape: tuple[int, ...],
    *,
    prefer: str | None,
    source: Path,
) -> np.ndarray:
    """The affine, [4, 4] float64 voxel to RAS+ mm, checked.

    Args:
        header: Header of the file.
        shape: Size of the three spatial axes.
        prefer: `sform` or `qform` to settle a disagreement, None to require agreement.
        source: The file, for messages.

    Raises:
        InputError: `NO-GEOMETRY`, `SFORM-QFORM` or `SPACING`.
    """
    affine = _choose(header, shape, prefer, source)
    _check_spacing(affine, header, source)
    _warn_of_shear(affine, source)
    return affine


def corners_mm(affine_vox_to_mm: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Centres of the eight corner voxels, [8, 3] RAS+ mm."""
    corners = np.array(list(itertools.product(*((0, size - 1) for size in shape))))
    return transform_points(np.asarray(affine_vox_to_mm), corners)


def max_corner_distance_mm(
    affine_a: np.ndarray, affine_b: np.ndarray, shape: tuple[int, ...]
) -> float:
    """How far two affines put the same voxel apart, at most, within a grid."""
    offsets = corners_mm(affine_a, shape) - corners_mm(affine_b, shape)
    return float(np.linalg.norm(offsets, axis=1).max())


def _choose(
    header: nib.Nifti1Header, shape: tuple[int, ...], prefer: str | None, source: Path
) -> np.ndarray:
    forms = _coded_forms(header)
    if prefer is not None:
        if prefer not in forms:
            raise _no_geometry(source, f"the header has no {prefer} (its code is 0)")
        forms = {prefer: forms[prefer]}
    if not forms:
        raise _no_geometry(source, "the codes of sform and qform are both 0")
    usable = {name: form for name, form in forms.items() if _is_usable(form)}
    if not usable:
        names = " and ".join(forms)
        raise _no_geometry(source, f"the affine ({names}) is singular or not finite")
    if len(usable) < len(forms):
        broken = "sform" if "qform" in usable else "qform"
        raise _disagreement(source, f"the {broken} is singular or not finite")
    if len(forms) == 2:
        _check_agreement(header, forms["sform"], forms["qform"], shape, source)
    # The sform has full precision, the quaternion of a qform has not.
    return forms["sform"] if "sform" in forms else forms["qform"]


def _coded_forms(header: nib.Nifti1Header) -> dict[str, np.ndarray]:
    forms = {}
    if int(header["sform_code"]) > 0:
        forms["sform"] = np.asarray(header.get_sform(), np.float64)
    if int(header["qform_code"]) > 0:
        try:
            forms["qform"] = np.asarray(header.get_qform(), np.float64)
        except (HeaderDataError, ValueError):  # b2 + c2 + d2 > 1: no rotation
            forms["qform"] = np.full((4, 4), np.nan)
    return forms


def _is_usable(affine: np.ndarray) -> bool:
    return bool(
        np.isfinite(affine).all() and abs(np.linalg.det(affine[:3, :3])) > 1e-12
    )


def _check_agreement(
    header: nib.Nifti1Header,
    sform: np.ndarray,
    qform: np.ndarray,
    shape: tuple[int, ...],
    source: Path,
) -> None:
    distance_mm = max_corner_distance_mm(sform, qform, shape)
    if distance_mm <= _FORM_TOLERANCE_MM:
        return
    a = float(header.get_qform_quaternion()[0])
    rounding_rad = 2 * (np.sqrt(a * a + _QUATERNION_ROUNDING) - a)
    corners = corners_mm(sform, shape)
    diagonal_mm = float(np.linalg.norm(corners - corners[0], axis=1).max())
    if distance_mm > _FORM_TOLERANCE_MM + rounding_rad * diagonal_mm:
        angle = _angle_degrees(sform, qform)
        raise _disagreement(source, f"they differ by {distance_mm:.2f} mm / {angle}")


def _angle_degrees(a: np.ndarray, b: np.ndarray) -> str:
    turn = (a[:3, :3] / spacing_mm(a)).T @ (b[:3, :3] / spacing_mm(b))
    if np.linalg.det(turn) < 0:
        return "a mirror image"
    cosine = np.clip((np.trace(turn) - 1) / 2, -1, 1)
    return f"{np.degrees(np.arccos(cosine)):.1f} degrees"


def _check_spacing(affine: np.ndarray, header: nib.Nifti1Header, source: Path) -> None:
    spacing = spacing_mm(affine)
    low, high = _SPACING_RANGE_MM
    if low <= spacing.min() and spacing.max() <= high * 1.0001:  # float32 headers
        return
    unit = header.get_xyzt_units()[0]
    guess = "micrometres" if spacing.max() > high else "metres"
    raise InputError(
        "SPACING",
        source,
        f"voxel spacing {' x '.join(f'{step:g}' for step in spacing)} mm"
        f" (unit in the header: {unit})",
        f"{low:g} to {high:g} mm",
        f"rescale the affine to millimetres if these are {guess}, or resample",
    )


def _warn_of_shear(affine: np.ndarray, source: Path) -> None:
    direction = affine[:3, :3] / spacing_mm(affine)
    shear = float(np.abs(direction.T @ direction - np.eye(3)).max())
    if shear > _SHEAR_TOLERANCE:
        warnings.warn(
            f"{source}: voxel axes are not orthogonal (shear {shear:.2f}, as from a"
            " tilted gantry); positions in mm stay right",
            stacklevel=2,
        )


def _no_geometry(source: Path, found: str) -> InputError:
    return InputError(
        "NO-GEOMETRY",
        source,
        f"no valid geometry: {found}",
        "an sform or qform that maps voxels to mm",
        "export the image again from DICOM, or set its orientation in 3D Slicer or"
        " ITK-SNAP",
    )


def _disagreement(source: Path, found: str) -> InputError:
    return InputError(
        "SFORM-QFORM",
        source,
        f"sform and qform disagree: {found}",
        "the same geometry in both",
        "choose one with --prefer sform or --prefer qform",
    )
