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
        slice_axis: Array axis across the slices.
    """

    blur_mm: np.ndarray
    noise_hu: float
    sharpness: float
    slice_axis: int = 2


def draw_scanner(
    rng: np.random.Generator, spacing_mm: np.ndarray, slice_axis: int = 2
) -> Scanner:
    """A scanner between smooth and quiet, and sharp and noisy."""
    sharpness = rng.uniform()
    in_plane = 0.9 - 0.3 * sharpness
    blur_mm = np.full(3, in_plane)
    blur_mm[slice_axis] = rng.uniform(0.4, 0.6) * max(spacing_mm[slice_axis], 1.0)
    return Scanner(
        blur_mm,
        noise_hu=float(12.0 * (80.0 / 12.0) ** sharpness),
        sharpness=float(sharpness),
        slice_axis=slice_axis,
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
    blurred = blur(image_hu, scanner, spacing_mm, sampled_blur_mm(spacing_mm))
    return add_noise(rng, blurred, scanner, spacing_mm)


def blur(
    image_hu: np.ndarray,
    scanner: Scanner,
    spacing_mm: np.ndarray,
    carried_mm: np.ndarray,
) -> np.ndarray:
    """Blur an image [X, Y, Z] that already carries, or will get, another blur.

    Args:
        image_hu: [X, Y, Z].
        scanner: The blur to reach.
        spacing_mm: [3], of the image.
        carried_mm: [3], Gaussian sigma that is not this function's to add.
    """
    missing = scanner.blur_mm**2 - carried_mm**2
    sigma_vox = np.sqrt(np.maximum(missing, 0.0)) / spacing_mm
    return ndimage.gaussian_filter(image_hu, sigma_vox, mode="nearest")


def add_noise(
    rng: np.random.Generator,
    image_hu: np.ndarray,
    scanner: Scanner,
    spacing_mm: np.ndarray,
) -> np.ndarray:
    """Add the scanner's noise.

    Returns:
        [X, Y, Z] float32, HU, not below -1024.
    """
    noise = _noise(rng, image_hu.shape, scanner, spacing_mm)
    noisy = image_hu + scanner.noise_hu * noise
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
    fine_share, coarse_share = np.full(3, in_plane), np.full(3, 1.5)
    fine_share[scanner.slice_axis] = coarse_share[scanner.slice_axis] = 0.8
    fine = ndimage.gaussian_filter(white, fine_share * blur_vox)
    coarse = ndimage.gaussian_filter(white, coarse_share * blur_vox)
    noise = fine - scanner.sharpness * coarse
    return noise / noise.std()
