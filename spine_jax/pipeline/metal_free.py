"""A CBCT with its metal taken out, in HU, to be fitted in place of the clean CT."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from spine_jax.core import Volume
from spine_jax.io.nifti import check_same_grid, load_volume, save_volume

METAL_HU = 2000.0
"""On the matched scale; the densest cortex stays below."""
_PERCENTILES = (5.0, 95.0)
_AROUND_METAL = 1


def write_metal_free(
    path: Path, cbct_path: Path, clean_path: Path, reading: dict
) -> dict[str, float]:
    """Write a CBCT with the clean CT in place of metal.

    Raises:
        InputError: for files that cannot be used or lie on different grids.

    Returns:
        `metal_share`, of the voxels.
    """
    cbct, clean = load_volume(cbct_path, **reading), load_volume(clean_path)
    check_same_grid(cbct, clean, cbct_path, clean_path)
    array, metal = without_metal(np.asarray(cbct.array), np.asarray(clean.array))
    volume = Volume(array, cbct.affine_vox_to_mm)
    save_volume(path, volume, reference=cbct_path)
    return {"metal_share": float(metal.mean())}


def without_metal(
    cbct: np.ndarray, clean_hu: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The CBCT on the scale of the clean CT, with that CT where there is metal.

    The grey scale of a device is an affine of HU: the percentiles 5 and 95 of what the
    clean CT shows are those of the CBCT.

    Args:
        cbct: [X, Y, Z], any scale.
        clean_hu: [X, Y, Z], constant at its least value out of the model's view.

    Returns:
        [X, Y, Z] float32 HU, and where metal was, [X, Y, Z] bool.
    """
    seen = clean_hu > clean_hu.min()
    low, high = np.percentile(cbct[seen], _PERCENTILES)
    low_hu, high_hu = np.percentile(clean_hu[seen], _PERCENTILES)
    per_unit = (high_hu - low_hu) / max(high - low, 1e-6)
    hu = np.float32(low_hu) + (cbct - low) * np.float32(per_unit)
    metal = ndimage.binary_dilation(hu > METAL_HU, iterations=_AROUND_METAL) & seen
    return np.rint(np.where(metal | ~seen, clean_hu, hu)).astype(np.float32), metal
