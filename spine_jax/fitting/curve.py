"""The spine as a smooth curve: what neighbouring centroids say about each other."""

import numpy as np

ORDER = 3
"""Order of the differences that are penalised: a parabola costs nothing."""
TYPICAL_SPACING_MM = 30.0


def smoothed_curve(
    points_mm: np.ndarray, spacings_mm: np.ndarray, strength: float
) -> np.ndarray:
    """Centroids [N, 3] drawn towards a smooth curve through all of them.

    Minimises sum |x_i - p_i|^2 + strength * sum |D x|^2, with D the third divided
    difference over the expected positions along the spine: noise of single centroids
    falls, while a whole spine may lean and bend.

    Args:
        points_mm: [N, 3], in cranio-caudal order.
        spacings_mm: [N - 1], expected distances between neighbours.
        strength: Dimensionless; 0 leaves the points, 3 suits noise of some millimetres.
    """
    points = np.asarray(points_mm, np.float64)
    n = len(points)
    if n <= ORDER:
        return points  # a parabola goes through them
    along = np.concatenate([[0.0], np.cumsum(spacings_mm)]) / TYPICAL_SPACING_MM
    difference = np.eye(n)
    for k in range(1, ORDER + 1):
        gap = (along[k:] - along[:-k]) / k
        difference = np.diff(difference, axis=0) / gap[:, None]
    return np.linalg.solve(np.eye(n) + strength * difference.T @ difference, points)
