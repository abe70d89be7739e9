"""Cutting the line through the bodies at the discs: where vertebrae begin and end.

Along the line bone is full in a body and lacks in a disc. Vertebrae are the sequence of
pieces that explains this best, each about as long as its level usually is and full in
its middle, found by dynamic programming over the place of every cut, the level and the
size of the patient together. Where neighbours touch, their usual lengths place the cut.
"""

import dataclasses
import functools

import numpy as np
from scipy import ndimage

from spine_jax.anatomy.morphometry import level_morphometry, spacing_to_next_mm
from spine_jax.pipeline.spine_line import Bone, SpineLine

CHAIN = (*range(2, 26),)
"""Levels in order, C2 to L6; neither the atlas, which has no body, nor T13."""
_TILTS_DEG = (-18.0, -9.0, 0.0, 9.0, 18.0)
_RADII_MM = (5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 19.0)
_SHARE_OF_RADIUS = 0.8
_FULL = 0.85
_SCALES = (0.84, 0.92, 1.0, 1.08, 1.16)
_SCALE_SPREAD, _LENGTH_SPREAD, _RADIUS_SPREAD = 0.08, 0.11, 0.13
_EVIDENCE = 9.0
_PIECE_COST, _UNCOVERED_COST = 1.5, 0.25
_HOLLOW_COST = 0.8
_SHORTEST, _LONGEST = 10, 52
_DISC_SHARE = 0.09
"""Of a piece's length, at each end: half a disc."""
_MIDDLE = (0.25, 0.75)
_PEDICLES, _BEHIND_MM = (0.7, 0.9, 1.1, 1.3), (2.0, 4.0, 6.0)
"""Where pedicles are: over the radius to the side, and behind the body."""
_WITH_PEDICLE, _WITH_FORAMEN = (0.1, 0.45), (0.6, 0.9)
_PEDICLE_EVIDENCE = 4.0


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the line meets, at each of its points.

    Attributes:
        full: Share of the cross-section of the body that is bone, the least over some
            tilts of the section, [S]; NaN outside of the image.
        pedicle: Share of the places behind the body's edges that is bone, [S]; NaN
            outside of the image.
        radius_mm: Of the largest disc that is bone, smooth along the line, [S].
    """

    full: np.ndarray
    pedicle: np.ndarray
    radius_mm: np.ndarray


@dataclasses.dataclass(frozen=True)
class Piece:
    """The part of the line that belongs to a vertebra: first and last index, which may
    lie outside of the image, and the level that fits best."""

    start: int
    stop: int
    level: int


def spine_profile(bone: Bone, line: SpineLine) -> Profile:
    """Cross-sections of the bodies along the line."""
    u, v = _unit_disc()
    filled = []
    for radius in _RADII_MM:
        share, seen = _sections(bone, line, radius * u, radius * v, 0.0)
        filled.append(_mean_seen(share, seen, 0.4))
    is_full = np.nan_to_num(np.array(filled)) > _FULL
    radius = np.max(is_full * np.array(_RADII_MM)[:, None], axis=0)
    # Discs are narrow, and behind the ends is nothing: the bodies nearby tell.
    on_bone = np.flatnonzero(radius)
    if len(on_bone):
        radius = radius[
            on_bone[np.abs(on_bone - np.arange(len(radius))[:, None]).argmin(1)]
        ]
    radius = ndimage.percentile_filter(radius, 75, size=41, mode="nearest")
    radius = np.maximum(ndimage.gaussian_filter1d(radius, 10.0, mode="nearest"), 4.0)
    scaled = _SHARE_OF_RADIUS * radius[:, None]
    full = [
        _mean_seen(*_sections(bone, line, 1.15 * scaled * u, scaled * v, tilt), 0.6)
        for tilt in _TILTS_DEG
    ]
    u, v = (x.ravel() for x in np.meshgrid(_PEDICLES, _BEHIND_MM))
    places = radius[:, None] * np.concatenate([u, -u])
    behind = -radius[:, None] - np.concatenate([v, v])
    pedicle = _mean_seen(*_sections(bone, line, places, behind, 0.0), 0.6)
    return Profile(np.min(full, axis=0), pedicle, radius)


def split(profile: Profile) -> list[Piece]:
    """The best sequence of vertebrae along the line, cranial first."""
    tries = [_best_chain(profile, scale) for scale in _SCALES]
    priors = [-(((s - 1) / _SCALE_SPREAD) ** 2) / 2 for s in _SCALES]
    return max(zip(tries, priors), key=lambda each: each[0][0] + each[1])[0][1]


def lengthened(pieces: list[Piece], seen: np.ndarray) -> list[Piece]:
    """Pieces of which one end is out of sight, as long as their neighbours tell.

    Args:
        pieces: Cranial first.
        seen: Which points of the line lie in the image, [S].
    """
    whole = [bool(_in(seen, p.start, p.stop).all()) for p in pieces]
    known = [i for i, each in enumerate(whole) if each]
    mended = []
    for i, piece in enumerate(pieces):
        top, bottom = (
            bool(_in(seen, c - 2, c + 2).all()) for c in (piece.start, piece.stop)
        )
        if known and not whole[i] and top != bottom:
            near = pieces[min(known, key=lambda k: abs(k - i))]
            ratio = piece_length_mm(piece.level) / piece_length_mm(near.level)
            length = round(ratio * (near.stop - near.start))
            ends = (
                {"stop": piece.start + length}
                if top
                else {"start": piece.stop - length}
            )
            piece = dataclasses.replace(piece, **ends)
        mended.append(piece)
    return mended


def _in(seen: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Which of the line's points from `start` to `stop` are seen; none behind it."""
    index = np.arange(start, stop)
    inside = (index >= 0) & (index < len(seen))
    return inside & seen[np.clip(index, 0, len(seen) - 1)]


