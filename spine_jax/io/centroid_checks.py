"""Whether centroids make a spine: inside the image, each level once, in order."""

import itertools
import warnings

import numpy as np

from spine_jax.core import Centroids, InputError, Volume, mm_to_vox, transform_points
from spine_jax.core.labels import anatomical_rank, label_name
from spine_jax.io.centroid_frames import FORMATS, frame_affine

_MAX_STEP_MM = 80.0
_MIN_STEP_MM = 5.0
# Between the first and the last centroid. A lordotic L4 to L5 reaches some 45 degrees;
# a file read with its axes swapped lies near 90.
_MAX_TILT_DEGREES = 60.0
_T13 = 28


def in_anatomical_order(
    points_mm: np.ndarray, labels: tuple[int, ...], source: object
) -> Centroids:
    """Sort by level.

    Raises:
        InputError: `DUPLICATE` where a level occurs twice.
    """
    order = sorted(range(len(labels)), key=lambda i: anatomical_rank(labels[i]))
    for first, second in itertools.pairwise(order):
        if labels[first] == labels[second]:
            distance_mm = np.linalg.norm(points_mm[first] - points_mm[second])
            raise InputError(
                "DUPLICATE",
                source,
                f"{_named(labels[first])} appears twice, {distance_mm:.0f} mm apart",
                "one point per vertebra",
                "remove one of the two",
            )
    return Centroids(points_mm[order], tuple(labels[i] for i in order))


def check_centroids(
    centroids: Centroids, volume: Volume | None, advice: str, source: object
) -> None:
    """Check sorted centroids against the image and each other.

    Args:
        centroids: In anatomical order.
        volume: The image, None to leave out the check against it.
        advice: What to try where the frame may be wrong.
        source: The file, for messages.

    Raises:
        InputError: `OUTSIDE`, `ORDER`, `GAP` or `TOO-CLOSE`.
    """
    if volume is not None:
        _check_inside(centroids, volume, advice, source)
    for i, j in itertools.pairwise(range(len(centroids.labels))):
        _check_step(centroids, i, j, advice, source)
    tilt = _tilt_degrees(centroids.points_mm)
    if tilt > _MAX_TILT_DEGREES:
        raise InputError(
            "ORDER",
            source,
            f"the line from {_named(centroids.labels[0])} to"
            f" {_named(centroids.labels[-1])} is {tilt:.0f} degrees off the head-foot"
            " axis",
            f"at most {_MAX_TILT_DEGREES:.0f} degrees",
            f"{advice}; or the axes of the image are swapped",
        )
    if len(centroids.labels) == 1:
        warnings.warn(
            f"{source}: a single centroid; the vertebra is assumed to stand along the"
            " image axes, and nothing can be learned from its neighbours",
            stacklevel=2,
        )


def fitting_formats(
    coordinates: np.ndarray, labels: tuple[int, ...], volume: Volume
) -> list[str]:
    """Formats under which all points lie inside the image and run from head to foot."""
    order = sorted(range(len(labels)), key=lambda i: anatomical_rank(labels[i]))
    fitting = []
    for frame in FORMATS:
        points_mm = transform_points(frame_affine(frame, volume, ""), coordinates)
        descends = np.all(np.diff(points_mm[order, 2]) < 0)
        upright = _tilt_degrees(points_mm[order]) <= _MAX_TILT_DEGREES
        if descends and upright and not _outside_mm(points_mm, volume).any():
            fitting.append(frame)
    return fitting


def _tilt_degrees(points_mm: np.ndarray) -> float:
    """Angle between the line from first to last point and the way down."""
    line = points_mm[-1] - points_mm[0]
    length = np.linalg.norm(line)
    return float(np.degrees(np.arccos(-line[2] / length))) if length > 0 else 0.0


def _outside_mm(points_mm: np.ndarray, volume: Volume) -> np.ndarray:
    """How far points [B, 3] lie outside the box of all voxels, [B] mm (inside: 0)."""
    affine = np.asarray(volume.affine_vox_to_mm)
    index = mm_to_vox(affine, points_mm)
    excess = index - np.clip(index, -0.5, np.array(volume.array.shape) - 0.5)
    return np.linalg.norm(excess @ affine[:3, :3].T, axis=1)


def _check_inside(
    centroids: Centroids, volume: Volume, advice: str, source: object
) -> None:
    distance_mm = _outside_mm(centroids.points_mm, volume)
    worst = int(np.argmax(distance_mm))
    if distance_mm[worst] > 0:
        count = int((distance_mm > 0).sum())
        raise InputError(
            "OUTSIDE",
            source,
            f"{_named(centroids.labels[worst])} at {_at(centroids.points_mm[worst])} is"
            f" {distance_mm[worst]:.0f} mm outside the volume ({count} of"
            f" {len(centroids.labels)} points are outside)",
            "all points inside the image",
            advice,
        )


def _check_step(
    centroids: Centroids, i: int, j: int, advice: str, source: object
) -> None:
    upper, lower = centroids.points_mm[i], centroids.points_mm[j]
    labels = centroids.labels[i], centroids.labels[j]
    above, below = map(_named, labels)
    if lower[2] >= upper[2]:
        raise InputError(
            "ORDER",
            source,
            f"{below} lies {lower[2] - upper[2]:.0f} mm above {above}",
            f"{below} below {above}",
            f"{advice}; or the image is flipped",
        )
    distance_mm = float(np.linalg.norm(upper - lower))
    per_level_mm = distance_mm / _levels_between(*labels)
    if per_level_mm > _MAX_STEP_MM:
        raise InputError(
            "GAP",
            source,
            f"{above} and {below} are {distance_mm:.0f} mm apart",
            f"at most {_MAX_STEP_MM:.0f} mm per level",
            f"{advice}; or check the labels",
        )
    if distance_mm < _MIN_STEP_MM:
        raise InputError(
            "TOO-CLOSE",
            source,
            f"{above} and {below} are {distance_mm:.1f} mm apart",
            f"at least {_MIN_STEP_MM:.0f} mm",
            f"{advice}; or check the units",
        )


def _levels_between(upper: int, lower: int) -> int:
    """Levels from one vertebra to the next listed; most spines have no T13."""
    low, high = anatomical_rank(upper), anatomical_rank(lower)
    skips_t13 = low < anatomical_rank(_T13) < high
    return high - low - skips_t13


def _named(label: int) -> str:
    return f"{label_name(label)} ({label})"


def _at(point_mm: np.ndarray) -> str:
    return f"({', '.join(f'{value:.1f}' for value in point_mm)}) mm"
