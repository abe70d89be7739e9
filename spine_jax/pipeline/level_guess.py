"""Which vertebrae a mask shows, told from their sizes alone.

Neighbouring levels hardly differ in size and patients do, so a view of few vertebrae
leaves several names possible: the answer is a probability.
"""

import dataclasses
import functools

import numpy as np

from spine_jax.anatomy.morphometry import level_morphometry, level_spread
from spine_jax.core.labels import ANATOMICAL_ORDER, segment
from spine_jax.pipeline.spine_block import Sizes
from spine_jax.pipeline.spine_split import CHAIN, piece_length_mm

_LEVELS = tuple(n for n in ANATOMICAL_ORDER if n in CHAIN)
_SIZES = tuple(field.name for field in dataclasses.fields(Sizes))
_FIGURES = ("length_mm", *_SIZES)
_SCALES = np.linspace(0.8, 1.2, 17)
_SCALE_SPREAD = 0.07
_RARE = {25: 0.05}
"""How often a level is there, relative to the others: few have an L6."""
_WEIGHT = 0.25
"""A patient's figures err together, so each counts for less than one; with this weight
the best name of two or three lumbar vertebrae of label maps is right as often as its
probability says."""
_BLUNDER = 5.0
_IQR_TO_SD = 1 / 1.349
_LEAST_SPREAD = 0.06

# What is measured here over what the tables say, which measure elsewhere on the bone.
_MEASURED = {
    "length_mm": (0.98, 0.99, 1.03),
    "body_width_mm": (1.36, 0.98, 1.0),
    "body_depth_mm": (0.94, 0.99, 1.03),
    "pedicle_span_mm": (1.25, 0.95, 0.87),
    "transverse_span_mm": (1.08, 1.0, 0.98),
}
"""By segment; medians over the vertebrae of 19 label maps."""


def guess_top(measured: list[tuple[float, Sizes | None]]) -> dict[int, float]:
    """Compare lengths and sizes of consecutive vertebrae with those of every level.

    The size of the patient is unknown and summed over.

    Args:
        measured: Length along the spine and sizes of each, cranial first; NaN and None
            for what cannot be seen.

    Returns:
        Probability of each number of the first of them.
    """
    logs = np.full(len(_LEVELS), -np.inf)
    for first in range(len(_LEVELS)):
        levels = _LEVELS[first : first + len(measured)]
        # A cut vertebra at the lower end may be the sacrum.
        beyond = measured[len(levels) :]
        if any(sizes is not None for _, sizes in beyond):
            continue
        fits = -(((_SCALES - 1) / _SCALE_SPREAD) ** 2) / 2
        for level, (length_mm, sizes) in zip(levels, measured):
            fits = fits + np.log(_RARE.get(level, 1.0))
            if sizes is not None:
                fits = fits + _WEIGHT * _fit(level, length_mm, sizes)
        logs[first] = np.logaddexp.reduce(fits)
    chances = np.exp(logs - max(logs.max(), -1e300))
    chances /= max(chances.sum(), 1e-300)
    return dict(zip(_LEVELS, chances.tolist()))


def _fit(level: int, length_mm: float, sizes: Sizes) -> np.ndarray:
    """Log-likelihood of a vertebra's figures at every size of the patient."""
    total = np.zeros(len(_SCALES))
    values = (length_mm, *(getattr(sizes, name) for name in _SIZES))
    for value, (usual, spread) in zip(values, _usual(level)):
        if np.isfinite(value) and value > 0:
            off = np.log(value / (usual * _SCALES)) / spread
            # A figure that fits nowhere is a blunder of the measurement.
            total = total - np.log(spread) + np.logaddexp(-(off**2) / 2, -_BLUNDER)
    return total


@functools.cache
def _usual(level: int) -> tuple[tuple[float, float], ...]:
    """Usual value and relative spread of each figure, as measured here."""
    own, iqr = level_morphometry(level), level_spread(level)
    figures = (
        (piece_length_mm(level), 0.0),
        (own.body_width_mid_mm, iqr.body_width_mid_mm),
        (own.body_depth_mid_mm, iqr.body_depth_mid_mm),
        (
            2 * own.pedicle_isthmus_x_mm + own.pedicle_width_mm,
            2 * iqr.pedicle_isthmus_x_mm,
        ),
        (own.transverse_span_mm, iqr.transverse_span_mm),
    )
    part = ("cervical", "thoracic", "lumbar").index(segment(level))
    return tuple(
        (
            _MEASURED[name][part] * usual,
            float(np.hypot(_IQR_TO_SD * spread / usual, _LEAST_SPREAD)),
        )
        for name, (usual, spread) in zip(_FIGURES, figures)
    )
