"""Body centres from a binary mask: one point per vertebra, in order, named.

Neighbours may touch, be cut by the image or have holes, and there may be bone beside
them. The steps are those of `spine_line`, `spine_split`, `spine_block` and
`level_guess`, in this order.
"""

import dataclasses

import numpy as np

from spine_jax.core import Centroids, InputError
from spine_jax.core.labels import ANATOMICAL_ORDER, label_name
from spine_jax.pipeline.level_guess import guess_top
from spine_jax.pipeline.spine_block import Sizes, block_of, body_middle, measure
from spine_jax.pipeline.spine_line import Bone, SpineLine, bone_of_mask, spine_line
from spine_jax.pipeline.spine_split import (
    Piece,
    Profile,
    lengthened,
    spine_profile,
    split,
)

_T13 = 28
_LEAST_FULL = 0.35
_EMPTY, _SOUND = 0.3, 0.85
_WHOLE = 0.97


@dataclasses.dataclass(frozen=True)
class FoundVertebra:
    """A vertebra of a mask.

    Attributes:
        label: VerSe number.
        centre_mm: Of its body, [3].
        visible: Share of its length along the spine that lies in the image.
        confidence: 0 to 1, that there is one vertebra and its body's middle lies there.
        level_probability: Of its name; 1 where the user gave one.
    """

    label: int
    centre_mm: np.ndarray
    visible: float
    confidence: float
    level_probability: float

    @property
    def whole(self) -> bool:
        """Whether its body lies in the image from end to end."""
        return self.visible >= _WHOLE


@dataclasses.dataclass(frozen=True)
class SpineInMask:
    """What a mask shows.

    Attributes:
        vertebrae: With a body centre in the image, cranial first.
        left_out: Names and reasons of others that were seen.
        named_by: `top`, `bottom` or `anatomy`.
        tops: Probability of each name of the uppermost vertebra, by its number; the
            given one alone where the user named it.
    """

    vertebrae: tuple[FoundVertebra, ...]
    left_out: tuple[tuple[str, str], ...]
    named_by: str
    tops: dict[int, float]

    @property
    def centroids(self) -> Centroids:
        """What `fit` takes."""
        points = np.array([each.centre_mm for each in self.vertebrae])
        return Centroids(points, tuple(each.label for each in self.vertebrae))


@dataclasses.dataclass(frozen=True)
class _Seen:
    """A piece of the line and what was found in it."""

    centre_mm: np.ndarray
    inside: bool
    visible: float
    full: float
    confidence: float
    length_mm: float
    sizes: Sizes | None


def find_vertebrae(
    mask: np.ndarray,
    affine_vox_to_mm: np.ndarray,
    *,
    top: int | None = None,
    bottom: int | None = None,
) -> SpineInMask:
    """Find the vertebral bodies in a mask of vertebrae.

    A vertebra is left out if the middle of its body lies outside of the image, as far
    as its length can be told from the part that is seen, or if its body is not bone.

    Args:
        mask: [X, Y, Z] bool, any orientation and spacing.
        affine_vox_to_mm: [4, 4], to RAS+ mm; the patient lies roughly along z.
        top: Number of the uppermost vertebra that is found.
        bottom: Of the lowest. Without either the anatomy tells, as well as it can.

    Raises:
        InputError: for a mask without vertebrae, and a level from which the others
            cannot be counted.
    """
    affine = np.asarray(affine_vox_to_mm, np.float64)
    bone = bone_of_mask(np.asarray(mask, bool), affine)
    line = spine_line(bone)
    profile = spine_profile(bone, line)
    pieces = lengthened(split(profile), np.isfinite(profile.full))
    seen = [_look(bone, line, profile, piece) for piece in pieces]
    reasons = [_reason(each) for each in seen]
    kept = [i for i, reason in enumerate(reasons) if reason is None]
    if not kept:
        raise InputError(
            "NO-VERTEBRA",
            "mask",
            f"bone, but none of {len(seen)} candidates has its body in the image",
            "a mask of vertebrae with at least one body",
            "looking at the mask",
        )
    firsts = guess_top([(each.length_mm, each.sizes) for each in seen])
    labels, tops = _named(len(seen), kept, firsts, top, bottom)
    found = tuple(
        FoundVertebra(
            labels[i],
            seen[i].centre_mm,
            seen[i].visible,
            seen[i].confidence,
            tops[labels[kept[0]]],
        )
        for i in kept
    )
    left_out = tuple(
        (label_name(labels[i]) if labels[i] else "beyond", reason)
        for i, reason in enumerate(reasons)
        if reason is not None
    )
    named_by = "top" if top else "bottom" if bottom else "anatomy"
    return SpineInMask(found, left_out, named_by, tops)


