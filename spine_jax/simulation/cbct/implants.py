"""Pedicle screws, rods and K-wires: drawn along pedicles, and as shares of voxels."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from spine_jax.simulation.cbct.pedicles import Pedicle
from spine_jax.simulation.cbct.projector import Grid, grid_within

_SCREW_RADIUS_MM, _SCREW_LENGTH_MM = (2.25, 3.75), (35.0, 55.0)
_TULIP_RADIUS_MM, _TULIP_HEIGHT_MM = (5.0, 7.0), 15.0
_ROD_AT_MM = 8.0
"""The rod crosses the tulip this far behind its foot."""
_ROD_RADIUS_MM, _ROD_BEYOND_MM = (2.75, 3.0), (4.0, 12.0)
_WIRE_RADIUS_MM, _WIRE_OUTSIDE_MM = (0.75, 1.0), (20.0, 90.0)
_OFF_WAY_MM, _OFF_WAY_DEG = 1.0, 3.0
_MOST_LEVELS = 4
_REACH_MM = 55.0
"""Only vertebrae this near the isocentre along the spine are operated on."""
_KINDS, _KIND_SHARES = ("rods", "screws", "wires"), (0.5, 0.25, 0.25)
_METALS, _METAL_SHARES = ("titanium", "steel", "cobalt-chromium"), (0.7, 0.15, 0.15)
_OWN_ROD_METAL = 0.3
"""Share of scans whose rods are not of the screws' metal."""
_ONE_SIDE = 0.15
_SUPERSAMPLING = 2
_ROUNDED_UP_TO = 16
"""Metal grids come in few sizes, so that compiled programs are met again."""


