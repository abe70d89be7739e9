"""Statistics of shapes in correspondence: similarities, Procrustes mean, modes."""

import dataclasses

import numpy as np
from scipy.spatial import KDTree

_ICP_ROUNDS = 40
_PROCRUSTES_ROUNDS = 50
_STILL_MM = 1e-6


@dataclasses.dataclass(frozen=True)
class Similarity:
    """x -> scale * rotation @ x + shift_mm.

    Attributes:
        rotation: [3, 3], of determinant 1.
        scale: Positive.
        shift_mm: [3].
    """

    rotation: np.ndarray
    scale: float
    shift_mm: np.ndarray

    def apply(self, points_mm: np.ndarray) -> np.ndarray:
        """Points [..., 3], mm."""
        return self.scale * points_mm @ self.rotation.T + self.shift_mm

    def undo(self, points_mm: np.ndarray) -> np.ndarray:
        """The inverse of `apply`."""
        return (points_mm - self.shift_mm) @ self.rotation / self.scale


def best_similarity(
    points_mm: np.ndarray, goals_mm: np.ndarray, *, scaled: bool = True
) -> Similarity:
    """The similarity that takes points [P, 3] nearest to goals [P, 3] (least squares).

    Args:
        points_mm: [P, 3].
        goals_mm: [P, 3], one per point.
        scaled: Whether it may scale; False gives a rigid motion.
    """
    middle, goal_middle = points_mm.mean(axis=0), goals_mm.mean(axis=0)
    own, wanted = points_mm - middle, goals_mm - goal_middle
    left, stretch, right = np.linalg.svd(wanted.T @ own)
    # The best orthogonal matrix may mirror: the weakest axis is turned back then.
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    rotation = (left * signs) @ right
    scale = float(stretch @ signs / np.sum(own * own)) if scaled else 1.0
    return Similarity(rotation, scale, goal_middle - scale * rotation @ middle)


def align_surfaces(points_mm: np.ndarray, target_mm: np.ndarray) -> Similarity:
    """The similarity that takes a surface onto another, from closest pairs both ways.

    Args:
        points_mm: [P, 3], spread evenly over a surface that is roughly in place.
        target_mm: [Q, 3], spread evenly over the other.
    """
    tree = KDTree(target_mm)
    found = Similarity(np.eye(3), 1.0, np.zeros(3))
    for _ in range(_ICP_ROUNDS):
        moved = found.apply(points_mm)
        forth = tree.query(moved)[1]
        back = KDTree(moved).query(target_mm)[1]
        found = best_similarity(
            np.concatenate([points_mm, points_mm[back]]),
            np.concatenate([target_mm[forth], target_mm]),
        )
    return found


def procrustes(shapes_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Generalised Procrustes analysis: shapes freed of position, rotation and size.

    Size is the root of the summed squares about the centroid; all are brought to the
    geometric mean of their sizes.

    Args:
        shapes_mm: [N, V, 3], in correspondence.

    Returns:
        The aligned shapes [N, V, 3] in the frame of the first, centred; their mean is
        the mean shape. And the size of each relative to the common one, [N].
    """
    centred = shapes_mm - shapes_mm.mean(axis=1, keepdims=True)
    sizes = np.sqrt(np.sum(centred**2, axis=(1, 2)))
    relative = sizes / np.exp(np.log(sizes).mean())
    aligned = centred / relative[:, None, None]
    mean = aligned[0]
    for _ in range(_PROCRUSTES_ROUNDS):
        motions = [best_similarity(shape, mean, scaled=False) for shape in aligned]
        aligned = np.stack([m.apply(s) for m, s in zip(motions, aligned, strict=True)])
        before, mean = mean, aligned.mean(axis=0)
        if np.abs(mean - before).max() < _STILL_MM:
            break
    # The frame may have turned a little with the rounds.
    home = best_similarity(aligned[0], centred[0], scaled=False)
    return np.stack([home.apply(shape) for shape in aligned]), relative


@dataclasses.dataclass(frozen=True)
class ShapeModel:
    """Shapes as a mean and independent modes: mean + sum_n c_n modes[n].

    Attributes:
        mean_mm: [V, 3].
        modes: [N, V, 3], orthonormal over all coordinates together.
        standard_deviations_mm: [N], of the coefficients c, descending.
        explained: [N], share of the variance.
    """

    mean_mm: np.ndarray
    modes: np.ndarray
    standard_deviations_mm: np.ndarray
    explained: np.ndarray


def shape_model(shapes_mm: np.ndarray, n_modes: int) -> ShapeModel:
    """Principal components of aligned shapes [N, V, 3].

    Args:
        shapes_mm: [N, V, 3], as `procrustes` returns them.
        n_modes: Wanted modes; N shapes have at most N - 1.
    """
    n = len(shapes_mm)
    mean = shapes_mm.mean(axis=0)
    _, singular, rows = np.linalg.svd(
        (shapes_mm - mean).reshape(n, -1), full_matrices=False
    )
    kept = min(n_modes, n - 1)
    variances = singular**2 / (n - 1)
    return ShapeModel(
        mean_mm=mean,
        modes=rows[:kept].reshape(kept, *mean.shape),
        standard_deviations_mm=np.sqrt(variances[:kept]),
        explained=variances[:kept] / max(variances.sum(), np.finfo(float).tiny),
    )
