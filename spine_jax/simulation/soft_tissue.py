"""Soft tissue around a lumbar column: fat, muscle, vessels, discs, the spinal canal.

Organs are ellipses and ellipsoids that follow the column and are painted over each
other; gentle random displacement of the coordinates makes them irregular.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from spine_jax.simulation.bone import Bone, BoneSite
from spine_jax.simulation.canvas import Canvas, follow
from spine_jax.simulation.column import T12
from spine_jax.simulation.random_field import Axes, random_field

_AIR_HU, _SKIN_HU, _FAT_HU, _NERVE_HU = -1000.0, 20.0, -100.0, 40.0
_SLEEVE_HU = 5.0
_GUT_HU = 30.0
_BODY_HALF_MM = (165.0, 115.0)
_SKIN_MM = 2.0
_DISC_HALF_MM = 8.0
_SAC_SHARE = 0.9
_LEVEL_MM = 33.5
_SIDES = (-1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class TissueLook:
    """How one patient's soft tissue appears, in HU, and how fat the back is, in mm."""

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
        streak_hu=rng.uniform(50.0, 130.0),
        aorta_hu=rng.uniform(140.0, 280.0) if enhanced else 40.0,
        cava_hu=rng.uniform(110.0, 160.0) if enhanced else 38.0,
        kidney_hu=rng.uniform(130.0, 190.0) if enhanced else 32.0,
        disc_hu=float(rng.normal(75.0, 8.0)),
        sac_hu=rng.uniform(15.0, 25.0),
        epidural_hu=rng.uniform(-90.0, -40.0),
        back_fat_mm=rng.uniform(8.0, 20.0),
    )


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
    canvas = Canvas(rng, axes_mm, np.array([bone.frame.origin_mm for bone in bones]))
    canvas.image_hu[:] = _FAT_HU
    _paint_abdomen(rng, axes_mm, canvas, bones, look)
    _paint_muscles(rng, axes_mm, canvas, bones, look)
    for upper, lower in zip(bones, bones[1:]):
        _paint_disc(canvas, upper, lower, look)
    _paint_canal(canvas, bones, look)
    for bone in bones[:-1]:
        paint_foramina(canvas, bone)
    _paint_skin(canvas, bones, look)
    return canvas.image_hu


def _below_t12_mm(canvas: Canvas, bones: Sequence[Bone]) -> np.ndarray:
    """How far each slice [Z] lies below the centre of T12, in or out of the image."""
    top = bones[0]
    above = _LEVEL_MM * (top.label - T12)
    return top.frame.origin_mm[2] + above - canvas.world_mm[2]


def _paint_abdomen(
    rng: np.random.Generator,
    axes_mm: Axes,
    canvas: Canvas,
    bones: Sequence[Bone],
    look: TissueLook,
) -> None:
    """Gut in front, kidneys, and the great vessels, which fork at L4."""
    gut = random_field(rng, axes_mm, (18.0, 18.0, 25.0))
    canvas.paint(np.maximum(36.0 - canvas.y, 8.0 * (0.2 - gut)), _GUT_HU)
    below_mm = _below_t12_mm(canvas, bones)
    girth = np.sqrt(np.maximum(1.0 - ((below_mm - 32.0) / 55.0) ** 2, 1e-3))
    apart = 0.45 * np.maximum(below_mm - 3.6 * _LEVEL_MM, 0.0)
    for side in _SIDES:
        half = (25.0 * girth, 24.0 * girth)
        canvas.paint(canvas.cylinder((side * 70.0, 4.0), half), look.kidney_hu)
        for x, y, half, value_hu in (
            (14.0, 29.0, (10.5, 8.0), look.cava_hu),
            (-10.0, 31.0, (8.5, 8.5), look.aorta_hu),
        ):
            canvas.paint(canvas.cylinder((x + side * apart, y), half), value_hu)


def _paint_muscles(
    rng: np.random.Generator,
    axes_mm: Axes,
    canvas: Canvas,
    bones: Sequence[Bone],
    look: TissueLook,
) -> None:
    """Ligaments around the bodies, then muscles with sheets of fat between fibres."""
    half = np.mean([bone.body_half_mm for bone in bones[1:-1]], axis=0)
    canvas.paint(canvas.cylinder((0.0, 2.0), half + 1.0), _SLEEVE_HU)
    muscle_hu = draw_muscle(rng, axes_mm, look)
    down = np.clip(_below_t12_mm(canvas, bones) / (6 * _LEVEL_MM), -0.2, 1.2)
    for side in _SIDES:
        for x, y, half in (
            (29.0 + 13.0 * down, -10.0 + 9.0 * down, (9.0 + 11.0 * down, 14.0)),
            (56.0, -24.0, (17.0, 9.0)),
            (43.0, -48.0, (27.0, 21.0)),
            (17.0, -54.0, (20.0, 25.0)),
        ):
            canvas.paint(canvas.cylinder((side * x, y), half), muscle_hu)


