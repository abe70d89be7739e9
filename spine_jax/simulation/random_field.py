"""Correlated Gaussian random fields on regular grids: textures and gentle variation."""

import numpy as np

Axes = tuple[np.ndarray, np.ndarray, np.ndarray]


def random_field(
    rng: np.random.Generator,
    axes_mm: Axes,
    correlation_mm: float | tuple[float, float, float],
) -> np.ndarray:
    """A zero-mean, unit-variance field with Gaussian autocorrelation.

    White noise on a lattice as coarse as the correlation allows is spread by a
    separable Gaussian, so that the grid's own spacing does not enter the statistics.

    Args:
        rng: Source of randomness.
        axes_mm: Ascending voxel positions along x, y, z.
        correlation_mm: Distance at which the autocorrelation falls to 1/e, per axis.

    Returns:
        [X, Y, Z] float32.
    """
    lengths = np.broadcast_to(np.asarray(correlation_mm, float), (3,))
    weights = [_spread(axis, length / 2) for axis, length in zip(axes_mm, lengths)]
    field = rng.standard_normal([w.shape[1] for w in weights], dtype=np.float32)
    for axis, weight in enumerate(weights):
        field = np.moveaxis(np.tensordot(weight, field, axes=(1, axis)), 0, axis)
    return np.ascontiguousarray(field)


def _spread(axis_mm: np.ndarray, sigma_mm: float) -> np.ndarray:
    """Weights [n, lattice] of a Gaussian of `sigma_mm`, rows of unit length.

    Its autocorrelation is a Gaussian of sigma sqrt(2), 1/e at 2 sigma. A lattice step
    of one sigma keeps the variance level to 1e-4; unit rows remove the rest.
    """
    lattice = np.arange(axis_mm[0] - 4 * sigma_mm, axis_mm[-1] + 5 * sigma_mm, sigma_mm)
    weight = np.exp(-0.5 * ((axis_mm[:, None] - lattice) / sigma_mm) ** 2)
    weight /= np.linalg.norm(weight, axis=1, keepdims=True)
    return weight.astype(np.float32)
