"""An image painted organ by organ, with coordinates that follow the spine."""

import numpy as np

from spine_jax.simulation.random_field import Axes, random_field

_WAVE_MM = 2.5
_WAVE_LENGTH_MM = 18.0
_THINNEST_MM = 0.5

Window = tuple[slice, slice, slice]
EVERYWHERE: Window = (slice(None), slice(None), slice(None))


class Canvas:
    """An image under work.

    Attributes:
        image_hu: [X, Y, Z] float32, zero at first.
        world_mm: x [X, 1, 1], y [Y, 1] and z [Z] of the voxels, float32.
        x, y: [X, Y, Z], mm right and in front of the spine at the same height, with
            gentle random waves, so that nothing painted by them is quite regular.
        middle_mm: [Z, 2], x and y of the spine by height.
    """

    def __init__(
        self, rng: np.random.Generator, axes_mm: Axes, spine_mm: np.ndarray
    ) -> None:
        x, y, z = (np.asarray(axis, np.float32) for axis in axes_mm)
        self.world_mm = (x[:, None, None], y[:, None], z)
        middle = follow(spine_mm, z)
        waves = [
            _WAVE_MM * np.clip(random_field(rng, axes_mm, _WAVE_LENGTH_MM), -2, 2)
            for _ in range(2)
        ]
        self.x = self.world_mm[0] - middle[:, 0] + waves[0]
        self.y = self.world_mm[1] - middle[:, 1] + waves[1]
        self.middle_mm = middle
        self.image_hu = np.zeros(self.x.shape, np.float32)
        self._edge_mm = float(np.mean([axis[1] - axis[0] for axis in (x, y, z)]))

    def paint(
        self,
        distance_mm: np.ndarray,
        value_hu: float | np.ndarray,
        window: Window = EVERYWHERE,
    ) -> None:
        """Fill where a distance is negative, with edges one voxel wide."""
        share = np.clip(0.5 - distance_mm / self._edge_mm, 0.0, 1.0)
        part = self.image_hu[window]
        part += share.astype(np.float32) * (value_hu - part)

    def cylinder(self, centre_mm, half_mm, window: Window = EVERYWHERE) -> np.ndarray:
        """Rough distance [X, Y, Z] to an elliptic cylinder that follows the spine.

        Args:
            centre_mm: x and y of its axis, scalars or per height [Z].
            half_mm: Half width and half depth, scalars or per height.
            window: Part of the image to do; heights given are those of the part.
        """
        u = (self.x[window] - centre_mm[0]) / half_mm[0]
        v = (self.y[window] - centre_mm[1]) / half_mm[1]
        return (np.sqrt(u * u + v * v) - 1) * np.minimum(*half_mm)

    def paint_tube(self, centre_mm, half_mm, value_hu: float | np.ndarray) -> None:
        """Paint an elliptic cylinder only where it is: it may end, and change width.

        Args:
            centre_mm: x and y of its axis, scalars or per height [Z].
            half_mm: Half width and half depth, scalars or per height; 0 where absent.
            value_hu: A number, or an image [X, Y, Z].
        """
        n_heights = len(self.world_mm[2])
        cx, cy, hx, hy = (
            np.broadcast_to(np.asarray(v, np.float32), n_heights)
            for v in (*centre_mm, *half_mm)
        )
        present = np.flatnonzero(np.minimum(hx, hy) > _THINNEST_MM)
        if len(present) == 0:
            return
        z = slice(present[0], present[-1] + 1)
        margin = 2 * _WAVE_MM + 2 * self._edge_mm
        spans = []
        for axis, centre, half in ((0, cx, hx), (1, cy, hy)):
            middle = self.middle_mm[z, axis] + centre[z]
            low = np.min(middle - half[z]) - margin
            high = np.max(middle + half[z]) + margin
            spans.append(
                slice(*np.searchsorted(self.world_mm[axis].ravel(), (low, high)))
            )
        window = (spans[0], spans[1], z)
        half = [np.maximum(h[z], _THINNEST_MM) for h in (hx, hy)]
        if isinstance(value_hu, np.ndarray):
            value_hu = value_hu[window]
        self.paint(self.cylinder((cx[z], cy[z]), half, window), value_hu, window)

    def near(self, centre_mm: np.ndarray, reach_mm: float):
        """The window of voxels around a point, and their offsets to it, mm.

        Returns:
            Slices, and x [X, 1, 1], y [Y, 1] and z [Z] relative to the point.
        """
        offsets = [axis - c for axis, c in zip(self.world_mm, centre_mm)]
        x, y, z = (
            slice(*np.searchsorted(offset.ravel(), (-reach_mm, reach_mm)))
            for offset in offsets
        )
        window = (x, y, z)
        return window, [offset[part] for offset, part in zip(offsets, window)]


def follow(points_mm: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
    """x and y at heights z of the line through points [N, 3], [Z, 2] float32."""
    order = np.argsort(points_mm[:, 2])
    height = points_mm[order, 2]
    places = [np.interp(z_mm, height, points_mm[order, axis]) for axis in range(2)]
    return np.stack(places, axis=1).astype(np.float32)