@dataclasses.dataclass(frozen=True)
class Implant:
    """A cylinder of metal in the frame of the C-arm.

    Attributes:
        kind: `screw`, `tulip`, `rod` or `wire`.
        metal: Name out of `materials.METALS`.
        start_mm, end_mm: [3], ends of its axis.
        radius_mm: Of the cylinder.
        label: Vertebra it was placed in; 0 for rods.
    """

    kind: str
    metal: str
    start_mm: np.ndarray
    end_mm: np.ndarray
    radius_mm: float
    label: int = 0

    def distance_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Signed distance [...] to points [..., 3]; rods and wires have round ends."""
        axis = self.end_mm - self.start_mm
        length = float(np.linalg.norm(axis))
        offset = points_mm - self.start_mm
        along = offset @ (axis / length)
        beyond = np.maximum(-along, along - length)
        aside2 = np.sum(offset**2, axis=-1) - along**2
        aside = np.sqrt(np.maximum(aside2, 0.0))
        if self.kind in ("rod", "wire"):
            return np.hypot(aside, np.maximum(beyond, 0.0)) - self.radius_mm
        out, aside = np.maximum(beyond, 0.0), aside - self.radius_mm
        inside = np.minimum(np.maximum(beyond, aside), 0.0)
        return np.hypot(out, np.maximum(aside, 0.0)) + inside


def draw_implants(
    rng: np.random.Generator, pedicles: Sequence[Pedicle]
) -> tuple[Implant, ...]:
    """Screws, screws with rods, or wires in one to four neighbouring vertebrae."""
    near = [p for p in pedicles if abs(p.centre_mm[2]) < _REACH_MM]
    levels = list(dict.fromkeys(p.label for p in near))
    if not levels:
        return ()
    count = int(rng.integers(1, min(_MOST_LEVELS, len(levels)) + 1))
    first = int(rng.integers(0, len(levels) - count + 1))
    chosen = levels[first : first + count]
    sides = (-1, 1)
    if rng.uniform() < _ONE_SIDE:
        sides = (int(rng.choice((-1, 1))),)
    kind = str(rng.choice(_KINDS, p=_KIND_SHARES))
    used = [p for p in near if p.label in chosen and p.side in sides]
    if kind == "wires":
        radius = rng.uniform(*_WIRE_RADIUS_MM)
        return tuple(_wire(rng, pedicle, radius) for pedicle in used)
    return _screws(rng, used, with_rods=kind == "rods")


def _screws(
    rng: np.random.Generator, pedicles: Sequence[Pedicle], *, with_rods: bool
) -> tuple[Implant, ...]:
    metal, rod_metal = rng.choice(_METALS, size=2, p=_METAL_SHARES).tolist()
    if rng.uniform() > _OWN_ROD_METAL:
        rod_metal = metal
    radius, tulip = rng.uniform(*_SCREW_RADIUS_MM), rng.uniform(*_TULIP_RADIUS_MM)
    implants, heads = [], {-1: [], 1: []}
    for pedicle in pedicles:
        start, way = _off_way(rng, pedicle)
        length = np.clip(pedicle.entry_mm + pedicle.depth_mm, *_SCREW_LENGTH_MM)
        back = start - _TULIP_HEIGHT_MM * way
        implants += [
            Implant("screw", metal, start, start + length * way, radius, pedicle.label),
            Implant("tulip", metal, back, start, tulip, pedicle.label),
        ]
        heads[pedicle.side].append(start - _ROD_AT_MM * way)
    if with_rods:
        rod = rng.uniform(*_ROD_RADIUS_MM)
        for points in heads.values():
            implants += _rod(rng, points, rod_metal, rod)
    return tuple(implants)


def _off_way(
    rng: np.random.Generator, pedicle: Pedicle
) -> tuple[np.ndarray, np.ndarray]:
    """Where a screw enters the bone [3] and its direction [3], as hands place it."""
    way = pedicle.forwards + np.radians(_OFF_WAY_DEG) * rng.standard_normal(3)
    way /= np.linalg.norm(way)
    through = pedicle.centre_mm + _OFF_WAY_MM * rng.standard_normal(3)
    return through - pedicle.entry_mm * way, way


def _wire(rng: np.random.Generator, pedicle: Pedicle, radius_mm: float) -> Implant:
    start, way = _off_way(rng, pedicle)
    tip = start + (pedicle.entry_mm + pedicle.depth_mm) * way
    back = start - rng.uniform(*_WIRE_OUTSIDE_MM) * way
    return Implant("wire", "steel", back, tip, radius_mm, pedicle.label)


def _rod(
    rng: np.random.Generator, heads_mm: list[np.ndarray], metal: str, radius_mm: float
) -> list[Implant]:
    """Straight pieces through the heads of one side, a little longer than they."""
    if len(heads_mm) < 2:
        return []
    points = np.array(heads_mm)
    for end, next_to_it in ((0, 1), (-1, -2)):
        out = points[end] - points[next_to_it]
        beyond = rng.uniform(*_ROD_BEYOND_MM)
        points[end] += beyond * out / np.linalg.norm(out)
    return [Implant("rod", metal, a, b, radius_mm) for a, b in zip(points, points[1:])]


def metal_grid(implants: Sequence[Implant], spacing_mm: float) -> Grid:
    """A fine grid that holds all implants."""
    ends = np.array([end for i in implants for end in (i.start_mm, i.end_mm)])
    margin = max(i.radius_mm for i in implants) + spacing_mm
    low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    step = _ROUNDED_UP_TO * spacing_mm
    grown = (np.ceil((high - low) / step) * step - (high - low)) / 2
    return grid_within(low - grown, high + grown, spacing_mm)


def metal_shares(
    implants: Sequence[Implant], metals: Sequence[str], grid: Grid
) -> np.ndarray:
    """Share of each metal in each voxel, [metals, X, Y, Z] float32, sum at most 1.

    Each voxel is told by 2 x 2 x 2 parts, each by how deep its middle lies. Where
    implants overlap, the later one takes the place of other metals.
    """
    shares = np.zeros((len(metals), *grid.shape), np.float32)
    axes = grid.axes_mm()
    for implant in implants:
        window = _window(implant, axes, float(np.max(grid.spacing_mm)))
        if any(part.start >= part.stop for part in window):
            continue
        new = _share(implant, [a[part] for a, part in zip(axes, window)], grid)
        for metal, share in zip(metals, shares):
            here = share[window]
            if metal == implant.metal:
                share[window] = np.maximum(here, new)
            else:
                share[window] = here * (1 - new)
    return shares


def _window(
    implant: Implant, axes_mm: Sequence[np.ndarray], margin_mm: float
) -> tuple[slice, ...]:
    """Voxels an implant may touch."""
    low = np.minimum(implant.start_mm, implant.end_mm) - implant.radius_mm - margin_mm
    high = np.maximum(implant.start_mm, implant.end_mm) + implant.radius_mm + margin_mm
    return tuple(
        slice(int(np.searchsorted(a, l)), int(np.searchsorted(a, h)))
        for a, l, h in zip(axes_mm, low, high)
    )


def _share(implant: Implant, axes_mm: Sequence[np.ndarray], grid: Grid) -> np.ndarray:
    """Share of the implant in the voxels of a window, [X, Y, Z]."""
    n = _SUPERSAMPLING
    parts = (np.arange(n) + 0.5) / n - 0.5
    fine = [
        (axis[:, None] + parts * float(step)).ravel()
        for axis, step in zip(axes_mm, grid.spacing_mm)
    ]
    points = np.stack(np.meshgrid(*fine, indexing="ij"), axis=-1)
    part_mm = float(np.mean(grid.spacing_mm)) / n
    covered = np.clip(0.5 - implant.distance_mm(points) / part_mm, 0.0, 1.0)
    x, y, z = (len(axis) for axis in axes_mm)
    return covered.reshape(x, n, y, n, z, n).mean(axis=(1, 3, 5))
