"""Overlap of two masks on one grid."""

import numpy as np


def dice(prediction: np.ndarray, truth: np.ndarray) -> float:
    """Dice coefficient 2 |P and T| / (|P| + |T|) of two boolean masks.

    Two empty masks agree, so they score 1 (the rule of the VerSe challenge); one empty
    mask scores 0. Voxels are counted, which on one grid is the same as volumes.

    Args:
        prediction: Mask, [X, Y, Z] bool.
        truth: Mask, [X, Y, Z] bool.

    Raises:
        ValueError: if the shapes differ or a mask is not boolean.
    """
    check_masks(prediction, truth)
    total = np.count_nonzero(prediction) + np.count_nonzero(truth)
    if total == 0:
        return 1.0
    return float(2 * np.count_nonzero(prediction & truth) / total)


def volume_mm3(mask: np.ndarray, voxel_volume_mm3: float) -> float:
    """Volume of a boolean mask in mm3."""
    return float(np.count_nonzero(mask) * voxel_volume_mm3)


def check_masks(prediction: np.ndarray, truth: np.ndarray) -> None:
    """Refuse masks of unlike shape, and labels or probabilities passed as masks.

    Raises:
        ValueError: naming the shapes or the dtypes.
    """
    if prediction.shape != truth.shape:
        raise ValueError(f"masks differ in shape: {prediction.shape}, {truth.shape}")
    if prediction.dtype != bool or truth.dtype != bool:
        raise ValueError(
            f"masks must be boolean, got {prediction.dtype} and {truth.dtype}"
        )
