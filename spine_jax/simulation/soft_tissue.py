"""Soft tissue around a lumbar column: fat, muscle, vessels, discs, the spinal canal.

Organs are ellipses and ellipsoids that follow the column and are painted over each
other; gentle random displacement of the coordinates makes them irregular.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from spine_jax.simulation.bone import Bone
from spine_jax.simulation.random_field import Axes, random_field

_AIR_HU, _SKIN_HU, _FAT_HU = -1000.0, 20.0, -100.0
_BODY_HALF_MM = (165.0, 115.0)
_SKIN_MM = 2.0


@dataclasses.dataclass(frozen=True)
class TissueLook:
    """How one patient's soft tissue appears, HU, and how fat the back is."""

    muscle_hu: float
    streak_hu: float
    aorta_hu: float
    cava_hu: float
    kidney_hu: float
    disc_hu: float
    sac_hu: float
    epidural_hu: float
    back_fat_mm: float


def draw_tissue_look(rng: np.random.Generator) -> TissueLook:
    """With or without contrast medium, lean or not."""
    enhanced = rng.uniform() < 0.5
    return TissueLook(
        muscle_hu=60.0 if enhanced else 47.0,
        streak_hu=rng.uniform(40.0, 120.0),
        aorta_hu=rng.uniform(140.0, 280.0) if enhanced else 40.0,
        cava_hu=rng.uniform(110.0, 160.0) if enhanced else 38.0,
        kidney_hu=rng.uniform(130.0, 190.0) if enhanced else 32.0,
        disc_hu=float(rng.normal(75.0, 8.0)),
        sac_hu=rng.uniform(12.0, 24.0),
        epidural_hu=rng.uniform(-90.0, -40.0),
        back_fat_mm=rng.uniform(6.0, 18.0),
    )


class _Canvas:
    """An image under work, and coordinates that follow the column.

    Attributes:
        image_hu: [X, Y, Z] float32.
        x, y: [X, Y, Z], mm right and in front of the body centres of the same height.
        z: [Z] world mm.
    """

    def __init__(self, rng: np.random.Generator, axes_mm: Axes, bones: Sequence[Bone]):
        x, y, z = (np.asarray(axis, np.float32) for axis in axes_mm)
        centre = _curve(np.array([bone.frame.origin_mm for bone in bones]), z)
        waves = [2.5 * np.clip(random_field(rng, axes_mm, 18.0), -2, 2) for _ in "xy"]
        self.z = z
        self.world = (x[:, None, None], y[:, None], z)
        self.x = x[:, None, None] - centre[:, 0] + waves[0]
        self.y = y[:, None] - centre[:, 1] + waves[1]
        self.edge_mm = float(np.mean([np.diff(axis[:2])[0] for axis in axes_mm]))
        self.image_hu = np.full(self.x.shape, _AIR_HU, np.float32)

    def paint(self, distance_mm: np.ndarray, value_hu) -> None:
        """Fill where the distance is negative, with edges one voxel wide."""
        share = np.clip(0.5 - distance_mm / self.edge_mm, 0.0, 1.0)
        self.image_hu += share.astype(np.float32) * (value_hu - self.image_hu)

    def ellipse(self, centre_mm, half_mm) -> np.ndarray:
        """Rough distance to an upright elliptic cylinder along the column."""
        u = (self.x - centre_mm[0]) / half_mm[0]
        v = (self.y - centre_mm[1]) / half_mm[1]
        return (np.sqrt(u * u + v * v) - 1) * np.minimum(*half_mm)


def soft_tissue(
    rng: np.random.Generator, axes_mm: Axes, bones: Sequence[Bone], look: TissueLook
) -> np.ndarray:
    """Everything but bone, [X, Y, Z] float32 HU.

    Args:
        rng: Source of randomness.
        axes_mm: Voxel positions along x, y, z, world mm.
        bones: The column, cranial first.
        look: How the patient appears.
    """
    canvas = _Canvas(rng, axes_mm, bones)
    _paint_skin_and_fat(canvas, bones, look)
    _paint_muscles(rng, axes_mm, canvas, bones, look)
    _paint_abdomen(rng, axes_mm, canvas, bones, look)
    for upper, lower in zip(bones, bones[1:]):
        _paint_disc(canvas, upper, lower, look)
    _paint_canal(canvas, bones, look)
    for upper, lower in zip(bones, bones[1:]):
        _paint_foramina(canvas, upper, lower, look)
    return canvas.image_hu


