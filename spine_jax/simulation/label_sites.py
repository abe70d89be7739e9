"""Where the vertebrae of a label map are: pose, body, canal and tips of each.

Everything is measured on the voxels: along rays from the middle of the body in a block
of the map turned into the vertebra's frame. What the field of view cuts off, or what
comes out far from the usual, falls back to figures of the level.
"""

import dataclasses

import numpy as np
from scipy import ndimage

from spine_jax.core import InputError
from spine_jax.core.labels import anatomical_rank, is_vertebra
from spine_jax.simulation.bone import BoneSite, Frame
from spine_jax.simulation.level_figures import FIGURES, level_of, usual_mm

_CORE_DEPTH = 0.5
"""The body's core: deeper than this share of the greatest depth."""
_BLOCK_MM = ((-60.0, 60.0), (-90.0, 40.0), (-32.0, 32.0))
_LEAST_DEPTH = 0.3
"""A whole body is deeper than this share of its usual height."""
_ATLAS, _AXIS = 1, 2
_ATLAS_FORWARD_MM = 9.0
_LARGEST_TILT_DEG = 30.0
_MIN_PLATE_RAYS = 30
_PLAUSIBLE = (0.6, 1.6)
"""What is measured must lie within these multiples of the usual."""
_AT_RIM = 0.85
"""Bodies are widest at their rims: this quantile over the height tells the rim."""


@dataclasses.dataclass(frozen=True)
class LabelSite(BoneSite):
    """A vertebra of a label map.

    Attributes:
        top_mm, bottom_mm: z of the end plates at the middle of the body, in the frame.
        transverse_tips_mm: [2, 3], left and right, in the frame.
    """

    top_mm: float
    bottom_mm: float
    transverse_tips_mm: np.ndarray

    @property
    def level(self) -> float:
        """Place along the spine: C1 1, T1 8, T12 19, L1 20, S1 25; T13 19.5."""
        return level_of(self.label)


def find_sites(labels: np.ndarray, spacing_mm: np.ndarray) -> list[LabelSite]:
    """The vertebrae of a label map, cranial first.

    Those at the ends whose body the border cuts are left out, as their pose cannot be
    seen, unless there are no others.

    Args:
        labels: [X, Y, Z] integer, axes roughly right, forwards and up.
        spacing_mm: [3].
    """
    numbers = vertebrae(labels)
    boxes = ndimage.find_objects(labels)
    found = [_middles(labels, n, boxes[n - 1], spacing_mm) for n in numbers]
    whole = [i for i, (_, _, cut) in enumerate(found) if not cut]
    if whole:
        seen = slice(whole[0], whole[-1] + 1)
        numbers, found = numbers[seen], found[seen]
    bodies = np.array([body for body, _, _ in found])
    masses = np.array([mass for _, mass, _ in found])
    ups = _upwards(bodies)
    forwards = _forwards(bodies - masses, ups, numbers)
    sites = []
    for number, body, up, forward in zip(numbers, bodies, ups, forwards):
        solid = _Solid(labels == number, spacing_mm)
        frame = Frame(_axes(up, forward), body, 1.0)
        if number > _AXIS:
            frame = _along_end_plates(solid, frame, usual_mm("height", number))
        sites.append(_measured(solid, number, frame))
    return sites


def vertebrae(labels: np.ndarray) -> list[int]:
    """Numbers of the vertebrae in a label map, cranial first."""
    numbers = [n for n in np.unique(labels).tolist() if is_vertebra(n)]
    return sorted(numbers, key=anatomical_rank)


def check_vertebrae(labels: np.ndarray) -> None:
    """Refuse a label map without a vertebra.

    Raises:
        InputError: `NO-VERTEBRA`.
    """
    if not vertebrae(labels):
        raise InputError(
            "NO-VERTEBRA",
            "labels",
            f"labels {[int(n) for n in np.unique(labels) if n]}",
            "at least one vertebra (1-25, 28)",
            "another label map",
        )


