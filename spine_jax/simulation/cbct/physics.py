"""What happens between the X-ray source and the reconstruction, as numbers."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Physics:
    """One device on one day. The defaults are an ideal device: everything off.

    Attributes:
        tube_kv: Peak voltage of the tube; 0 gives rays of the reference energy alone.
        copper_mm: Added filter.
        scatter_ratio: Scatter to primary at the middle of the detector.
        scatter_sigma_mm: Gaussian reach of scatter on the detector.
        glare: Share of the signal spread over `glare_sigma_mm` by veiling glare.
        glare_sigma_mm: On the detector.
        blur_px: Gaussian blur of the detector, pixels.
        photons: Mean photons per pixel without patient; 0 is free of noise.
        electronic_photons: Standard deviation of the electronics, in photons.
        floor_photons: Least signal passed to the logarithm, in photons.
        gain_spread: Relative standard deviation of the pixels' gains, which makes
            rings.
        water_correction: Strength of the beam-hardening correction: 0 none, 1 right
            for water.
        jitter_mm: Standard deviation of each view's shift, at the isocentre.
        jitter_deg: Standard deviation of each view's angle.
        sag_mm: Amplitude of a slow shift along the arc, at the isocentre.
    """

    tube_kv: float = 0.0
    copper_mm: float = 0.0
    scatter_ratio: float = 0.0
    scatter_sigma_mm: float = 45.0
    glare: float = 0.0
    glare_sigma_mm: float = 20.0
    blur_px: float = 0.0
    photons: float = 0.0
    electronic_photons: float = 0.0
    floor_photons: float = 1.0
    gain_spread: float = 0.0
    water_correction: float = 1.0
    jitter_mm: float = 0.0
    jitter_deg: float = 0.0
    sag_mm: float = 0.0


Range = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class PhysicsRanges:
    """From where to where each figure of `Physics` is drawn, evenly.

    `photons` is drawn evenly in its logarithm. Photons are those of a pixel of 0.9 mm
    on the detector and scale with the pixel's area; `blur_px` counts such pixels too.
    """

    tube_kv: Range = (90.0, 110.0)
    copper_mm: Range = (0.0, 0.1)
    scatter_ratio: Range = (0.5, 2.0)
    scatter_sigma_mm: Range = (30.0, 60.0)
    glare: Range = (0.05, 0.10)
    glare_sigma_mm: Range = (15.0, 30.0)
    blur_px: Range = (0.5, 0.8)
    photons: Range = (4e4, 1e5)
    electronic_photons: Range = (2.0, 10.0)
    floor_photons: Range = (1.0, 1.0)
    gain_spread: Range = (0.0, 0.003)
    water_correction: Range = (0.6, 1.1)
    jitter_mm: Range = (0.0, 0.2)
    jitter_deg: Range = (0.0, 0.1)
    sag_mm: Range = (0.0, 0.4)


REFERENCE_PIXEL_MM = 0.9


def draw_physics(
    rng: np.random.Generator, ranges: PhysicsRanges, pixel_mm: float
) -> Physics:
    """A device within the ranges, with detector pixels of `pixel_mm`."""
    drawn = {}
    for field in dataclasses.fields(ranges):
        low, high = getattr(ranges, field.name)
        share = rng.uniform()
        if field.name == "photons":
            drawn[field.name] = float(low * (high / low) ** share)
        else:
            drawn[field.name] = float(low + share * (high - low))
    scale = pixel_mm / REFERENCE_PIXEL_MM
    drawn["photons"] *= scale**2
    drawn["blur_px"] /= scale
    return Physics(**drawn)


def one_device(
    rng: np.random.Generator, ranges: PhysicsRanges, share: float = 0.2
) -> PhysicsRanges:
    """Narrower ranges, those of the patients of one device drawn from the wide ones.

    Args:
        rng: Advanced by one draw per figure.
        ranges: Of all devices.
        share: Width of the narrow ranges, as a part of the wide ones.
    """
    narrow = {}
    for field in dataclasses.fields(ranges):
        low, high = getattr(ranges, field.name)
        start = low + rng.uniform() * (1 - share) * (high - low)
        narrow[field.name] = (float(start), float(start + share * (high - low)))
    return PhysicsRanges(**narrow)
