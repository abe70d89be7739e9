"""Where the template starts: position, orientation and scale from the centroids."""

import dataclasses

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

LOWEST = ANATOMICAL_ORDER[-1]
"""L6: nothing of the scheme lies below it, so it has no spacing of its own."""


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
    centroids: Centroids, template_label: int, *, anatomical: bool
) -> Pose:
    """Initial pose of every vertebra.

    The cranial axis follows the chords to the neighbouring centroids, the right axis is
    the patient's (world +x) made perpendicular to it, so that roll starts at zero. The
    scale compares the distance to the neighbours with what it is at the template's own
    level. A single vertebra takes the image axes and scale 1.

    Args:
        centroids: In cranio-caudal order.
        template_label: Level that the template's size belongs to.
        anatomical: Turn each axis from its chord by the mean angle the level has to it
            (L5 leans about 10 degrees forward of the chord to L4).
    """
    points = np.asarray(centroids.points_mm, np.float64)
    labels = centroids.labels
    n = len(labels)
    cranial, ratio = np.zeros((n, 3)), np.zeros(n)
    weight = np.zeros(n)
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
    if n == 1:
        cranial[:], ratio[:], weight[:] = (0, 0, 1), 1.0, 1.0
    relative = np.array([_level_size(label) for label in labels])
    scale = ratio / weight * relative / _level_size(template_label)
    rotation = np.stack([_frame(axis) for axis in cranial])
    return Pose(rotation, scale, points)


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
