"""From line integrals to what a real device would take for line integrals.

In this order: polychromatic primary, scatter, glare and blur, photon and electronic
noise, floor, logarithm, water correction.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.geometry.fields import gaussian_blur
from spine_jax.simulation.cbct.carm import CArm, Trajectory
from spine_jax.simulation.cbct.materials import (
    BONE_RATIO,
    METAL_PER_MM,
    REFERENCE_KEV,
    WATER_RATIO,
)
from spine_jax.simulation.cbct.physics import Physics
from spine_jax.simulation.cbct.spectrum import (
    one_energy,
    tungsten_spectrum,
    water_correction,
)

# Steps of a scan: the randomness of each comes from the key (seed, step).
_GAIN, _PHOTONS, _ELECTRONICS, _JITTER = range(4)
_LONGEST_FITTED = 10.0
"""Largest -log T to which the water correction is fitted, roughly."""
_EDGE = 0.4
"""Share of the detector left out on each side to tell its middle."""


def measured_line_integrals(
    paths: jax.Array, metals: tuple[str, ...], carm: CArm, physics: Physics, seed: int
) -> jax.Array:
    """Line integrals [V, columns, rows] at the reference energy, as measured.

    Args:
        paths: [2 + metals, V, columns, rows]: attenuation by water and by bone at the
            reference energy, and millimetres of each metal.
        metals: Names out of `METAL_PER_MM`.
        carm: Tells the size of a pixel.
        physics: The device.
        seed: The same seed gives the same bits.
    """
    spectrum = spectrum_of(physics)
    curves = [WATER_RATIO, BONE_RATIO, *(METAL_PER_MM[name] for name in metals)]
    signal = primary(paths, np.asarray(curves), spectrum)
    signal = add_scatter(signal, carm, physics)
    signal = spread_signal(signal, carm, physics)
    signal = add_noise(signal, physics, seed)
    powers = jnp.asarray(water_correction(spectrum, physics.water_correction))
    return _logarithm(signal, powers.astype(signal.dtype))


def spectrum_of(physics: Physics) -> np.ndarray:
    """Relative signal per energy, [E]."""
    if not physics.tube_kv:
        return one_energy(REFERENCE_KEV)
    return tungsten_spectrum(physics.tube_kv, physics.copper_mm)


def primary(paths: jax.Array, curves: np.ndarray, spectrum: np.ndarray) -> jax.Array:
    """Share of the signal that comes through unscattered, [V, columns, rows].

    Args:
        paths: [M, V, columns, rows].
        curves: [M, E], attenuation per unit of path.
        spectrum: [E], summing to 1.
    """
    used = spectrum > 0
    per_energy = jnp.asarray(curves[:, used], paths.dtype)
    return _primary(paths, per_energy, jnp.asarray(spectrum[used], paths.dtype))


@jax.jit
def _primary(paths: jax.Array, curves: jax.Array, spectrum: jax.Array) -> jax.Array:
    total = jnp.zeros(paths.shape[1:], paths.dtype)
    for energy in range(len(spectrum)):
        exponent = sum(c * path for c, path in zip(curves[:, energy], paths))
        total += spectrum[energy] * jnp.exp(-exponent)
    return total


def add_scatter(signal: jax.Array, carm: CArm, physics: Physics) -> jax.Array:
    """Add a smooth copy of the once-scattered primary.

    What is scattered on a ray grows with how much of it was attenuated: the source is
    T (-log T). Its blurred copy is scaled by one factor for all views, so that their
    ratios in the middle of the detector have the wanted mean.
    """
    if not physics.scatter_ratio:
        return signal
    source = -signal * jnp.log(jnp.maximum(signal, 1e-30))
    scatter = _blur_views(source, physics.scatter_sigma_mm, carm)
    ratios = jnp.mean(_middle(scatter), (1, 2)) / jnp.mean(_middle(signal), (1, 2))
    return signal + scatter * (physics.scatter_ratio / jnp.mean(ratios))


def _middle(views: jax.Array) -> jax.Array:
    _, n_columns, n_rows = views.shape
    u, v = int(_EDGE * n_columns), int(_EDGE * n_rows)
    return views[:, u : n_columns - u, v : n_rows - v]


def spread_signal(signal: jax.Array, carm: CArm, physics: Physics) -> jax.Array:
    """Veiling glare and the detector's own blur."""
    if physics.glare:
        veil = _blur_views(signal, physics.glare_sigma_mm, carm)
        signal = (1 - physics.glare) * signal + physics.glare * veil
    return _blur_views(signal, physics.blur_px * carm.pixel_mm, carm)


def _blur_views(views: jax.Array, sigma_mm: float, carm: CArm) -> jax.Array:
    pixel = float(carm.pixel_mm)
    blur = functools.partial(
        gaussian_blur, sigma_mm=sigma_mm, spacing_mm=(pixel, pixel, pixel)
    )
    # The field is blurred as a stack of slices of thickness one.
    return jax.vmap(blur)(views[:, None])[:, 0]


def add_noise(signal: jax.Array, physics: Physics, seed: int) -> jax.Array:
    """Gains, photons, electronics and the floor, relative to the open beam."""
    if physics.gain_spread:
        gain = _rng(seed, _GAIN).standard_normal(signal.shape[1:], np.float32)
        signal = signal * (1 + physics.gain_spread * gain)[None]
    if not physics.photons:
        return signal
    expected = physics.photons * np.maximum(np.asarray(signal), 0)
    counts = _rng(seed, _PHOTONS).poisson(expected).astype(np.float32)
    noise = _rng(seed, _ELECTRONICS).standard_normal(signal.shape, np.float32)
    counts += physics.electronic_photons * noise
    return jnp.asarray(np.maximum(counts, physics.floor_photons) / physics.photons)


def _rng(seed: int, step: int) -> np.random.Generator:
    """On the host, where counts are drawn fastest; the same on every machine."""
    return np.random.default_rng((seed, step))


@jax.jit
def _logarithm(signal: jax.Array, powers: jax.Array) -> jax.Array:
    p = -jnp.log(jnp.maximum(signal, 1e-30))
    # The correction knows half a metre of water; beyond, it goes on straight.
    q = jnp.minimum(p, _LONGEST_FITTED)
    a, b, c, d = powers
    slope = a + q * (2 * b + q * (3 * c + q * 4 * d))
    return q * (a + q * (b + q * (c + q * d))) + slope * (p - q)


def shaken_trajectory(carm: CArm, physics: Physics, seed: int) -> Trajectory:
    """The arc as the device really runs it: jitter per view, and a slow sag."""
    nominal = carm.trajectory()
    draws = _rng(seed, _JITTER).standard_normal((3, carm.n_views), np.float32)
    # Half a wave along the arc in u, a whole one in v.
    along = (carm.arc_angles_rad / carm.arc_angles_rad[-1]).astype(np.float32)
    sag = physics.sag_mm * np.stack([np.sin(np.pi * along), np.sin(2 * np.pi * along)])
    shift = physics.jitter_mm * draws[1:] + sag
    angle = nominal.angles_rad + np.float32(np.radians(physics.jitter_deg)) * draws[0]
    return Trajectory(angle, shift[0], shift[1])
