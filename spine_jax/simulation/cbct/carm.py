"""The geometry of a C-arm: a point source and a flat detector on an arc.

The frame of the C-arm has its origin at the isocentre, z along the axis of rotation;
mm. At angle a the source lies at SOD (cos a, sin a, 0). Detector columns are told by
u along (-sin a, cos a, 0) and rows by v along z, both scaled to the isocentre: the ray
of (u, v) meets the plane through the isocentre parallel to the detector at (u, v).
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core.types import Array

FULL_CIRCLE_DEG = 360.0


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trajectory:
    """Where each view was really taken from.

    Attributes:
        angles_rad: [V], of the source.
        column_shift_mm, row_shift_mm: [V], how far the rays lie beside the nominal
            ones, scaled to the isocentre.
    """

    angles_rad: Array
    column_shift_mm: Array
    row_shift_mm: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class CArm:
    """A C-arm with a flat detector. Sizes are static, lengths are not.

    Attributes:
        source_to_isocentre_mm: SOD.
        source_to_detector_mm: SID.
        pixel_mm: Detector pixel, square.
        start_deg: Angle of the first view.
        arc_deg: Angle between the first and the last view; 360 is a full circle, whose
            last view is one step short of the first.
        n_views, n_columns, n_rows: Views, detector columns (u) and rows (v).
    """

    source_to_isocentre_mm: float = 600.0
    source_to_detector_mm: float = 980.0
    pixel_mm: float = 0.9
    start_deg: float = -95.0
    arc_deg: float = dataclasses.field(default=190.0, metadata={"static": True})
    n_views: int = dataclasses.field(default=100, metadata={"static": True})
    n_columns: int = dataclasses.field(default=256, metadata={"static": True})
    n_rows: int = dataclasses.field(default=256, metadata={"static": True})

    @property
    def full_circle(self) -> bool:
        """Whether every ray is measured twice."""
        return self.arc_deg >= FULL_CIRCLE_DEG

    @property
    def pixel_at_isocentre_mm(self) -> Array:
        """Pixel scaled to the isocentre."""
        return self.pixel_mm * self.source_to_isocentre_mm / self.source_to_detector_mm

    @property
    def columns_mm(self) -> Array:
        """u of the columns, [n_columns], scaled to the isocentre."""
        return self.pixel_at_isocentre_mm * _centred(self.n_columns)

    @property
    def rows_mm(self) -> Array:
        """v of the rows, [n_rows], scaled to the isocentre."""
        return self.pixel_at_isocentre_mm * _centred(self.n_rows)

    @property
    def view_step_rad(self) -> float:
        """Angle between two views."""
        steps = self.n_views if self.full_circle else self.n_views - 1
        return float(np.radians(self.arc_deg)) / steps

    @property
    def arc_angles_rad(self) -> np.ndarray:
        """Angle of each view from the first, [V]."""
        return self.view_step_rad * np.arange(self.n_views)

    @property
    def field_of_view_mm(self) -> Array:
        """Radius of the cylinder that every view sees whole."""
        sod = self.source_to_isocentre_mm
        edge = self.pixel_at_isocentre_mm * self.n_columns / 2
        return sod * edge / (sod**2 + edge**2) ** 0.5

    def trajectory(self) -> Trajectory:
        """The nominal one."""
        angles = self.start_deg * np.pi / 180 + self.arc_angles_rad
        zero = np.zeros(self.n_views, np.float32)
        return Trajectory(jnp.asarray(angles, jnp.float32), zero, zero)


def _centred(n: int) -> np.ndarray:
    return (np.arange(n) - (n - 1) / 2).astype(np.float32)