def _curve(points_mm: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
    """x and y of a curve through points [N, 3] at heights z, [Z, 2] float32."""
    order = np.argsort(points_mm[:, 2])
    height, place = points_mm[order, 2], points_mm[order, :2]
    return np.stack(
        [np.interp(z_mm, height, place[:, i]) for i in range(2)], axis=1
    ).astype(np.float32)


def _paint_skin_and_fat(canvas: _Canvas, bones: Sequence[Bone], look: TissueLook):
    tips = np.array([bone.frame.to_world(bone.spinous_tip_mm) for bone in bones])
    trend = np.polyval(np.polyfit(tips[:, 2], tips[:, 1], 1), canvas.z)
    x, y, _ = canvas.world
    u = (x - tips[:, 0].mean()) / _BODY_HALF_MM[0]
    skin_y = trend - look.back_fat_mm - 8.0
    v = (y - skin_y - _BODY_HALF_MM[1]) / _BODY_HALF_MM[1]
    distance = (np.sqrt(u * u + v * v) - 1) * _BODY_HALF_MM[1]
    canvas.paint(distance, _SKIN_HU)
    canvas.paint(distance + _SKIN_MM, _FAT_HU)


def _paint_muscles(rng, axes_mm, canvas: _Canvas, bones, look: TissueLook):
    """Psoas, quadratus and erector spinae, with sheets of fat between fibres."""
    sheets = random_field(rng, axes_mm, (7.0, 9.0, 40.0))
    fine = random_field(rng, axes_mm, (3.0, 3.0, 15.0))
    fat = np.exp(-((sheets / 0.12) ** 2)) + 0.6 * np.exp(-((fine / 0.15) ** 2))
    muscle_hu = look.muscle_hu - look.streak_hu * np.minimum(fat, 1.0)
    origins = np.array([bone.frame.origin_mm[2] for bone in bones[1:-1]])
    down = np.clip((origins.max() - canvas.z) / np.ptp(origins), 0.0, 1.2)
    for side in (-1.0, 1.0):
        for centre, half in (
            ((side * (30.0 + 9.0 * down), -9.0 + 6.0 * down), (9.0 + 9.0 * down, 11.0 + 10.0 * down)),
            ((side * 56.0, -24.0), (17.0, 9.0)),
            ((side * 27.0, -52.0), (28.0, 25.0)),
        ):
            canvas.paint(canvas.ellipse(centre, half), muscle_hu)


def _paint_abdomen(rng, axes_mm, canvas: _Canvas, bones, look: TissueLook):
    """Kidneys, great vessels with their forks, and gut in front."""
    top = bones[1].frame.origin_mm[2]
    flat = np.maximum(np.abs(canvas.z - top + 10.0) / 60.0, 0.0)
    shrink = np.sqrt(np.maximum(1.0 - flat**2, 1e-3))
    for side in (-1.0, 1.0):
        canvas.paint(
            canvas.ellipse((side * 70.0, 2.0), (27.0 * shrink, 25.0 * shrink)), look.kidney_hu
        )
    gut = random_field(rng, axes_mm, (18.0, 18.0, 25.0))
    canvas.paint(np.maximum(34.0 - canvas.y, 8.0 * (0.2 - gut)), look.muscle_hu - 15.0)
    fork = bones[-2].frame.origin_mm[2] + 20.0
    apart = 0.45 * np.maximum(fork - canvas.z, 0.0)
    for side in (-1.0, 1.0):
        canvas.paint(canvas.ellipse((14.0 + side * apart, 29.0), (10.5, 8.0)), look.cava_hu)
        canvas.paint(canvas.ellipse((-10.0 + side * apart, 31.0), (8.5, 8.5)), look.aorta_hu)


def _paint_disc(canvas: _Canvas, upper: Bone, lower: Bone, look: TissueLook):
    """A slab between two bodies; bone is painted over what reaches into them."""
    frames = upper.frame, lower.frame
    scale = frames[1].scale
    normal = frames[0].rotation[:, 2] + frames[1].rotation[:, 2]
    normal /= np.linalg.norm(normal)
    right = np.cross(frames[1].rotation[:, 1], normal)
    right /= np.linalg.norm(right)
    front = np.cross(normal, right)
    half_width, half_depth = (
        scale * (a + b) / 2 for a, b in zip(upper.body_half_mm, lower.body_half_mm)
    )
    middle = (frames[0].origin_mm + frames[1].origin_mm) / 2
    offset = [axis - m for axis, m in zip(canvas.world, middle)]
    u, v, w = (
        sum(n * o for n, o in zip(direction, offset))
        for direction in (right, front, normal)
    )
    u, v = u / (half_width - 1), (v - scale * 2.0) / (half_depth - 1)
    side = (np.sqrt(u * u + v * v) - 1) * half_depth
    canvas.paint(np.maximum(side, np.abs(w) - 8.0 * scale), look.disc_hu)


def _paint_canal(canvas: _Canvas, bones: Sequence[Bone], look: TissueLook):
    """Epidural fat around the thecal sac."""
    centres = [bone.frame.to_world(bone.canal_centre_mm) for bone in bones]
    shift = _curve(np.array(centres), canvas.z) - _curve(
        np.array([bone.frame.origin_mm for bone in bones]), canvas.z
    )
    half = np.mean([bone.canal_half_mm for bone in bones[:-1]], axis=0)
    centre = (shift[:, 0], shift[:, 1])
    canvas.paint(canvas.ellipse(centre, half + 1.5), look.epidural_hu)
    canvas.paint(canvas.ellipse((centre[0], centre[1] + 0.5), 0.8 * half), look.sac_hu)


def _paint_foramina(canvas: _Canvas, upper: Bone, lower: Bone, look: TissueLook):
    """Fat around a nerve root on either side, below the upper pedicles."""
    x, y, z = canvas.world
    for side in (-1.0, 1.0):
        local = upper.canal_centre_mm + [side * (upper.canal_half_mm[0] + 6.0), 5.0, -11.0]
        centre = upper.frame.to_world(local)
        for half, value in (((11.0, 6.0, 10.0), _FAT_HU + 10.0), ((4.0, 3.0, 3.0), 40.0)):
            level = np.sqrt(
                ((x - centre[0]) / half[0]) ** 2
                + ((y - centre[1]) / half[1]) ** 2
                + ((z - centre[2]) / half[2]) ** 2
            )
            canvas.paint((level - 1) * min(half), value)