def draw_muscle(
    rng: np.random.Generator, axes_mm: Axes, look: TissueLook
) -> np.ndarray:
    """Muscle streaked by fat, [X, Y, Z] HU."""
    sheets = random_field(rng, axes_mm, (8.0, 10.0, 40.0))
    fine = random_field(rng, axes_mm, (3.0, 3.0, 15.0))
    fat = np.exp(-((sheets / 0.12) ** 2)) + 0.6 * np.exp(-((fine / 0.15) ** 2))
    return look.muscle_hu - look.streak_hu * np.minimum(fat, 1.0)


def _paint_disc(canvas: Canvas, upper: Bone, lower: Bone, look: TissueLook) -> None:
    """A slab between two bodies; bone is painted over what reaches into them."""
    scale = lower.frame.scale
    half = scale * (np.add(upper.body_half_mm, lower.body_half_mm) / 2 - 1.0)
    middle = (upper.frame.origin_mm + lower.frame.origin_mm) / 2
    middle = middle + scale * 2.0 * lower.frame.rotation[:, 1]
    # The mean of two rotations this close is nearly a rotation.
    axes = (upper.frame.rotation + lower.frame.rotation).T / 2
    paint_slab(canvas, middle, axes, half, _DISC_HALF_MM * scale, look.disc_hu)


def paint_slab(
    canvas: Canvas,
    centre_mm: np.ndarray,
    axes: np.ndarray,
    half_mm: np.ndarray,
    half_height_mm: float,
    value_hu: float,
) -> None:
    """A short elliptic column.

    Args:
        canvas: Painted on.
        centre_mm: [3], its middle, world.
        axes: [3, 3], rows point right, forward and up.
        half_mm: [2], half width and half depth.
        half_height_mm: Half its height.
        value_hu: What it is filled with.
    """
    window, offset_mm = canvas.near(centre_mm, 1.2 * max(half_mm))
    across, forward, up = (
        sum(np.float32(a) * o for a, o in zip(axis, offset_mm)) for axis in axes
    )
    level = np.hypot(across / half_mm[0], forward / half_mm[1])
    slab = np.maximum((level - 1) * half_mm[1], np.abs(up) - half_height_mm)
    canvas.paint(slab, value_hu, window)


def _paint_canal(canvas: Canvas, bones: Sequence[Bone], look: TissueLook) -> None:
    """Epidural fat around the thecal sac."""
    z = canvas.world_mm[2]
    canal = np.array([bone.frame.to_world(bone.canal_centre_mm) for bone in bones])
    spine = np.array([bone.frame.origin_mm for bone in bones])
    x, y = (follow(canal, z) - follow(spine, z)).T
    half = np.mean([bone.canal_half_mm for bone in bones[:-1]], axis=0)
    canvas.paint(canvas.cylinder((x, y), half + 1.5), look.epidural_hu)
    canvas.paint(canvas.cylinder((x, y + 0.5), _SAC_SHARE * half), look.sac_hu)


def paint_foramina(canvas: Canvas, bone: BoneSite) -> None:
    """Fat around a nerve root on either side, below the pedicles."""
    for side in _SIDES:
        out = side * (bone.canal_half_mm[0] + 6.0)
        local = bone.canal_centre_mm + np.array([out, 5.0, -11.0])
        centre = bone.frame.to_world(local)
        for half, value_hu in (
            ((11.0, 6.0, 10.0), _FAT_HU),
            ((4.0, 3.0, 3.0), _NERVE_HU),
        ):
            window, offset_mm = canvas.near(centre, max(half) + 3.0)
            level = np.sqrt(sum((o / h) ** 2 for o, h in zip(offset_mm, half)))
            canvas.paint((level - 1) * min(half), value_hu, window)


def _paint_skin(canvas: Canvas, bones: Sequence[Bone], look: TissueLook) -> None:
    """Skin and air around a body ellipse whose back follows the spinous processes."""
    tips = np.array([bone.frame.to_world(bone.spinous_tip_mm) for bone in bones])
    line = np.polyfit(tips[:, 2], tips[:, 1], 1)
    furthest_back = np.min(tips[:, 1] - np.polyval(line, tips[:, 2]))
    x, y, z = canvas.world_mm
    back = np.polyval(line, z) + furthest_back - look.back_fat_mm
    u = (x - tips[:, 0].mean()) / _BODY_HALF_MM[0]
    v = (y - back - _BODY_HALF_MM[1]) / _BODY_HALF_MM[1]
    depth = (1 - np.sqrt(u * u + v * v)) * _BODY_HALF_MM[1]
    canvas.paint(depth - _SKIN_MM, _SKIN_HU)
    canvas.paint(depth, _AIR_HU)
