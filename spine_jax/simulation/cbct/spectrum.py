"""The X-ray spectrum, what it makes of a path, and the correction for water."""

import numpy as np

from spine_jax.simulation.cbct.materials import (
    COPPER_CM2_PER_G,
    ENERGIES_KEV,
    WATER_PER_MM,
    WATER_REFERENCE_PER_MM,
)

_COPPER_G_PER_CM3 = 8.96
_OWN_FILTER_MM = 0.12
"""The tube's own filter as copper: it brings the mean energy at 120 kV to 55 keV."""
_K_EDGE_KEV = 69.5
# Mean energies of the K-alpha and K-beta lines of tungsten, and their share of the
# fluence at 120 kV.
_LINES = ((58.6, 0.06), (67.4, 0.02))
_LINE_EXPONENT = 1.67
_LONGEST_MM = 500.0


def tungsten_spectrum(tube_kv: float, copper_mm: float) -> np.ndarray:
    """Relative signal of the detector per energy, [E], summing to 1.

    Kramers' law with the K lines of tungsten, behind the tube's own filter and one of
    copper, seen by a detector that integrates energy.

    Args:
        tube_kv: Peak voltage, 40-120 kV.
        copper_mm: Thickness of the added filter.
    """
    energy = ENERGIES_KEV
    smooth = np.maximum(tube_kv / energy - 1.0, 0.0)
    thickness_cm = 0.1 * (_OWN_FILTER_MM + copper_mm)
    smooth *= np.exp(-COPPER_CM2_PER_G * _COPPER_G_PER_CM3 * thickness_cm)
    fluence = smooth / smooth.sum()
    excess = max(tube_kv / _K_EDGE_KEV - 1.0, 0.0)
    strength = (excess / (120.0 / _K_EDGE_KEV - 1.0)) ** _LINE_EXPONENT
    for line_kev, share in _LINES:
        # Shared between the two nearest energies so that the mean stays.
        near = np.maximum(1.0 - np.abs(energy - line_kev) / 5.0, 0.0)
        fluence += strength * share * near
    signal = fluence * energy
    return signal / signal.sum()


def one_energy(energy_kev: float) -> np.ndarray:
    """A spectrum [E] of one energy, rounded to the nearest of the table."""
    spectrum = np.zeros(len(ENERGIES_KEV))
    spectrum[np.argmin(np.abs(ENERGIES_KEV - energy_kev))] = 1.0
    return spectrum


def water_line_integral(spectrum: np.ndarray, length_mm: np.ndarray) -> np.ndarray:
    """-log of the transmission of water paths [...] mm under a spectrum [E]."""
    paths = np.asarray(length_mm, float)[..., None] * WATER_PER_MM
    return -np.log(np.sum(spectrum * np.exp(-paths), axis=-1))


def water_correction(spectrum: np.ndarray, strength: float) -> np.ndarray:
    """Coefficients [4] of p, p^2, p^3, p^4 that take -log T to a water path.

    Line integrals at the reference energy come out. Strength 1 is the fit over 0-50 cm
    of water, 0 only scales thin water to its value, between them is between.
    """
    length_mm = np.linspace(0.0, _LONGEST_MM, 201)[1:]
    measured = water_line_integral(spectrum, length_mm)
    truth = WATER_REFERENCE_PER_MM * length_mm
    powers = measured[:, None] ** np.arange(1, 5)
    # Relative errors: thin paths count as much as thick ones.
    fitted = np.linalg.lstsq(powers / truth[:, None], np.ones_like(truth), rcond=None)[
        0
    ]
    thin = np.zeros(4)
    thin[0] = WATER_REFERENCE_PER_MM / np.sum(spectrum * WATER_PER_MM)
    return strength * fitted + (1.0 - strength) * thin
