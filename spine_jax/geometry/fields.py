"""Scalar fields on a voxel grid: trilinear sampling, gradient, Gaussian blur."""

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import scipy.ndimage


def sample_trilinear(array: jax.Array, points_vox: jax.Array) -> jax.Array:
    """Trilinear interpolation at voxel coordinates; outside, the border's value.

    Args:
        array: [X, Y, Z] or [X, Y, Z, C]; the value at an integer index is the voxel's.
        points_vox: [P, 3].

    Returns:
        [P] or [P, C]. Differentiable in both arguments.
    """
    last = jnp.asarray(array.shape[:3], points_vox.dtype) - 1
    clamped = jnp.clip(points_vox, 0, last)
    # The cell of the upper border is the last one, so that index + 1 exists.
    cell = jnp.floor(jnp.minimum(clamped, jnp.maximum(last - 1, 0)))
    fraction = clamped - cell
    cell = cell.astype(jnp.int32)
    flat = array.reshape((-1,) + array.shape[3:])
    # Steps to the next voxel along each axis; none along an axis of one voxel.
    strides = (array.shape[1] * array.shape[2], array.shape[2], 1)
    steps = [n if size > 1 else 0 for n, size in zip(strides, array.shape)]
    first = sum(cell[:, axis] * strides[axis] for axis in range(3))
    along = fraction.T.reshape((3, -1) + (1,) * (array.ndim - 3))

    def mixed(offset, axis):
        """Values at voxel `first + offset`, interpolated along the axes from `axis`."""
        if axis == 3:
            return flat[first + offset]
        t = along[axis]
        near, far = mixed(offset, axis + 1), mixed(offset + steps[axis], axis + 1)
        return (1 - t) * near + t * far

    return mixed(0, 0)


def inside_grid(shape: Sequence[int] | jax.Array, points_vox: jax.Array) -> jax.Array:
    """Whether points [P, 3] lie in the voxels of a grid (half a voxel of margin)."""
    size = jnp.asarray(shape, points_vox.dtype)
    return jnp.all((points_vox >= -0.5) & (points_vox <= size - 0.5), axis=-1)


def sample_gradient(
    array: jax.Array, points_vox: jax.Array, vox_from_mm: jax.Array
) -> jax.Array:
    """World gradient [P, 3] per mm of an image [X, Y, Z] at voxel coordinates [P, 3].

    Forward differences live half-way between two voxels; sampling them trilinearly on
    their own staggered grid equals the difference of two trilinear samples half a voxel
    to either side, which is how it is evaluated. Samples beyond the border are clamped,
    so the gradient falls to 0 from half a voxel inside the border to half outside.

    Args:
        vox_from_mm: [3, 3], linear part of the map from mm to voxels. Its transpose
            takes voxel gradients to the world, on anisotropic and oblique grids too.
    """
    half = 0.5 * jnp.eye(3, dtype=points_vox.dtype)[:, None]
    # All six places in one call: XLA makes one loop of it.
    places = jnp.concatenate([points_vox + half, points_vox - half])
    values = sample_trilinear(array, places.reshape(-1, 3)).reshape(2, 3, -1)
    per_voxel = (values[0] - values[1]).T
    return jnp.matmul(per_voxel, vox_from_mm, precision="highest")


def gaussian_blur(
    array: jax.Array, sigma_mm: float, spacing_mm: Sequence[float]
) -> jax.Array:
    """Gaussian blur of [X, Y, Z] in millimetres, separable, renormalised at borders.

    Each axis is one product with a banded matrix: exact in float32, differentiable, and
    a constant image stays constant up to the border.
    """
    if sigma_mm <= 0:
        return array
    for axis, step in enumerate(spacing_mm):
        matrix = _blur_matrix(array.shape[axis], sigma_mm / step).astype(array.dtype)
        moved = jnp.tensordot(matrix, array, axes=(1, axis), precision="highest")
        array = jnp.moveaxis(moved, 0, axis)
    return array


def _blur_matrix(n: int, sigma_vox: float) -> np.ndarray:
    offset = np.arange(n)[:, None] - np.arange(n)[None, :]
    weight = np.exp(-0.5 * (offset / sigma_vox) ** 2)
    weight[np.abs(offset) > np.ceil(4 * sigma_vox)] = 0
    return weight / weight.sum(axis=1, keepdims=True)


def blur_pyramid(
    array: np.ndarray,
    sigmas_mm: Sequence[float] | np.ndarray,
    spacing_mm: Sequence[float] | np.ndarray,
) -> np.ndarray:
    """Stack of blurred copies of [X, Y, Z], one per sigma: [levels, X, Y, Z] float32.

    Each equals `gaussian_blur`; on the host, where a large image is blurred in a
    fraction of the time of the matrix products, one level per thread.
    """
    array = np.asarray(array, np.float32)

    def blurred(sigma_mm: float) -> np.ndarray:
        level = array
        for axis, step in enumerate(spacing_mm):
            if sigma_mm > 0:
                level = _blur_on_host(level, sigma_mm / step, axis)
        return level

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return np.stack(list(threads.map(blurred, sigmas_mm)))


def _blur_on_host(array: np.ndarray, sigma_vox: float, axis: int) -> np.ndarray:
    def blur(values: np.ndarray, axis: int) -> np.ndarray:
        return scipy.ndimage.gaussian_filter1d(
            values, sigma_vox, axis, mode="constant", radius=math.ceil(4 * sigma_vox)
        )

    # The share of the weights that falls inside the image.
    inside = blur(np.ones(array.shape[axis], np.float32), 0)
    shape = [1, 1, 1]
    shape[axis] = -1
    return blur(array, axis) / inside.reshape(shape)
