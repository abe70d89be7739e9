"""Images of a patient with denser or thinner bone."""

import numpy as np


def with_bone_contrast(image: np.ndarray, tissue: float, gain: float) -> np.ndarray:
    """An image whose grey values above soft tissue are stretched.

    A few training patients have a few bone densities, and networks with instance norms
    see neither gain nor offset of a whole image, so this varies what is left.

    Args:
        image: Grey values in [-1, 1], any shape.
        tissue: Grey value of soft tissue.
        gain: Of the values above it.

    Returns:
        Of the same shape, cut off at 1.
    """
    stretched = np.float32(tissue) + np.float32(gain) * (image - np.float32(tissue))
    return np.where(image > tissue, np.minimum(stretched, 1), image)
