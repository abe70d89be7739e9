"""Slices and volumes of a model laid into an image of any grid and orientation."""

import dataclasses

import numpy as np
from scipy import ndimage

from spine_jax.core import Volume, orientation_codes, spacing_mm
from spine_jax.data import Scale
from spine_jax.data.scales import PERCENTILES
from spine_jax.data.store import OUTSIDE
from spine_jax.pipeline.cbct_models import ImageSpace

_FRAME_AXES = ("SI", "PA", "LR")
"""Slices upwards, rows from front to back, columns from right to left."""
_BLUR = 0.4
"""Of the width that averaging over a slice's voxel adds, as in making data sets."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """A model's slices laid into a volume: around its middle, along its own axes.

    Attributes:
        frame_to_vox: [4, 4], (slice, row, column) to voxel; a scaled permutation.
        shape: Of the slices, [Z, H, W].
        volume_shape: Of the volume, [X, Y, Z].
        in_view: Which voxels the model sees, bool, broadcasts to `volume_shape`.
    """

    frame_to_vox: np.ndarray
    shape: tuple[int, ...]
    volume_shape: tuple[int, ...]
    in_view: np.ndarray

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Slices [Z, H, W] of voxels [X, Y, Z]; the least value outside."""
        return ndimage.affine_transform(
            array,
            self.frame_to_vox,
            output_shape=self.shape,
            order=1,
            # Not "constant": rounding would put the outermost voxels outside.
            mode="grid-constant",
            cval=float(array.min()),
        )

    def restored(self, slices: np.ndarray, outside: float) -> np.ndarray:
        """Voxels [X, Y, Z] of slices [Z, H, W]; a value for what is out of view."""
        # The outermost voxels may lie half a slice beyond its centre.
        array = ndimage.affine_transform(
            slices,
            np.linalg.inv(self.frame_to_vox),
            output_shape=self.volume_shape,
            order=1,
            mode="nearest",
        )
        return np.where(self.in_view, array, np.float32(outside))


def plane_size(volume: Volume, images: ImageSpace) -> tuple[int, int]:
    """Rows and columns of slices that hold a volume of any orientation whole."""
    affine = volume.affine_vox_to_mm
    codes, spacing = orientation_codes(affine), spacing_mm(affine)
    sides = []
    for letters, step_mm in zip(_FRAME_AXES[1:], images.spacing_mm[1:]):
        axis = next(i for i, code in enumerate(codes) if code in letters)
        length_mm = volume.array.shape[axis] * spacing[axis]
        sides.append(max(1, int(np.ceil(length_mm / step_mm - 1e-6))))
    return sides[0], sides[1]


def lay_frame(volume: Volume, images: ImageSpace, size: tuple[int, ...]) -> Frame:
    """Where slices of H x W pixels lie in a volume of any orientation."""
    affine, voxels = volume.affine_vox_to_mm, np.array(volume.array.shape)
    codes, spacing = orientation_codes(affine), spacing_mm(affine)
    frame_to_vox, axes = np.zeros((4, 4)), []
    for k, letters in enumerate(_FRAME_AXES):
        axis = next(i for i, code in enumerate(codes) if code in letters)
        sign = 1.0 if codes[axis] == letters[0] else -1.0
        frame_to_vox[axis, k] = sign * images.spacing_mm[k] / spacing[axis]
        axes.append(axis)
    height_mm = voxels[axes[0]] * spacing[axes[0]]
    shape = (max(1, int(np.ceil(height_mm / images.spacing_mm[0] - 1e-6))), *size)
    middle = (np.array(shape) - 1) / 2
    frame_to_vox[:3, 3] = (voxels - 1) / 2 - frame_to_vox[:3, :3] @ middle
    frame_to_vox[3, 3] = 1.0
    squares = np.zeros((1, 1, 1))
    for axis in axes[1:]:
        mm = (np.arange(int(voxels[axis])) - (voxels[axis] - 1) / 2) * spacing[axis]
        squares = squares + (mm**2).reshape([-1 if i == axis else 1 for i in range(3)])
    in_view = squares <= images.view_radius_mm**2
    return Frame(frame_to_vox, shape, volume.array.shape, in_view)


def model_images(
    volume: Volume, frame: Frame, images: ImageSpace, own: bool
) -> np.ndarray:
    """Slices of a CBCT as the model takes them, [Z, H, W, 1] in [-1, 1], on the scale
    of the training or on the volume's own."""
    pixel_vox = np.abs(frame.frame_to_vox[:3, :3]) @ np.ones(3)
    # Voxels are blurred where a slice's pixel spans several of them.
    sigma_vox = _BLUR * np.sqrt(np.maximum(pixel_vox**2 - 1, 0))
    blurred = ndimage.gaussian_filter(volume.array, sigma_vox, mode="nearest")
    slices = frame.cut(blurred)
    rows_mm, columns_mm = (
        (np.arange(n) - (n - 1) / 2) * step
        for n, step in zip(frame.shape[1:], images.spacing_mm[1:])
    )
    seen = rows_mm[:, None] ** 2 + columns_mm**2 <= (images.view_radius_mm + 1e-6) ** 2
    scale = _own_scale(slices[:, seen], images) if own else images.scale
    return np.where(seen, scale(slices), np.float32(OUTSIDE))[..., None]


def _own_scale(seen: np.ndarray, images: ImageSpace) -> Scale:
    """The scale that gives a scan's percentiles their usual values."""
    low, high = np.percentile(seen, PERCENTILES)
    usual_low, usual_high = images.usual
    per_unit = max(high - low, 1e-6) / max(usual_high - usual_low, 1e-6)
    bottom, top = (float(low + (end - usual_low) * per_unit) for end in (-1, 1))
    return Scale(bottom, top, images.brightest)
