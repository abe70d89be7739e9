"""Ribs: from the body of a thoracic vertebra past its transverse process, forwards."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from spine_jax.simulation.canvas import Canvas
from spine_jax.simulation.far_bones import paint_thin_bone
from spine_jax.simulation.label_sites import LabelSite

_FIRST, _LAST, _FLOATING = 8.0, 19.5, 18.0
CAGE_LEVELS = (8.0, 9.0, 11.0, 14.0, 19.5)
CAGE_HALF_WIDTH_MM = (58.0, 82.0, 108.0, 124.0, 122.0)
CAGE_HALF_DEPTH_MM = (45.0, 60.0, 82.0, 92.0, 92.0)
_THICKNESS_MM = 3.4
_HEIGHT_PER_THICKNESS = 1.8
_DROP = 0.35
_STEP_MM = 1.5
_FROM_TIP_MM = np.array([3.0, 6.0, 0.0])
_CORTEX_MM, _MARROW_HU = 0.8, 140.0
_FAR_MM = 50.0


def paint_ribs(
    rng: np.random.Generator, canvas: Canvas, sites: Sequence[LabelSite]
) -> None:
    """A pair of ribs for every thoracic vertebra."""
    distance = np.full(canvas.image_hu.shape, _FAR_MM, np.float32)
    for site in sites:
        if not _FIRST <= site.level <= _LAST:
            continue
        drop = _DROP * rng.uniform(0.8, 1.3)
        for side in (-1, 1):
            for point in _centreline(site, side, drop):
                _lower(distance, canvas, point)
    paint_thin_bone(canvas, distance, _CORTEX_MM, _MARROW_HU)


def _centreline(site: LabelSite, side: int, drop: float) -> np.ndarray:
    """Points [N, 3] along the middle of a rib, world mm.

    Args:
        site: The vertebra.
        side: -1 left, 1 right.
        drop: How far the rib falls per mm that it goes on.
    """
    floating = site.level >= _FLOATING
    half_width, half_depth = site.body_half_mm
    head = [side * (half_width + 2.0), site.body_back_mm + 0.3 * half_depth, 0.0]
    head[2] = 0.0 if floating else 0.6 * site.top_mm
    tip = site.transverse_tips_mm[(side + 1) // 2] + _FROM_TIP_MM * [side, 1, 1]
    start = site.frame.to_world(np.array([head, (np.array(head) + tip) / 2, tip]))
    middle = site.frame.origin_mm
    rx = float(np.interp(site.level, CAGE_LEVELS, CAGE_HALF_WIDTH_MM))
    ry = float(np.interp(site.level, CAGE_LEVELS, CAGE_HALF_DEPTH_MM))
    reach = side * (start[2, 0] - middle[0])
    first = np.arcsin(np.clip((reach + 22.0) / rx, 0.2, 0.95))
    angle = np.linspace(first, np.radians(75.0 if floating else 150.0), 12)
    x = middle[0] + side * rx * np.sin(angle)
    y = start[2, 1] - 8.0 + ry * (1 - np.cos(angle))
    gone = np.hypot(x - start[2, 0], y - start[2, 1])
    around = np.stack([x, y, start[2, 2] - 2.0 - drop * gone], axis=1)
    return _evenly(np.concatenate([start, around]))


def _evenly(knots: np.ndarray) -> np.ndarray:
    """Points every 1.5 mm along a smooth line through knots [K, 3]."""
    along = np.append(0.0, np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1)))
    return PchipInterpolator(along, knots)(np.arange(0.0, along[-1], _STEP_MM))


def _lower(distance: np.ndarray, canvas: Canvas, point_mm: np.ndarray) -> None:
    """Take the distance to one more cross-section into account, where it is near."""
    reach = (_THICKNESS_MM + 4.0) * _HEIGHT_PER_THICKNESS
    window, (x, y, z) = canvas.near(point_mm, reach)
    z = z / np.float32(_HEIGHT_PER_THICKNESS)
    part = distance[window]
    if part.size:
        np.minimum(part, np.sqrt(x * x + y * y + z * z) - _THICKNESS_MM, out=part)
