"""Reconstruction by filtered back-projection after Feldkamp, Davis and Kress.

f(x) = sum over views of dangle (SOD / (SOD - s))^2 q(u, v), with s the depth of x
towards the source and q the projections times cosine and redundancy weights, filtered
by a ramp along u on the detector scaled to the isocentre.
"""

import functools
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.simulation.cbct.carm import CArm
from spine_jax.simulation.cbct.projector import Grid
from spine_jax.simulation.cbct.weights import redundancy_weights

Apodisation = Literal["ram-lak", "shepp-logan", "hann"]
_SLAB = 8


def fdk(
    projections: jax.Array,
    grid: Grid,
    carm: CArm,
    *,
    apodisation: Apodisation = "hann",
    extrapolate: bool = True,
) -> jax.Array:
    """Attenuation [X, Y, Z] per mm from line integrals [V, columns, rows].

    Args:
        projections: Taken, or taken to be taken, on the nominal arc.
        grid: Voxels to reconstruct. Those some views do not see read the detector's
            border there.
        carm: The nominal arc.
        apodisation: Window of the ramp filter.
        extrapolate: Continue truncated rows with a taper before filtering; otherwise
            the edge of a truncated detector rings, and a bright rim appears.
    """
    weighted = projections * _ray_weights(carm)[:, :, None]
    weighted = weighted * _cosines(carm)[None]
    filtered = filter_columns(weighted, carm, apodisation, extrapolate)
    return _back_project(filtered, grid, carm)


def _cosines(carm: CArm) -> jax.Array:
    """Cosine of the angle to the central ray, [columns, rows]."""
    sod = carm.source_to_isocentre_mm
    u, v = carm.columns_mm[:, None], carm.rows_mm[None, :]
    return sod / jnp.sqrt(sod**2 + u**2 + v**2)


def _ray_weights(carm: CArm) -> jax.Array:
    return redundancy_weights(carm) * carm.view_step_rad


@functools.partial(jax.jit, static_argnames=("apodisation", "extrapolate"))
def filter_columns(
    projections: jax.Array, carm: CArm, apodisation: Apodisation, extrapolate: bool
) -> jax.Array:
    """Ramp filter along u of [V, columns, rows], zero-padded to twice the length.

    The ramp is the transform of its band-limited samples, which keeps the mean right.
    """
    n = projections.shape[1]
    length = 1 << int(np.ceil(np.log2(2 * n)))
    before, after = (length - n) // 2, length - n - (length - n) // 2
    padded = jnp.pad(projections, ((0, 0), (before, after), (0, 0)))
    if extrapolate:
        padded = padded + _tapers(projections, before, after)
    pixel = carm.pixel_at_isocentre_mm
    response = jnp.asarray(_ramp(length) * _window(length, apodisation), padded.dtype)
    spectrum = jnp.fft.rfft(padded, axis=1) * response[None, :, None]
    filtered = jnp.fft.irfft(spectrum, n=length, axis=1)
    return filtered[:, before : before + n] / pixel


def _ramp(length: int) -> np.ndarray:
    """Transform of the band-limited ramp for unit pixels, [length // 2 + 1]."""
    k = np.fft.fftfreq(length, 1 / length)
    odd = k % 2 == 1
    kernel = np.where(odd, -1 / (np.pi * np.where(odd, k, 1)) ** 2, 0.0)
    kernel[0] = 0.25
    return np.fft.rfft(kernel).real


def _window(length: int, apodisation: Apodisation) -> np.ndarray:
    frequency = np.fft.rfftfreq(length)
    if apodisation == "hann":
        return np.cos(np.pi * frequency) ** 2
    if apodisation == "shepp-logan":
        return np.sinc(frequency)
    return np.ones_like(frequency)


def _tapers(projections: jax.Array, before: int, after: int) -> jax.Array:
    """The border values of each row falling to 0 over the padding, else 0."""

    def falling(n: int) -> np.ndarray:
        return np.cos(np.pi / 2 * (np.arange(n) + 1) / (n + 1)) ** 2

    left = falling(before)[::-1][None, :, None] * projections[:, :1]
    right = falling(after)[None, :, None] * projections[:, -1:]
    parts = [left, jnp.zeros_like(projections), right]
    return jnp.concatenate(parts, axis=1).astype(projections.dtype)


@jax.jit
def _back_project(filtered: jax.Array, grid: Grid, carm: CArm) -> jax.Array:
    """Weighted sum over views at the voxels, [X, Y, Z], slab by slab along x."""
    dtype = filtered.dtype
    n_x, n_y, n_z = grid.shape
    x, y, z = (
        first + step * jnp.arange(n, dtype=dtype)
        for first, step, n in zip(grid.first_mm, grid.spacing_mm, grid.shape)
    )
    angles = carm.trajectory().angles_rad.astype(dtype)
    slabs = -(-n_x // _SLAB)
    x = jnp.pad(x, (0, slabs * _SLAB - n_x), mode="edge").reshape(slabs, _SLAB)

    def slab(x_mm: jax.Array) -> jax.Array:
        def add(total: jax.Array, view: tuple) -> tuple[jax.Array, None]:
            return total + _view_at(view, x_mm, y, z, carm), None

        zero = jnp.zeros((_SLAB * n_y, n_z), dtype)
        return jax.lax.scan(add, zero, (filtered, angles))[0]

    return jax.lax.map(slab, x).reshape(-1, n_y, n_z)[:n_x]


def _view_at(
    view: tuple, x: jax.Array, y: jax.Array, z: jax.Array, carm: CArm
) -> jax.Array:
    """One filtered view read at the voxels of a slab, [slab x Y, Z], with its weight.

    Voxels above each other share their detector column, so the column is interpolated
    first and read along it afterwards.
    """
    image, angle = view
    sod = carm.source_to_isocentre_mm
    pixel = carm.pixel_at_isocentre_mm
    c, s = jnp.cos(angle), jnp.sin(angle)
    depth = (x[:, None] * c + y[None, :] * s).ravel()
    u = (y[None, :] * c - x[:, None] * s).ravel()
    magnification = (sod / (sod - depth)).astype(image.dtype)
    column, part = _cell(u * magnification / pixel, carm.n_columns)
    rows = (1 - part)[:, None] * image[column] + part[:, None] * image[column + 1]
    row, part = _cell(magnification[:, None] * z[None, :] / pixel, carm.n_rows)
    low = jnp.take_along_axis(rows, row, axis=1, mode="promise_in_bounds")
    high = jnp.take_along_axis(rows, row + 1, axis=1, mode="promise_in_bounds")
    return magnification[:, None] ** 2 * (low + part * (high - low))


def _cell(centred: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
    """Index of the pixel before a position, and the share of the next one."""
    position = jnp.clip(centred + (n - 1) / 2, 0, n - 1)
    index = jnp.minimum(jnp.floor(position), n - 2)
    return index.astype(jnp.int32), position - index
