"""How a patient's outline and inside change along the spine.

Heights are told by level, in units of vertebrae (C1 1, T1 8, L1 20, S1 25), so that
organs stay with their vertebrae in any patient. Sizes are mm, positions mm right and in
front of the middle of the bodies.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from spine_jax.core import Mesh
from spine_jax.simulation.canvas import Canvas, follow
from spine_jax.simulation.label_sites import LabelSite

_HALF_WIDTH = ((-1, 72), (0.5, 74), (2, 62), (5, 60), (7, 85), (9, 165), (20, 165))
_FORWARDS = ((-1, 105), (1, 95), (3, 62), (6, 60), (8, 75), (11, 140), (20, 160))
"""From the middle of the bodies to the skin in front."""
_SKIN_SMOOTH_MM = 10.0
_STEP_MM = 2.0
_BACK_REACH_MM = 30.0
_BACK_SMOOTH_MM = 18.0


@dataclasses.dataclass(frozen=True)
class BodyPlan:
    """What painting needs to know of every height of the image, arrays [Z].

    Attributes:
        level: Place along the spine.
        front_mm: How far the bodies reach forwards of their middle.
        half_width_mm: Half width of the bodies.
        canal_mm: [Z, 2], x and y of the spinal canal from the middle of the bodies.
        canal_half_mm: [Z, 2], its half width and half depth.
        back_mm: y of the skin of the back in the scan, mm.
    """

    level: np.ndarray
    front_mm: np.ndarray
    half_width_mm: np.ndarray
    canal_mm: np.ndarray
    canal_half_mm: np.ndarray
    back_mm: np.ndarray

    def by_level(self, *knots: tuple[float, float]) -> np.ndarray:
        """Values [Z] between (level, value) knots, constant beyond them."""
        levels, values = np.array(knots, float).T
        return np.interp(self.level, levels, values).astype(np.float32)

    def within(self, first: float, last: float, taper: float) -> np.ndarray:
        """[Z], 1 between two levels, falling like an ellipse to 0 over the taper."""
        outside = np.maximum(first - self.level, self.level - last) / taper
        return np.sqrt(np.clip(1 - np.maximum(outside, 0.0) ** 2, 0.0, 1.0))

    def skin_depth_mm(self, canvas: Canvas) -> np.ndarray:
        """How deep under the skin each voxel lies, [X, Y, Z] mm, roughly."""
        x, y, z = canvas.world_mm
        half_w = self.by_level(*_HALF_WIDTH)
        front = canvas.middle_mm[:, 1] + self.by_level(*_FORWARDS)
        front = ndimage.gaussian_filter1d(front, _SKIN_SMOOTH_MM / (z[1] - z[0]))
        back = self.back_mm.astype(np.float32)
        half_d = (front - back) / 2
        u = (x - canvas.middle_mm[:, 0]) / half_w
        v = (y - back - half_d) / half_d
        # Flatter than an ellipse, as backs are.
        radius = np.sqrt(np.sqrt(u**4 + v**4 + u**2 * v**2))
        return (1 - radius) * half_d


def plan_body(
    canvas: Canvas,
    sites: Sequence[LabelSite],
    meshes: Sequence[Mesh],
    back_fat_mm: float,
) -> BodyPlan:
    """The plan of a column.

    Args:
        canvas: Knows heights and the middle of the spine.
        sites: The column, cranial first.
        meshes: All bones, which skin must cover.
        back_fat_mm: Fat behind the spinous processes.
    """
    z = canvas.world_mm[2]
    heights = np.array([site.frame.origin_mm[2] for site in sites])
    order = np.argsort(heights)

    def along(values: np.ndarray) -> np.ndarray:
        return np.interp(z, heights[order], values[order])

    canals = np.array([site.frame.to_world(site.canal_centre_mm) for site in sites])
    scale = np.array([[site.frame.scale] for site in sites])
    bodies = scale * np.array([site.body_half_mm for site in sites])
    canal_halves = scale * np.array([site.canal_half_mm for site in sites])
    return BodyPlan(
        level=_levels(z, heights[order], [sites[i].level for i in order]),
        front_mm=along(bodies[:, 1]),
        half_width_mm=along(bodies[:, 0]),
        canal_mm=follow(canals, z) - canvas.middle_mm,
        canal_half_mm=np.stack([along(half) for half in canal_halves.T], axis=1),
        back_mm=_back_of(meshes, z) - back_fat_mm,
    )


def _levels(z: np.ndarray, heights: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Level [Z] of each height, going on evenly beyond the column."""
    level = np.interp(z, heights, levels)
    per_mm = -1 / 25.0
    if len(heights) > 1:
        per_mm = (levels[-1] - levels[0]) / (heights[-1] - heights[0])
    level = level + per_mm * np.maximum(z - heights[-1], 0.0)
    return level + per_mm * np.minimum(z - heights[0], 0.0)


def _back_of(meshes: Sequence[Mesh], z: np.ndarray) -> np.ndarray:
    """y [Z] of a smooth line behind everything, mm."""
    points = np.concatenate([mesh.vertices_mm for mesh in meshes])
    near = (points[:, 2] > z[0] - _BACK_REACH_MM) & (
        points[:, 2] < z[-1] + _BACK_REACH_MM
    )
    points = points[near]
    bins = np.arange(points[:, 2].min(), points[:, 2].max() + _STEP_MM, _STEP_MM)
    slot = np.clip(np.searchsorted(bins, points[:, 2]), 0, len(bins) - 1)
    back = np.full(len(bins), np.inf)
    np.minimum.at(back, slot, points[:, 1])
    reach = 2 * int(_BACK_REACH_MM / _STEP_MM) + 1
    back = ndimage.minimum_filter1d(back, reach, mode="nearest")
    back = ndimage.gaussian_filter1d(back, _BACK_SMOOTH_MM / _STEP_MM, mode="nearest")
    return np.interp(z, bins, back)
