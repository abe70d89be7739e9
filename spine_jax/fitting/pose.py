"""Where the template starts: position, orientation and scale from the centroids."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from spine_jax.anatomy.morphometry import (
    next_centre_y_mm,
    sagittal_angle_to_next_deg,
    spacing_to_next_mm,
)
from spine_jax.core import Centroids
from spine_jax.core.labels import ANATOMICAL_ORDER, anatomical_rank
from spine_jax.core.types import Array
from spine_jax.fitting.curve import smoothed_curve

OWN_SCALE = 0.3
"""Share of a vertebra's own deviation in its scale, in logarithms, once smoothed: the
distance to the neighbours says less about a size than all distances together."""
LOWEST = ANATOMICAL_ORDER[-1]
"""L6: its distance to the sacrum is assumed, not measured, and not used here."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Pose:
    """Similarity that places the template at each vertebra: scale * R @ x + centre.

    Attributes:
        rotation: [B, 3, 3]; columns are the vertebra's right, anterior and cranial.
        scale: [B].
        centre_mm: [B, 3], RAS+ mm.
    """

    rotation: Array
    scale: Array
    centre_mm: Array


def pose_from_centroids(
    centroids: Centroids,
    template_labels: int | Sequence[int],
    *,
    anatomical: bool,
    smoothing: float = 0.0,
) -> Pose:
    """Initial pose of every vertebra.

    The cranial axis follows the chords to the neighbouring centroids, the right axis is
    the patient's (world +x) made perpendicular to it, so that roll starts at zero. The
    scale compares the distance to the neighbours with what it is at the template's own
    level. A single vertebra takes the image axes and scale 1.

    Args:
        centroids: In cranio-caudal order.
        template_labels: Level that the template's size belongs to, one for all or one
            per vertebra.
        anatomical: Turn each axis from its chord by the mean angle the level has to it
            (L5 leans about 10 degrees forward of the chord to L4).
        smoothing: Strength of `smoothed_curve`. Where it is not 0, axes and scales come
            from the smoothed centroids, centres lie half-way to them, and scales are
            drawn towards the spine's common one.
    """
    given = np.asarray(centroids.points_mm, np.float64)
    labels = centroids.labels
    if isinstance(template_labels, int):
        template_labels = (template_labels,) * len(labels)
    points = given
    if smoothing > 0:
        expected = [_expected_spacing_mm(*pair) for pair in zip(labels, labels[1:])]
        points = smoothed_curve(given, np.array(expected), smoothing)
    cranial, ratio = _directions_and_ratios(points, labels, anatomical)
    if smoothing > 0:
        common = np.exp(np.log(ratio).mean())
        ratio = common * (ratio / common) ** OWN_SCALE
    sizes = [
        _level_size(label) / _level_size(own)
        for label, own in zip(labels, template_labels, strict=True)
    ]
    rotation = np.stack([_frame(axis) for axis in cranial])
    return Pose(rotation, ratio * np.array(sizes), (given + points) / 2)


def _directions_and_ratios(
    points: np.ndarray, labels: tuple[int, ...], anatomical: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Cranial axes [B, 3] and spacings over the expected ones [B], both sides' mean."""
    n = len(labels)
    if n == 1:
        return np.array([[0.0, 0, 1]]), np.ones(1)
    cranial, ratio, weight = np.zeros((n, 3)), np.zeros(n), np.zeros(n)
    for upper, lower in zip(range(n - 1), range(1, n)):
        chord = points[upper] - points[lower]
        length = np.linalg.norm(chord)
        tilt = (
            _tilt_to_chord(labels[upper], labels[lower]) if anatomical else (0.0, 0.0)
        )
        expected = _expected_spacing_mm(labels[upper], labels[lower])
        for index, angle in zip((upper, lower), tilt):
            cranial[index] += _lean_forward(chord / length, angle)
            ratio[index] += length / expected
            weight[index] += 1
    return cranial, ratio / weight


def _frame(cranial: np.ndarray) -> np.ndarray:
    """Rotation whose columns are right, anterior and cranial."""
    cranial = cranial / np.linalg.norm(cranial)
    right = np.array([1.0, 0, 0]) - cranial[0] * cranial
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(cranial, right), cranial], axis=1)


def _lean_forward(cranial: np.ndarray, angle_deg: float) -> np.ndarray:
    """Turn a cranial direction towards anterior about the right axis."""
    frame = _frame(cranial)
    angle = np.deg2rad(angle_deg)
    return np.cos(angle) * frame[:, 2] + np.sin(angle) * frame[:, 1]


def _levels_between(upper: int, lower: int) -> tuple[int, ...]:
    """Levels from `upper` down to just above `lower`; T13 only when it is an end."""
    ranks = range(anatomical_rank(upper), anatomical_rank(lower))
    levels = tuple(ANATOMICAL_ORDER[rank] for rank in ranks)
    return tuple(x for x in levels if x != 28 or x == upper) or (upper,)


def _expected_spacing_mm(upper: int, lower: int) -> float:
    return sum(spacing_to_next_mm(level) for level in _levels_between(upper, lower))


def _tilt_to_chord(upper: int, lower: int) -> tuple[float, float]:
    """Mean forward lean, degrees, of both vertebrae against the chord between them.

    In the upper frame the lower centre lies `next_centre_y` in front, which turns the
    upper axis by asin(y / spacing); the lower axis differs by the sagittal angle.
    Across a gap of missing levels nothing is known, so nothing is turned.
    """
    levels = _levels_between(upper, lower)
    if len(levels) != 1:
        return 0.0, 0.0
    sine = next_centre_y_mm(upper) / spacing_to_next_mm(upper)
    own = float(np.rad2deg(np.arcsin(sine)))
    return own, own - sagittal_angle_to_next_deg(upper)


def _level_size(label: int) -> float:
    """Typical size of a level: the mean distance to its neighbours' centres."""
    rank = anatomical_rank(label)
    neighbours = (ANATOMICAL_ORDER[max(rank - 1, 0)], label)
    spacings = [spacing_to_next_mm(x) for x in neighbours if x != LOWEST]
    return sum(spacings) / len(spacings)
