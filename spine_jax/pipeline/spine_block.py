"""A vertebra laid out straight along the spine's line: its middle and its sizes."""

import dataclasses

import numpy as np
from scipy import ndimage

from spine_jax.pipeline.spine_line import Bone, SpineLine
from spine_jax.pipeline.spine_split import Piece

_RIGHT_MM, _BACK_MM, _FRONT_MM = 52, 45, 28
_CORE_DEPTH = 0.5
_CORE_WIDTH = 1.7
"""Bodies are wider than deep: their half width over the radius of the line."""
_FARTHEST_ALONG_MM, _FARTHEST_ACROSS_MM = 5.0, 8.0
_LEAST_RAYS = 6
_LEAST_CANAL_MM = 8
_NARROWEST = 20
"""Percentile of the rows behind the body that is the isthmus of the pedicles."""
_ARCH_MM = 8
"""Behind the body, where the pedicles are narrowest."""
_BEHIND_CUT_MM = 12
_TRANSVERSE_VOXELS = 4


@dataclasses.dataclass(frozen=True)
class Block:
    """Bone of one piece of the line on a straightened grid of 1 mm.

    Attributes:
        bone: [U, V, S] bool; right, forward, down.
        seen: Whether that place is in the image, [U, V, S].
        centre: Index of the line's middle, [3], float.
    """

    bone: np.ndarray
    seen: np.ndarray
    centre: np.ndarray


@dataclasses.dataclass(frozen=True)
class Sizes:
    """What is measured of a vertebra, mm; NaN where it cannot be seen."""

    body_width_mm: float
    body_depth_mm: float
    pedicle_span_mm: float
    transverse_span_mm: float


def block_of(bone: Bone, line: SpineLine, piece: Piece) -> Block:
    """The piece's surroundings, as far as the line reaches."""
    along = np.arange(max(piece.start, 0), min(piece.stop, len(line.points_mm)))
    u = np.arange(-_RIGHT_MM, _RIGHT_MM + 1)[:, None, None, None]
    v = np.arange(-_BACK_MM, _FRONT_MM + 1)[:, None, None]
    places = line.points_mm[along] + u * line.right[along] + v * line.forward[along]
    share, seen = bone.at(places)
    middle = (piece.start + piece.stop - 1) / 2 - along[0]
    return Block(share > 0.5, seen, np.array([_RIGHT_MM, _BACK_MM, middle]))


def body_middle(block: Block, radius_mm: float, whole: bool) -> np.ndarray:
    """Where the body's middle lies against the line's, [3] mm right, forward, down.

    It is the centre of the deep part of the bone, kept near the middle of the piece. Of
    a piece that is not seen whole only its place across the line is taken.
    """
    u0, v0, s0 = block.centre
    half_u, half_v = int(_CORE_WIDTH * radius_mm), int(1.5 * radius_mm)
    part = (
        slice(int(u0) - half_u, int(u0) + half_u + 1),
        slice(max(int(v0) - half_v, 0), int(v0) + half_v + 1),
    )
    solid = np.asarray(ndimage.binary_fill_holes((block.bone | ~block.seen)[part]))
    if not whole:
        # What the image cuts goes on behind it.
        ends = [(0, 0), (0, 0), (_BEHIND_CUT_MM, _BEHIND_CUT_MM)]
        solid = np.pad(solid, ends, mode="edge")
    depth = np.asarray(ndimage.distance_transform_edt(np.pad(solid, 1)))
    depth = depth[1:-1, 1:-1, 1:-1]
    depth = depth if whole else depth[..., _BEHIND_CUT_MM:-_BEHIND_CUT_MM]
    parts = np.empty(depth.shape, np.int32)
    ndimage.label(depth > _CORE_DEPTH * depth.max(), output=parts)
    if not parts.any():
        return np.zeros(3)
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    middle = np.argwhere(parts == largest).mean(axis=0)
    middle = middle + [part[0].start, part[1].start, 0] - block.centre
    limits = np.array([_FARTHEST_ACROSS_MM, _FARTHEST_ACROSS_MM, _FARTHEST_ALONG_MM])
    return np.clip(middle, -limits, limits) * [1, 1, float(whole)]


def measure(block: Block, middle: np.ndarray) -> Sizes:
    """Sizes of a vertebra around its body's middle [3], from rays through the bone."""
    u, v, s = np.rint(block.centre + middle).astype(int)
    height = block.bone.shape[2]
    s = int(np.clip(s, 0, height - 1))
    near = slice(max(s - height // 8, 0), s + height // 8 + 1)
    rows = block.bone[:, v - 4 : v + 5, near]
    width = _end(rows[u:], 0) + _end(rows[u::-1], 0) - 1
    columns = block.bone[u - 4 : u + 5, :, near]
    back = _end(columns[:, v::-1], 1)
    depth = _end(columns[:, v:], 1) + back - 1
    behind = v - int(np.nan_to_num(_middle(back), nan=15.0))
    upper = slice(max(s - height // 3, 0), s + 1)
    rows = slice(max(behind - 1 - _ARCH_MM, 0), behind - 1)
    span = _pedicle_span(block.bone[:, rows, upper], u)
    across = np.flatnonzero(
        block.bone[:, : v + 1].sum(axis=(1, 2)) >= _TRANSVERSE_VOXELS
    )
    wide = float(np.ptp(across) + 1) if len(across) else np.nan
    cut = not block.seen[2:-2, 10 : v + 1].all()
    return Sizes(_middle(width), _middle(depth), span, np.nan if cut else wide)


def _pedicle_span(bone: np.ndarray, u: int) -> float:
    """Width over both pedicles, mm.

    Args:
        bone: Just behind the body, [U, V, S].
        u: Index of the middle, in the canal.
    """
    sides = []
    for rows in (bone[u:], bone[u::-1]):
        canal = _end(~rows, 0)
        in_canal = np.arange(len(rows))[:, None, None] < np.nan_to_num(canal, nan=1e9)
        sides.append((canal, _end(rows | in_canal, 0)))
    canal, span = (left + right - 1 for left, right in zip(*sides))
    good = np.isfinite(canal) & np.isfinite(span) & (canal > _LEAST_CANAL_MM)
    if np.count_nonzero(good) < _LEAST_RAYS:
        return np.nan
    return float(np.percentile(span[good], _NARROWEST))


def _end(rays: np.ndarray, axis: int) -> np.ndarray:
    """Number of bone voxels from the beginning of rays along an axis until the first
    without; NaN where there is none or no end."""
    stop = np.argmin(rays, axis=axis).astype(float)
    return np.where((stop == 0) | rays.all(axis=axis), np.nan, stop)


def _middle(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(np.median(seen)) if len(seen) >= _LEAST_RAYS else np.nan
