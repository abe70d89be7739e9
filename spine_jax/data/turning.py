"""Patches of a patient who lies turned, or is larger."""

import numpy as np
from scipy import ndimage


def turned(
    patch: np.ndarray, view: np.ndarray, angle_deg: float, zoom: float
) -> np.ndarray:
    """A patch turned about the middle of its slices and enlarged within them.

    Args:
        patch: [D, H, W, 1].
        view: [H, W] bool, a disc about the middle, as a C-arm sees; what is out of it
            stays as it is.
        angle_deg: From columns towards rows.
        zoom: At least 1, so that the view is filled.

    Returns:
        As the patch, float32, interpolated linearly.
    """
    angle = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    from_new = np.eye(3)
    from_new[1:, 1:] = turn / zoom
    middle = (np.array(patch.shape[:3]) - 1) / 2
    about_middle = np.column_stack([from_new, middle - from_new @ middle])
    image = patch[..., 0].astype(np.float32)
    made = ndimage.affine_transform(image, about_middle, order=1, mode="nearest")
    return np.where(view, made, patch[..., 0]).astype(np.float32)[..., None]
