"""Headers for files we write: geometry, units, label names and colours."""

import os
from pathlib import Path
from xml.sax.saxutils import quoteattr

import nibabel as nib
import numpy as np
from nibabel.nifti1 import Nifti1Extension

from spine_jax.core.labels import (
    NON_VERTEBRAE,
    is_vertebra,
    label_colour,
    label_name,
)
from spine_jax.io.nifti_geometry import max_corner_distance_mm
from spine_jax.io.nifti_stream import read_header

_QFORM_TOLERANCE_MM = 1e-2
# NIfTI reserves 30 for Caret, but nibabel's `get_content` refuses that code, and
# TotalSegmentator, whose readers look here, writes 0 and calls `get_content`.
_EXTENSION_CODE = 0
_NON_VERTEBRA_COLOUR = (150, 150, 150)


def make_header(
    array: np.ndarray,
    affine_vox_to_mm: np.ndarray,
    reference: str | os.PathLike | None,
) -> nib.Nifti1Header:
    """Header with sform, qform and millimetres; codes as in `reference`, else 1.

    A qform cannot hold a shear, and its float32 quaternion may be off by 1 mm for a
    turn by nearly 180 degrees. Then its code is 0, so that only the sform counts.
    """
    affine = np.asarray(affine_vox_to_mm, np.float64)
    sform_code, qform_code = _codes(reference)
    header = nib.Nifti1Header()
    header.set_data_shape(array.shape)
    header.set_data_dtype(array.dtype)
    header.set_qform(affine, qform_code, strip_shears=True)
    header.set_sform(affine, sform_code)
    header.set_xyzt_units("mm")
    error_mm = max_corner_distance_mm(
        affine, np.asarray(header.get_qform()), array.shape
    )
    if error_mm > _QFORM_TOLERANCE_MM:
        header["qform_code"] = 0
    return header


def add_label_table(header: nib.Nifti1Header, numbers: list[int]) -> None:
    """Append names and colours of labels as a Caret `LabelTable` extension."""
    table = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<CaretExtension>'
        '<VolumeInformation Index="0">\n<LabelTable>\n'
        + "".join(map(_label_entry, numbers))
        + "</LabelTable>\n<StudyMetaDataLinkSet></StudyMetaDataLinkSet>"
        "<VolumeType><![CDATA[Label]]></VolumeType></VolumeInformation>"
        "</CaretExtension>\n"
    )
    extension = Nifti1Extension(_EXTENSION_CODE, table.encode("utf-8"))
    header.extensions.append(extension)


def structure_name(number: int) -> str:
    """`L3`, or `sacrum` and `coccyx` for the numbers that name no vertebra."""
    return NON_VERTEBRAE.get(number) or label_name(number)


def _codes(reference: str | os.PathLike | None) -> tuple[int, int]:
    """sform and qform code; one that the reference lacks takes the other's."""
    if reference is None:
        return 1, 1
    header = read_header(Path(reference))
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    return sform or qform or 1, qform or sform or 1


def _label_entry(number: int) -> str:
    colour = label_colour(number) if is_vertebra(number) else _NON_VERTEBRA_COLOUR
    red, green, blue = (quoteattr(f"{part / 255:.4f}") for part in colour)
    return (
        f'<Label Key="{number}" Red={red} Green={green} Blue={blue} Alpha="1">'
        f"<![CDATA[{structure_name(number)}]]></Label>\n"
    )
