"""Overlap scores against counts made by hand."""

import numpy as np
import pytest

from spine_jax.metrics.overlap import dice, volume_mm3


def _mask(*indices: int) -> np.ndarray:
    mask = np.zeros(24, bool)
    mask[list(indices)] = True
    return mask.reshape(2, 3, 4)


def test_dice_of_counted_voxels():
    # 4 and 6 voxels, 3 in common: 2 * 3 / (4 + 6).
    assert dice(_mask(0, 1, 2, 3), _mask(1, 2, 3, 10, 11, 12)) == 0.6


def test_dice_of_empty_masks():
    assert dice(_mask(), _mask()) == 1.0
    assert dice(_mask(), _mask(5)) == 0.0
    assert dice(_mask(5), _mask()) == 0.0


def test_volume_counts_voxels_times_their_size():
    assert volume_mm3(_mask(0, 7, 23), 1.0 * 1.5 * 2.0) == 9.0


def test_labels_are_not_masks():
    with pytest.raises(ValueError, match="boolean"):
        dice(_mask(1).astype(np.uint8), _mask(1))


def test_masks_of_unlike_shape():
    with pytest.raises(ValueError, match="shape"):
        dice(_mask(1), _mask(1).reshape(4, 3, 2))
