"""What a scanner adds to a patient: blur and correlated noise."""

import dataclasses

import numpy as np
from scipy import ndimage


@dataclasses.dataclass(frozen=True)
class Scanner:
    """A reconstruction: resolution, noise and how sharp its kernel is.

    Attributes:
        blur_mm: [3], Gaussian sigma along the array axes.
        noise_hu: Standard deviation of the noise.
        sharpness: 0 smooth kernel, noise positively correlated in the plane; 1 sharp
            kernel, negatively.
    """

    blur_mm: np.ndarray
    noise_hu: float
    sharpness: float


def draw_scanner(rng: np.random.Generator, spacing_mm: np.ndarray) -> Scanner:
    """A scanner between smooth and quiet, and sharp and noisy."""
    sharpness = rng.uniform()
    in_plane = 0.9 - 0.3 * sharpness
    along = rng.uniform(0.4, 0.6) * max(spacing_mm[2], 1.0)
    return Scanner(
        np.array([in_plane, in_plane, along]),
        noise_hu=float(12.0 * (80.0 / 12.0) ** sharpness),
        sharpness=float(sharpness),
    )


def sampled_blur_mm(spacing_mm: np.ndarray) -> np.ndarray:
    """The least Gaussian sigma [3] that voxels of a spacing can carry, mm."""
    return 0.5 * np.asarray(spacing_mm)


def scan(
    rng: np.random.Generator,
    image_hu: np.ndarray,
    scanner: Scanner,
    spacing_mm: np.ndarray,
) -> np.ndarray:
    """Blur an image that already carries `sampled_blur_mm`, and add noise.

    Returns:
        [X, Y, Z] float32, HU, not below -1024.
    """
    missing = scanner.blur_mm**2 - sampled_blur_mm(spacing_mm) ** 2
    sigma_vox = np.sqrt(np.maximum(missing, 0.0)) / spacing_mm
    blurred = ndimage.gaussian_filter(image_hu, sigma_vox, mode="nearest")
    noisy = blurred + scanner.noise_hu * _noise(
        rng, image_hu.shape, scanner, spacing_mm
    )
    return np.maximum(noisy, -1024.0).astype(np.float32)


def _noise(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    scanner: Scanner,
    spacing_mm: np.ndarray,
) -> np.ndarray:
    """Unit-variance noise whose spectrum follows the kernel: low-pass less low-pass."""
    white = rng.standard_normal(shape, dtype=np.float32)
    in_plane = 0.8 - 0.5 * scanner.sharpness
    blur_vox = scanner.blur_mm / spacing_mm
    fine = ndimage.gaussian_filter(white, [in_plane, in_plane, 0.8] * blur_vox)
    coarse = ndimage.gaussian_filter(white, [1.5, 1.5, 0.8] * blur_vox)
    noise = fine - scanner.sharpness * coarse
    return noise / noise.std()
