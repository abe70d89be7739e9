"""The grey scale of a data set's CBCTs, told from its training volumes."""

from collections.abc import Sequence

import numpy as np

from spine_jax.data.store import CT_SCALE, Scale, StoredVolume

PERCENTILES = (5.0, 95.0)
"""Metal fills up to a few percent of the view of a device; the top must lie below."""
_STEP = (1, 2, 2)
"""Every so many slices, rows and columns are looked at."""


def fit_cbct_scale(
    cbct: Sequence[StoredVolume], ct: Sequence[StoredVolume], field_of_view: np.ndarray
) -> Scale:
    """The one affine of the device: its percentiles fall on those of the CTs.

    The CBCT's 5th and 95th percentile in the field of view are taken to the same
    percentiles of the CTs, so that tissue has roughly the same value in both domains.
    No pair is looked at, and no test volume.

    Args:
        cbct, ct: Training volumes, at least one each.
        field_of_view: [H, W] bool.
    """
    low, high = _percentiles(cbct, field_of_view)
    ct_low, ct_high = _percentiles(ct, field_of_view)
    ct_low, ct_high = np.clip((ct_low, ct_high), CT_SCALE.low, CT_SCALE.high)
    per_hu = max(high - low, 1.0) / max(ct_high - ct_low, 1.0)
    return Scale(
        float(low + (CT_SCALE.low - ct_low) * per_hu),
        float(low + (CT_SCALE.high - ct_low) * per_hu),
    )


def _percentiles(
    volumes: Sequence[StoredVolume], field_of_view: np.ndarray
) -> tuple[float, float]:
    """Over all volumes; each slice counts alike."""
    z, y, x = _STEP
    counts = np.zeros(1 << 16, np.int64)
    for volume in volumes:
        seen = volume.image[::z, ::y, ::x][:, field_of_view[::y, ::x]]
        counts += np.bincount(seen.ravel().astype(np.int64) + (1 << 15), None, 1 << 16)
    below = np.cumsum(counts) / counts.sum()
    low, high = (np.searchsorted(below, p / 100) - (1 << 15) for p in PERCENTILES)
    return float(low), float(high)