def _look(bone: Bone, line: SpineLine, profile: Profile, piece: Piece) -> _Seen:
    along = np.arange(piece.start, piece.stop)
    inside = (along >= 0) & (along < len(profile.full))
    full = np.full(len(along), np.nan)
    full[inside] = profile.full[along[inside]]
    visible = float(np.isfinite(full).mean())
    middle = full[len(full) // 4 : -(len(full) // 4)]
    share = float(np.nanmean(middle)) if np.isfinite(middle).any() else 0.0
    index = int(np.clip((piece.start + piece.stop) // 2, 0, len(profile.full) - 1))
    block = block_of(bone, line, piece)
    shift = body_middle(block, float(profile.radius_mm[index]), visible >= _WHOLE)
    axes = np.stack([line.right[index], line.forward[index], line.down[index]])
    # A whole index is the middle of a millimetre; a piece of even length has none.
    half = (piece.start + piece.stop - 1) / 2 - index
    centre_mm = line.points_mm[index] + (shift + [0.0, 0.0, half]) @ axes
    return _Seen(
        centre_mm=centre_mm,
        inside=bool(bone.at(centre_mm[None])[1][0]),
        visible=visible,
        full=share,
        confidence=visible * _soundness(share) * _soundness(_edges(full)),
        length_mm=float(len(along)) if visible >= _WHOLE else np.nan,
        sizes=measure(block, shift) if visible >= _WHOLE else None,
    )


def _edges(full: np.ndarray) -> float:
    """How clearly the seen ends of a piece are discs, 0 to 1; 0.5 for one unseen."""
    near = max(3, len(full) // 8)
    ends = [end for end in (full[:near], full[-near:])]
    clear = [1 - np.nanmin(e) if np.isfinite(e).any() else 0.5 for e in ends]
    return float(0.5 + 0.5 * np.mean(clear))


def _soundness(share: float) -> float:
    return float(np.clip((share - _EMPTY) / (_SOUND - _EMPTY), 0.0, 1.0))


def _reason(seen: _Seen) -> str | None:
    if not seen.inside:
        return "the middle of its body lies outside of the image"
    if seen.full < _LEAST_FULL:
        return f"only {100 * seen.full:.0f} % of its body is in the mask"
    return None


def _named(
    count: int,
    kept: list[int],
    firsts: dict[int, float],
    top: int | None,
    bottom: int | None,
) -> tuple[list[int], dict[int, float]]:
    """Numbers of all pieces, 0 beyond C1 and L6, and of the first kept one."""
    given_names = (("--top", top, kept[0]), ("--bottom", bottom, kept[-1]))
    for option, given, at in given_names:
        if given is None:
            continue
        labels = _counted(given, at, count)
        if not all(labels[i] for i in kept):
            raise InputError(
                "LEVEL",
                f"{option} {label_name(given)}",
                f"{len(kept)} vertebrae, more than there are from C1 to L6",
                "a level from which all can be counted",
                "leaving it out, or another mask",
            )
        return labels, {labels[kept[0]]: 1.0}
    # Cut vertebrae beyond the ends tell nothing: not every start leaves room for all.
    counted = {first: _counted(first, 0, count) for first in firsts}
    possible = {
        first: labels
        for first, labels in counted.items()
        if all(labels[i] for i in kept)
    }
    if not possible:
        raise InputError(
            "TOO-MANY",
            "mask",
            f"{len(kept)} vertebrae",
            "no more than there are from C2 to L6",
            "looking at the mask, or naming one with --top or --bottom",
        )
    total = sum(firsts[first] for first in possible)
    tops = {
        labels[kept[0]]: firsts[first] / max(total, 1e-300)
        for first, labels in possible.items()
    }
    best = max(possible, key=lambda first: firsts[first])
    ordered = dict(sorted(tops.items(), key=lambda item: -item[1]))
    return possible[best], ordered


def _counted(given: int, at: int, count: int) -> list[int]:
    """Numbers cranial first, of which that at a place is given.

    0 stands for those that do not exist; T13 is there only if given.
    """
    order = [n for n in ANATOMICAL_ORDER if n != _T13 or n == given]
    first = order.index(given) - at
    places = range(first, first + count)
    return [order[i] if 0 <= i < len(order) else 0 for i in places]
