"""Volumes of any size through a network of one size: overlapping windows, blended."""

from collections.abc import Callable, Iterator

import numpy as np

OVERLAP = 0.5
_SIGMA = 0.25
"""Of the blending weight, in window sides: a window counts most in its middle."""


def sliding_window(
    run: Callable[[np.ndarray], np.ndarray],
    volume: np.ndarray,
    window: tuple[int, int, int],
    *,
    overlap: float = OVERLAP,
    fill: float = -1.0,
) -> np.ndarray:
    """Mean of the windows' results, weighted by a Gaussian about each one's middle.

    Memory is that of the volume, the result and a weight; windows go one by one.

    Args:
        run: From a window [D, H, W] to values of it [D, H, W].
        volume: [Z, Y, X]. Shorter axes than the window's are filled up.
        window: Size of a window.
        overlap: Share of a window's side that the next one sees again, 0 to below 1.
        fill: What is around the volume.

    Returns:
        [Z, Y, X] float32.
    """
    padded = [max(side, size) for side, size in zip(volume.shape, window)]
    before = [(long - side) // 2 for long, side in zip(padded, volume.shape)]
    inside = tuple(slice(b, b + n) for b, n in zip(before, volume.shape))
    canvas = np.full(padded, fill, np.float32)
    canvas[inside] = volume
    total, weights = np.zeros(padded, np.float32), np.zeros(padded, np.float32)
    weight = _weight(window)
    for place in _places(tuple(padded), window, overlap):
        total[place] += weight * run(canvas[place])
        weights[place] += weight
    total /= weights
    return total[inside]


def _places(
    shape: tuple[int, ...], window: tuple[int, ...], overlap: float
) -> Iterator[tuple[slice, ...]]:
    """Windows that cover the shape, evenly spaced along each axis."""
    starts = []
    for side, size in zip(shape, window):
        step = max(1, int(size * (1 - overlap)))
        count = 1 + -(-(side - size) // step)
        starts.append(np.rint(np.linspace(0, side - size, count)).astype(int))
    for corner in np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, 3):
        yield tuple(slice(k, k + size) for k, size in zip(corner, window))


def _weight(window: tuple[int, ...]) -> np.ndarray:
    weight = np.ones(window, np.float32)
    for axis, size in enumerate(window):
        from_middle = (np.arange(size) - (size - 1) / 2) / (_SIGMA * size)
        profile = np.exp(-0.5 * from_middle**2).astype(np.float32)
        weight *= profile.reshape([-1 if k == axis else 1 for k in range(3)])
    return weight
