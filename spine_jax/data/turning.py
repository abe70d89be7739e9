"""Patches of a patient who lies turned, or is larger."""

import numpy as np
from scipy import ndimage


def turned(
    patch: np.ndarray, angle_deg: float, zoom: float, *, is_mask: bool = False
) -> np.ndarray:
    """A patch turned about the middle of its slices and enlarged within them.

    What was out of the view stays out of it; what comes from beyond the border is out
    of the view, or no vertebra.

    Args:
        patch: [D, H, W, 1]. An image in [-1, 1], -1 out of the view, or a mask.
        angle_deg: From columns towards rows.
        zoom: At least 1, so that the view is filled.
        is_mask: Whether values are 0 or 1, and stay so.

    Returns:
        As the patch, float32.
    """
    angle = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    from_new = np.eye(3)
    from_new[1:, 1:] = turn / zoom
    middle = (np.array(patch.shape[:3]) - 1) / 2
    outside = 0.0 if is_mask else -1.0
    made = ndimage.affine_transform(
        patch[..., 0].astype(np.float32),
        from_new,
        offset=middle - from_new @ middle,
        order=1,
        mode="constant",
        cval=outside,
    )[..., None]
    if is_mask:
        return (made >= 0.5).astype(np.float32)
    return np.where(patch == outside, np.float32(outside), made)