def piece_length_mm(level: int) -> float:
    """Usual length of a vertebra with half a disc at each end."""
    if level == CHAIN[0]:
        return 36.0  # with the dens
    above = spacing_to_next_mm(CHAIN[CHAIN.index(level) - 1])
    below = spacing_to_next_mm(level) if level < CHAIN[-1] else above
    return (above + below) / 2


@functools.cache
def usual_radius_mm(level: int) -> float:
    """Usual radius of the largest disc in a body: half of its depth at mid-height."""
    return level_morphometry(level).body_depth_mid_mm / 2


def _sections(
    bone: Bone, line: SpineLine, u_mm: np.ndarray, v_mm: np.ndarray, tilt_deg: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bone and image in sections [S, N] across the line, tilted about left-right."""
    tilt = np.radians(tilt_deg)
    front = np.cos(tilt) * line.forward + np.sin(tilt) * line.down
    u_mm, v_mm = (np.broadcast_to(x, (len(front), x.shape[-1])) for x in (u_mm, v_mm))
    places = line.points_mm[:, None] + u_mm[..., None] * line.right[:, None]
    return bone.at(places + v_mm[..., None] * front[:, None])


def _mean_seen(share: np.ndarray, seen: np.ndarray, least: float) -> np.ndarray:
    """Mean over the seen part of sections [S, N]; NaN where that is small."""
    part = seen.mean(axis=1)
    return np.where(
        part >= least, share.sum(axis=1) / np.maximum(seen.sum(axis=1), 1), np.nan
    )


def _unit_disc() -> tuple[np.ndarray, np.ndarray]:
    steps = np.linspace(-1, 1, 11)
    u, v = (axis.ravel() for axis in np.meshgrid(steps, steps))
    inside = np.hypot(u, v) <= 1.0
    return u[inside], v[inside]


def _best_chain(profile: Profile, scale: float) -> tuple[float, list[Piece]]:
    """Score and pieces of the best chain for a patient of that size."""
    full = profile.full
    size = len(full)
    lengths = np.arange(_SHORTEST, _LONGEST + 1)
    bone = np.concatenate([[0.0], np.cumsum(np.nan_to_num(full))])
    usual = scale * np.array([piece_length_mm(n) for n in CHAIN])
    length_cost = ((lengths - usual[:, None]) / (_LENGTH_SPREAD * usual[:, None])) ** 2
    radii = scale * np.array([usual_radius_mm(n) for n in CHAIN])
    contrast = _EVIDENCE * _contrast(full, lengths)
    arch = _PEDICLE_EVIDENCE * _arch_contrast(profile.pedicle, lengths)
    mean_radius = _means(profile.radius_mm, lengths)
    # best[c, l]: of the line down to index c, with a piece of level l ending there.
    best = np.full((size + 1, len(CHAIN)), -np.inf)
    came = np.zeros((size + 1, len(CHAIN)), int)
    begin = -_UNCOVERED_COST * bone
    for stop in range(_SHORTEST, size + 1):
        fits = lengths[lengths <= stop]
        starts = stop - fits
        before = np.concatenate(
            [np.full((len(fits), 1), -np.inf), best[starts, :-1]], 1
        )
        before = np.maximum(before, begin[starts, None]).T
        gain = contrast[starts, fits - _SHORTEST]
        known = np.isfinite(gain)
        gain = np.where(known, gain, 0.0) + arch[starts, fits - _SHORTEST]
        off = (mean_radius[starts, fits - _SHORTEST] / radii[:, None] - 1) ** 2
        cost = length_cost[:, : len(fits)] / 2 + _PIECE_COST
        cost = cost + known * off / (2 * _RADIUS_SPREAD**2)
        total = before + gain - cost
        choice = np.argmax(total, axis=1)
        best[stop] = total[np.arange(len(CHAIN)), choice]
        came[stop] = starts[choice]
    ended = best - _UNCOVERED_COST * (bone[-1] - bone)[:, None]
    stop, level = np.unravel_index(np.argmax(ended), ended.shape)
    score, pieces = ended[stop, level], []
    while True:
        start = came[stop, level]
        pieces.append(Piece(int(start), int(stop), CHAIN[level]))
        if level == 0 or best[start, level - 1] < begin[start]:
            return float(score), pieces[::-1]
        stop, level = start, level - 1


def _contrast(full: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How much fuller the middle of a piece is than its ends, [S + 1, lengths]; NaN for
    pieces that start there and of which neither is seen."""
    between = functools.partial(_mean_between, full)
    start = np.arange(len(full) + 1)[:, None]
    stop = start + lengths
    disc = np.maximum(1, np.rint(_DISC_SHARE * lengths)).astype(int)
    middle = between(
        start + np.rint(_MIDDLE[0] * lengths).astype(int),
        start + np.rint(_MIDDLE[1] * lengths).astype(int),
    )
    upper, lower = between(start, start + disc), between(stop - disc, stop)
    # Of an end out of sight nothing is known: neither gain nor loss.
    half = [0.5 * np.nan_to_num(middle - end) for end in (upper, lower)]
    gain = half[0] + half[1] - _HOLLOW_COST * np.nan_to_num(1.0 - middle)
    return np.where(np.isfinite(middle), gain, np.nan)


def _arch_contrast(pedicle: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """How much more bone there is behind the upper half of a piece than behind its
    lower half, where nerves leave, [S + 1, lengths]; 0 where either is out of sight."""
    start = np.arange(len(pedicle) + 1)[:, None]
    upper, lower = (
        _mean_between(
            pedicle,
            start + np.rint(low * lengths).astype(int),
            start + np.rint(high * lengths).astype(int),
        )
        for low, high in (_WITH_PEDICLE, _WITH_FORAMEN)
    )
    return np.nan_to_num(upper - lower)


def _mean_between(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Means of `values` [S] from index `low` up to `high`, over those that are known;
    NaN where none is."""
    total = np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))])
    known = np.concatenate([[0.0], np.cumsum(np.isfinite(values))])
    low, high = (np.clip(index, 0, len(values)) for index in (low, high))
    n = known[high] - known[low]
    return np.where(n > 0, (total[high] - total[low]) / np.maximum(n, 1), np.nan)


def _means(values: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Means of `values` [S] over pieces, [S + 1, lengths]."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    start = np.arange(len(values) + 1)[:, None]
    stop = np.clip(start + lengths, 0, len(values))
    return (total[stop] - total[start]) / np.maximum(stop - start, 1)
