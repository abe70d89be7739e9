"""What the patient and the implants are made of, and how they attenuate."""

import numpy as np

from spine_jax.core.types import Array

ENERGIES_KEV = np.arange(20.0, 121.0, 5.0)
"""Energies of all tables and sums, [E]."""
REFERENCE_KEV = 70.0
"""Hounsfield units are read at this energy."""

WATER_CM2_PER_G = np.array(
    # fmt: off
    [
        0.8098,
        0.5082,
        0.3756,
        0.3075,
        0.2683,
        0.2436,
        0.2269,
        0.2149,
        0.2059,
        0.1987,
        0.1929,
        0.1879,
        0.1837,
        0.1799,
        0.1766,
        0.1735,
        0.1707,
        0.1681,
        0.1657,
        0.1635,
        0.1614,
    ]
    # fmt: on
)
"""Mass attenuation with coherent scattering, [E]: NIST XCOM, as the tables below."""
BONE_CM2_PER_G = np.array(
    # fmt: off
    [
        4.001,
        2.158,
        1.331,
        0.9061,
        0.6656,
        0.5189,
        0.4242,
        0.3601,
        0.3148,
        0.2818,
        0.2570,
        0.2379,
        0.2229,
        0.2108,
        0.2008,
        0.1926,
        0.1855,
        0.1795,
        0.1743,
        0.1697,
        0.1656,
    ]
    # fmt: on
)
"""Cortical bone of ICRU-44."""
_TITANIUM_CM2_PER_G = np.array(
    # fmt: off
    [
        15.85,
        8.371,
        4.971,
        3.212,
        2.213,
        1.605,
        1.213,
        0.9499,
        0.7660,
        0.6338,
        0.5361,
        0.4623,
        0.4052,
        0.3605,
        0.3247,
        0.2958,
        0.2721,
        0.2524,
        0.2360,
        0.2221,
        0.2102,
    ]
    # fmt: on
)
_IRON_CM2_PER_G = np.array(
    # fmt: off
    [
        25.68,
        13.70,
        8.176,
        5.285,
        3.629,
        2.614,
        1.957,
        1.515,
        1.205,
        0.9816,
        0.8164,
        0.6915,
        0.5952,
        0.5198,
        0.4597,
        0.4113,
        0.3717,
        0.3391,
        0.3118,
        0.2888,
        0.2693,
    ]
    # fmt: on
)
COPPER_CM2_PER_G = np.array(
    # fmt: off
    [
        33.80,
        18.20,
        10.91,
        7.074,
        4.862,
        3.498,
        2.613,
        2.013,
        1.593,
        1.289,
        1.064,
        0.8941,
        0.7630,
        0.6602,
        0.5783,
        0.5124,
        0.4585,
        0.4141,
        0.3770,
        0.3459,
        0.3195,
    ]
    # fmt: on
)

METALS: tuple[str, ...] = ("titanium", "steel", "cobalt-chromium")

METAL_PER_MM: dict[str, np.ndarray] = {
    "titanium": 0.1 * 4.5 * _TITANIUM_CM2_PER_G,
    "steel": 0.1 * 7.9 * _IRON_CM2_PER_G,
    # Between iron and copper: molybdenum lifts the alloy above cobalt and chromium.
    "cobalt-chromium": 0.1 * 8.3 * (_IRON_CM2_PER_G + COPPER_CM2_PER_G) / 2,
}
"""Attenuation per mm, [E]."""
WATER_PER_MM = 0.1 * WATER_CM2_PER_G

_REFERENCE = int(np.argmin(np.abs(ENERGIES_KEV - REFERENCE_KEV)))
WATER_REFERENCE_PER_MM = float(WATER_PER_MM[_REFERENCE])
WATER_RATIO = WATER_CM2_PER_G / WATER_CM2_PER_G[_REFERENCE]
BONE_RATIO = BONE_CM2_PER_G / BONE_CM2_PER_G[_REFERENCE]
"""Attenuation relative to that at the reference energy, [E]."""

_ALL_WATER_HU, _ALL_BONE_HU = 100.0, 1500.0


def bone_share(image_hu: Array) -> Array:
    """Share of cortical bone in the attenuation of a voxel, the rest being water.

    0 up to 100 HU, 1 from 1500 HU, linear between.
    """
    share = (image_hu - _ALL_WATER_HU) / (_ALL_BONE_HU - _ALL_WATER_HU)
    return np.clip(share, 0.0, 1.0)


def attenuation_per_mm(image_hu: Array) -> Array:
    """Linear attenuation at the reference energy, not below 0."""
    return WATER_REFERENCE_PER_MM * np.maximum(1.0 + image_hu / 1000.0, 0.0)


def to_hu(per_mm: Array) -> Array:
    """The inverse of `attenuation_per_mm`."""
    return 1000.0 * (per_mm / WATER_REFERENCE_PER_MM - 1.0)


def tissue_parts(image_hu: np.ndarray, metal: np.ndarray) -> np.ndarray:
    """Attenuation by water and by bone, [2, ...] float32 per mm.

    Metal replaces what was there: where it fills a share of the voxel, so much of the
    tissue is gone.

    Args:
        image_hu: [...], HU.
        metal: [...], share of the voxel's volume.
    """
    per_mm = attenuation_per_mm(image_hu) * (1.0 - metal)
    bone = bone_share(image_hu) * per_mm
    return np.stack([per_mm - bone, bone]).astype(np.float32)
