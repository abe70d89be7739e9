"""The grid of a label map in a patient's order of axes, and a finer one to paint on."""

import dataclasses

import numpy as np

from spine_jax.core import orientation_codes, spacing_mm
from spine_jax.simulation.random_field import Axes

_COARSEST_MM = 1.5
_CLEARLY_THICKER = 1.3


@dataclasses.dataclass(frozen=True)
class ScanGrid:
    """Voxels reordered to run right, forwards and up, as nearly as the scan allows.

    Positions are mm from the centre of the first reordered voxel along these axes: the
    patient is laid out along the scan, however it lies in the world.

    Attributes:
        order: Array axis of the scan that each reordered axis is.
        backwards: Whether it is reversed, [3].
        shape: [3], voxels after reordering.
        spacing_mm: [3], after reordering.
        fineness: [3], how many painted voxels there are per voxel.
    """

    order: tuple[int, ...]
    backwards: tuple[bool, ...]
    shape: tuple[int, ...]
    spacing_mm: np.ndarray
    fineness: np.ndarray

    def reordered(self, array: np.ndarray) -> np.ndarray:
        """A scan's array [...] with axes right, forwards and up."""
        return self._flipped(np.transpose(array, self.order))

    def restored(self, array: np.ndarray) -> np.ndarray:
        """The inverse of `reordered`."""
        return np.ascontiguousarray(
            np.transpose(self._flipped(array), np.argsort(self.order))
        )

    def _flipped(self, array: np.ndarray) -> np.ndarray:
        steps = tuple(slice(None, None, -1 if b else 1) for b in self.backwards)
        return array[steps]

    @property
    def slice_axis(self) -> int:
        """The reordered axis across the slices: a clearly coarser one, else upwards."""
        thickest = int(np.argmax(self.spacing_mm))
        others = np.delete(self.spacing_mm, thickest)
        clear = self.spacing_mm[thickest] > _CLEARLY_THICKER * others.max()
        return thickest if clear else 2

    @property
    def painted_spacing_mm(self) -> np.ndarray:
        """Spacing [3] of the grid to paint on."""
        return self.spacing_mm / self.fineness

    @property
    def painted_axes_mm(self) -> Axes:
        """Positions of the voxels to paint, along x, y and z."""
        x, y, z = (
            step / k * (np.arange(n * k) - (k - 1) / 2)
            for step, k, n in zip(self.spacing_mm, self.fineness, self.shape)
        )
        return x, y, z

    @property
    def size_mm(self) -> np.ndarray:
        """Extent [3] between the first and the last voxel centre."""
        return self.spacing_mm * (np.array(self.shape) - 1)

    def averaged(self, painted: np.ndarray) -> np.ndarray:
        """Painted voxels averaged over the voxels of the scan."""
        for axis, k in enumerate(self.fineness):
            shape = painted.shape[:axis] + (-1, k) + painted.shape[axis + 1 :]
            painted = painted.reshape(shape).mean(axis=axis + 1)
        return painted


def scan_grid(shape: tuple[int, ...], affine_vox_to_mm: np.ndarray) -> ScanGrid:
    """The grid of an array of this shape under this affine [4, 4]."""
    codes = orientation_codes(affine_vox_to_mm)
    order = tuple(
        next(i for i, code in enumerate(codes) if code in pair)
        for pair in ("RL", "AP", "SI")
    )
    spacing = spacing_mm(affine_vox_to_mm)[list(order)]
    return ScanGrid(
        order=order,
        backwards=tuple(codes[i] in "LPI" for i in order),
        shape=tuple(shape[i] for i in order),
        spacing_mm=spacing,
        fineness=np.ceil(spacing / _COARSEST_MM - 0.01).astype(int),
    )
