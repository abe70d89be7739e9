"""Usual sizes of vertebrae along the spine, where a label map does not show them."""

import numpy as np


def level_of(label: int) -> float:
    """Place of a VerSe number along the spine, in units of vertebrae; T13 is 19.5."""
    return 19.5 if label == 28 else float(label)


# Rounded figures of the morphometry by level: half width and depth of the body, height,
# half width and half depth of the canal, y of the spinous tip, half transverse span,
# distance to the next vertebra; mm.
_LEVELS = (1, 3, 7, 8, 12, 16, 19, 20, 24, 25)
_USUAL = {
    "half_width": (10, 10.5, 13, 15, 13.5, 17, 20, 21, 27, 27),
    "half_depth": (8, 9, 10, 10, 13, 16, 17, 17, 18, 17),
    "height": (10, 14, 16, 18, 20, 21, 26, 26, 28, 28),
    "canal_half_width": (13, 12.5, 12.5, 11, 8, 8.5, 11, 12, 16, 16),
    "canal_half_depth": (9, 7.4, 7.1, 7.6, 8, 7.5, 8.8, 8.8, 8.6, 8),
    "tip_y": (-30, -35, -50, -54, -51, -57, -59, -64, -65, -49),
    "half_span": (42, 29, 36, 39, 34, 32, 26, 36, 46, 50),
    "spacing": (17, 19.3, 20.9, 22.4, 22.5, 24.6, 31, 32.3, 34.4, 35),
}


FIGURES = tuple(_USUAL)


def usual_mm(figure: str, level: float) -> float:
    """The usual size of a figure at a level, mm."""
    return float(np.interp(level, _LEVELS, _USUAL[figure]))
