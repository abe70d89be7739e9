"""Coordinate frames of centroid files, each as one affine to RAS+ mm.

Nothing is flipped by hand: a frame is the grid its coordinates count in, and the
grid's affine turns them into mm.

- `voxel`: indices of the image as stored.
- `direction P I R`: indices of the image reoriented so that its axes point there,
  native spacing (index 0 on a flipped axis is the last voxel as stored).
- `verse19`, `verse20`: 1 mm steps along the axes of the image reoriented to IPL or
  PIR. Index c is taken to lie c mm from the centre of the first voxel of that
  reoriented image, whatever its spacing. A published file of a 1 mm image is met to
  0.05 mm; one counted on a resampled image with another corner is off by that shift.
- `world-ras`, `world-lps`: mm.
"""

import numpy as np

from spine_jax.core import (
    InputError,
    Volume,
    orientation_codes,
    spacing_mm,
)

FORMATS = ("verse19", "verse20", "voxel", "world-ras", "world-lps")
DIRECTION = "direction"
_ISOTROPIC_CODES = {"verse19": ("I", "P", "L"), "verse20": ("P", "I", "R")}
_AXIS = {"R": 0, "L": 0, "A": 1, "P": 1, "S": 2, "I": 2}
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def check_codes(codes: tuple[str, ...], source: object) -> tuple[str, str, str]:
    """Three letters, one per anatomical axis, or an InputError `DIRECTION`."""
    if sorted(_AXIS.get(code, 3) for code in codes) != [0, 1, 2]:
        raise InputError(
            "DIRECTION",
            source,
            f"direction {list(codes)}",
            'one letter each of R/L, A/P and S/I, such as ["P", "I", "R"]',
            "correct the direction entry",
        )
    return codes[0], codes[1], codes[2]


def reoriented_affine(
    affine_vox_to_mm: np.ndarray, shape: tuple[int, ...], codes: tuple[str, str, str]
) -> np.ndarray:
    """Affine of the same voxels with axes permuted and flipped to point to `codes`.

    Args:
        affine_vox_to_mm: [4, 4] of the image as stored.
        shape: Its size.
        codes: Where each new axis points, such as `("P", "I", "R")`.

    Returns:
        [4, 4], index in the reoriented array to RAS+ mm.
    """
    stored = orientation_codes(affine_vox_to_mm)
    to_stored = np.eye(4)
    for new, code in enumerate(codes):
        old = next(i for i in range(3) if _AXIS[stored[i]] == _AXIS[code])
        flipped = stored[old] != code
        to_stored[:3, new] = 0
        to_stored[old, new] = -1 if flipped else 1
        to_stored[old, 3] = shape[old] - 1 if flipped else 0
    return np.asarray(affine_vox_to_mm, np.float64) @ to_stored


def frame_affine(frame: str, volume: Volume | None, source: object) -> np.ndarray:
    """Affine from the coordinates of a frame to RAS+ mm, [4, 4].

    Args:
        frame: One of `FORMATS`, or `direction` and three letters.
        volume: The image, which every frame but the world ones needs.
        source: The file, for messages.

    Raises:
        InputError: `NEEDS-VOLUME` for a voxel frame without an image.
    """
    if frame == "world-ras":
        return np.eye(4)
    if frame == "world-lps":
        return _LPS_TO_RAS
    if volume is None:
        raise InputError(
            "NEEDS-VOLUME",
            source,
            f"coordinates count voxels ({frame})",
            "the image they belong to, or world coordinates",
            "give the image too",
        )
    affine = np.asarray(volume.affine_vox_to_mm, np.float64)
    if frame == "voxel":
        return affine
    codes = _ISOTROPIC_CODES.get(frame) or check_codes(tuple(frame.split()[1:]), source)
    affine = reoriented_affine(affine, volume.array.shape, codes)
    if frame in _ISOTROPIC_CODES:
        affine = affine @ np.diag([*(1 / spacing_mm(affine)), 1.0])
    return affine
