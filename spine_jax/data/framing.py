"""How a C-arm frames what it sees: the grid, the cylinder in view, the middle slices.

CT and CBCT are framed alike, so that no network can tell them apart by how they are
cut.
"""

import dataclasses

import numpy as np

from spine_jax.core import LabelVolume, Volume, orientation_codes
from spine_jax.simulation.cbct import PRESETS, CbctConfig
from spine_jax.simulation.cbct.simulate import output_grid


@dataclasses.dataclass(frozen=True)
class Framing:
    """How scans are cut.

    Attributes:
        cbct: Device and grid; its voxels are the pixels of a slice.
        slice_mm: Distance of the slices, a multiple of the device's voxel.
        height_mm: Middle part of the device's volume that is kept.
    """

    cbct: CbctConfig
    slice_mm: float = 1.0
    height_mm: float = 98.0

    @property
    def pixel_mm(self) -> float:
        """Pixel of a slice."""
        return self.cbct.spacing_mm

    @property
    def size(self) -> int:
        """Pixels along each side of a slice."""
        return self.cbct.size


# One data set is one device: its grey scale is the same for all of its scans.
FRAMINGS: dict[str, Framing] = {
    name: Framing(dataclasses.replace(PRESETS[name], random_grey=False))
    for name in ("small", "carm")
}
"""By preset: `carm` has 256 x 256 pixels of 0.5 mm as in the paper, `small` 128 x 128
of 1 mm; slices of both are 1 mm apart."""


def field_of_view(framing: Framing) -> np.ndarray:
    """Pixels [H, W] inside the cylinder that every view of the C-arm sees."""
    x, y, _ = output_grid(framing.cbct).axes_mm()
    return x[None, :] ** 2 + y[:, None] ** 2 <= view_radius_mm(framing) ** 2


def view_radius_mm(framing: Framing) -> float:
    """Radius of the cylinder in view."""
    cbct = framing.cbct
    return min(float(cbct.carm.field_of_view_mm), cbct.size * cbct.spacing_mm / 2)


def middle_slices(framing: Framing) -> np.ndarray:
    """Indices along the grid's third axis of the slices that are kept, ascending."""
    step = round(framing.slice_mm / framing.pixel_mm)
    count = min(int(framing.height_mm // framing.slice_mm), framing.size // step)
    first = (framing.size - (count - 1) * step - 1) // 2
    return first + step * np.arange(count)


def up_axis(image: Volume | LabelVolume) -> int:
    """The array axis that runs along the patient."""
    codes = orientation_codes(image.affine_vox_to_mm)
    return next(i for i, code in enumerate(codes) if code in "SI")