def _middles(
    labels: np.ndarray, number: int, box: tuple, spacing_mm: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Middle of a body and of its vertebra, mm, and whether the border cuts the body.

    A cut vertebra of which the body is gone shows in its greatest depth.
    """
    start = np.array([axis.start for axis in box])
    mask = labels[box] == number
    mass = (np.argwhere(mask).mean(axis=0) + start) * spacing_mm
    last = np.array(labels.shape) - 1
    if number == _ATLAS:
        voxels, deep_enough = np.argwhere(mask) + start, True
        body = mass + [0.0, _ATLAS_FORWARD_MM, 0.0]
    else:
        core, depth_mm = _core(mask, spacing_mm)
        voxels = core + start
        body = voxels.mean(axis=0) * spacing_mm
        deep_enough = depth_mm > _LEAST_DEPTH * usual_mm("height", level_of(number))
    at_border = bool(np.any((voxels == 0) | (voxels == last)))
    reaches = np.any((start == 0) | (start + mask.shape == last + 1))
    return body, mass, at_border or bool(reaches and not deep_enough)


def _core(mask: np.ndarray, spacing_mm: np.ndarray) -> tuple[np.ndarray, float]:
    """Voxels [N, 3] of the largest deep part of a vertebra, and the depth it has."""
    solid = np.pad(np.asarray(ndimage.binary_fill_holes(mask)), 1, mode="edge")
    depth = np.asarray(ndimage.distance_transform_edt(solid, sampling=spacing_mm))
    depth = depth[1:-1, 1:-1, 1:-1]
    parts = np.empty(depth.shape, np.int32)
    ndimage.label(depth > _CORE_DEPTH * depth.max(), output=parts)
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return np.argwhere(parts == largest), float(depth.max())


def _upwards(bodies_mm: np.ndarray) -> np.ndarray:
    """Unit direction [N, 3] of the column at each body, cranial first."""
    if len(bodies_mm) == 1:
        return np.array([[0.0, 0.0, 1.0]])
    return _unit(-np.gradient(bodies_mm, axis=0))


def _forwards(
    from_mass_mm: np.ndarray, ups: np.ndarray, numbers: list[int]
) -> np.ndarray:
    """Unit direction [N, 3] from canal to body, averaged over neighbours.

    The centre of mass lies behind the body's centre. Averaging corrects vertebrae that
    the field of view cuts; the atlas has no body and follows the others.
    """
    share = from_mass_mm.copy()
    share[[number == _ATLAS for number in numbers]] = 0.0
    share[share[:, 1] <= 0] = 0.0
    share += [0.0, 0.1, 0.0]
    share = ndimage.gaussian_filter1d(share, 1.0, axis=0, mode="nearest")
    share -= np.sum(share * ups, axis=1, keepdims=True) * ups
    return _unit(share)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _axes(up: np.ndarray, forward: np.ndarray) -> np.ndarray:
    """Rotation [3, 3] with columns right, forward, up; forward is made orthogonal."""
    forward = _unit(forward - (forward @ up) * up)
    return np.stack([np.cross(forward, up), forward, up], axis=1)


@dataclasses.dataclass(frozen=True)
class _Solid:
    """A vertebra's voxels, to be looked up in any frame."""

    mask: np.ndarray
    spacing_mm: np.ndarray

    def block(self, frame: Frame) -> np.ndarray:
        """The block around a frame's origin at 1 mm, [X, Y, Z] bool."""
        # Indices are built axis by axis: a million points, many times.
        index = []
        for axis, n in enumerate(self.mask.shape):
            steps = frame.scale * frame.rotation[axis] / self.spacing_mm[axis]
            x, y, z = (s * np.arange(*span) for s, span in zip(steps, _BLOCK_MM))
            start = frame.origin_mm[axis] / self.spacing_mm[axis] + 0.5
            place = np.floor((start + x)[:, None, None] + y[:, None] + z).astype(int)
            index.append(np.clip(place + 1, 0, n + 1))
        return np.pad(self.mask, 1)[tuple(index)]


_ZERO = tuple(int(-low) for low, _ in _BLOCK_MM)
"""Index of the frame's origin in a block."""


def _first(rays: np.ndarray, wanted: bool) -> np.ndarray:
    """Index of the first value along the last axis; -1 where there is none."""
    hit = rays == wanted
    return np.where(hit.any(axis=-1), hit.argmax(axis=-1), -1)


def _ray(block: np.ndarray, axis: int, sign: int, spans: dict[int, int]) -> np.ndarray:
    """Distance in mm from the origin's plane until solid ends, NaN where it never does.

    Rays start within `spans` mm (axis -> half width) of the origin; those that start
    outside the bone count as NaN.
    """
    part = [slice(None)] * 3
    for other, half in spans.items():
        part[other] = slice(_ZERO[other] - half, _ZERO[other] + half + 1)
    part[axis] = slice(_ZERO[axis], None, sign)
    rays = np.moveaxis(block[tuple(part)], axis, -1)
    end = _first(rays, False)
    return np.where((end <= 0), np.nan, end - 0.5)


def _seen(values: np.ndarray, usual: float, quantile: float = 0.5) -> float:
    """A quantile of what was seen, or the usual where that is little or implausible."""
    seen = values[np.isfinite(values)]
    if len(seen) < 3:
        return usual
    low, high = sorted(factor * usual for factor in _PLAUSIBLE)
    found = float(np.quantile(seen, quantile))
    return found if low <= found <= high else usual


def _along_end_plates(solid: _Solid, frame: Frame, height_mm: float) -> Frame:
    """The frame turned so that up is the mean normal of the end plates."""
    block = solid.block(frame)
    tilts = []
    for sign in (1, -1):
        height = sign * _ray(block, 2, sign, {0: 9, 1: 7})
        x, y = np.meshgrid(np.arange(-9, 10), np.arange(-7, 8), indexing="ij")
        good = np.isfinite(height) & (np.abs(height) < 0.8 * height_mm)
        if np.count_nonzero(good) < _MIN_PLATE_RAYS:
            return frame
        plane = np.stack([x[good], y[good], np.ones(good.sum())], axis=1)
        slope = np.linalg.lstsq(plane, height[good], rcond=None)[0]
        tilts.append([-slope[0], -slope[1], 1.0])
    normal = _unit(np.mean(tilts, axis=0))
    if normal[2] < np.cos(np.radians(_LARGEST_TILT_DEG)):
        return frame
    up = frame.rotation @ normal
    return dataclasses.replace(frame, rotation=_axes(up, frame.rotation[:, 1]))


def _measured(solid: _Solid, number: int, frame: Frame) -> LabelSite:
    """A site from rays through the vertebra."""
    level = level_of(number)
    usual = {figure: usual_mm(figure, level) for figure in FIGURES}
    block = solid.block(frame)
    rim = int(0.35 * usual["height"])
    sides = [_ray(block, 0, sign, {1: 4, 2: rim}) for sign in (-1, 1)]
    half_width = _seen(np.stack(sides), usual["half_width"], _AT_RIM)
    front = _seen(_ray(block, 1, 1, {0: 4, 2: rim}), usual["half_depth"], _AT_RIM)
    back = _seen(_ray(block, 1, -1, {0: 4, 2: 3}), usual["half_depth"])
    top = _seen(_ray(block, 2, 1, {0: 6, 1: 4}), usual["height"] / 2)
    bottom = _seen(_ray(block, 2, -1, {0: 6, 1: 4}), usual["height"] / 2)
    canal_y, canal_half = _canal(block, back, usual)
    tips, spinous = _tips(block, usual)
    return LabelSite(
        label=number,
        frame=frame,
        body_back_mm=-back,
        canal_centre_mm=np.array([0.0, canal_y, 0.0]),
        canal_half_mm=canal_half,
        body_half_mm=(half_width, (front + back) / 2),
        spinous_tip_mm=spinous,
        top_mm=top,
        bottom_mm=-bottom,
        transverse_tips_mm=tips,
    )


def _canal(
    block: np.ndarray, back_mm: float, usual: dict[str, float]
) -> tuple[float, tuple[float, float]]:
    """y of the canal's middle, and its half width and half depth, mm."""
    x0, y0, z0 = _ZERO
    start = y0 - int(round(back_mm)) - 2
    rays = block[x0 - 2 : x0 + 3, start::-1, z0 - 8 : z0 + 9].swapaxes(1, 2)
    depth = _first(rays, True).astype(float)
    depth[depth <= 3] = np.nan
    half_depth = _seen((depth + 1.5) / 2, usual["canal_half_depth"])
    y = -back_mm - half_depth
    row = y0 + int(round(y))
    across = [
        _first(block[x0::sign, row - 1 : row + 2, z0 : z0 + 7].T, True).astype(float)
        for sign in (-1, 1)
    ]
    widths = np.concatenate(across).ravel()
    widths[widths <= 3] = np.nan
    half_width = _seen(widths - 0.5, usual["canal_half_width"])
    return y, (half_width, half_depth)


def _tips(block: np.ndarray, usual: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """Transverse tips [2, 3], left and right, and the spinous tip [3], mm."""
    points = np.argwhere(block) - np.array(_ZERO)
    tips = []
    for side in (-1.0, 1.0):
        across = side * points[:, 0]
        reach = across.max(initial=0.0)
        tip = np.array([side * usual["half_span"], -0.45 * usual["half_span"], 3.0])
        if reach > _PLAUSIBLE[0] * usual["half_span"]:
            tip = points[across > reach - 3.0].mean(axis=0)
        tips.append(tip)
    middle = points[np.abs(points[:, 0]) < 9]
    spinous = np.array([0.0, usual["tip_y"], -12.0])
    if middle[:, 1].min(initial=0) < _PLAUSIBLE[0] * usual["tip_y"]:
        spinous = middle[middle[:, 1] < middle[:, 1].min() + 3].mean(axis=0)
    return np.array(tips), spinous
