"""Soft tissue of neck, chest and belly around any stretch of the spine."""

import dataclasses

import numpy as np

from spine_jax.simulation.body_plan import BodyPlan
from spine_jax.simulation.canvas import Canvas, Window
from spine_jax.simulation.random_field import Axes, random_field
from spine_jax.simulation.ribs import (
    CAGE_HALF_DEPTH_MM,
    CAGE_HALF_WIDTH_MM,
    CAGE_LEVELS,
)
from spine_jax.simulation.soft_tissue import TissueLook, draw_muscle

_AIR_HU, _FAT_HU, _SKIN_HU = -1000.0, -100.0, 20.0
_LUNG_HU, _SLEEVE_HU, _WALL_HU = -830.0, 15.0, 35.0
_SKIN_MM = 2.0
_THIN_MM, _NOWHERE_MM = 0.5, 99.0
_SIDES = (-1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Painter:
    """What every region is painted with.

    Attributes:
        rng: Source of randomness.
        axes_mm: Voxel positions.
        canvas: Painted on.
        plan: The patient by height.
        look: How the patient's tissue appears.
    """

    rng: np.random.Generator
    axes_mm: Axes
    canvas: Canvas
    plan: BodyPlan
    look: TissueLook


def paint_torso(painter: Painter) -> None:
    """Everything under the skin but bone, discs and the spinal canal."""
    canvas = painter.canvas
    canvas.image_hu[:] = _FAT_HU
    depth = painter.plan.skin_depth_mm(canvas)
    muscle_hu = draw_muscle(painter.rng, painter.axes_mm, painter.look)
    _paint_belly(painter, depth)
    _paint_chest(painter, depth, muscle_hu)
    _paint_neck(painter, muscle_hu)
    _paint_vessels(painter)
    _paint_airway(painter)
    _paint_back_muscles(painter, muscle_hu)
    plan = painter.plan
    sleeve = (plan.half_width_mm + 2.0, plan.front_mm + 2.0)
    canvas.paint_tube((0.0, 0.0), sleeve, _SLEEVE_HU)


def paint_skin(painter: Painter) -> None:
    """Skin, and air around the patient."""
    depth = painter.plan.skin_depth_mm(painter.canvas)
    painter.canvas.paint(depth - _SKIN_MM, _SKIN_HU)
    painter.canvas.paint(depth, _AIR_HU)


def _paint_belly(painter: Painter, depth_mm: np.ndarray) -> None:
    """Gut with gas, liver, spleen and kidneys, behind a wall of muscle."""
    canvas, plan, look = painter.canvas, painter.plan, painter.look
    below = np.flatnonzero(plan.level > 18.0)
    if len(below) == 0:
        return
    window = (slice(None), slice(None), slice(0, below[-1] + 1))
    x, y, z = painter.axes_mm
    gut = random_field(painter.rng, (x, y, z[window[2]]), (18.0, 18.0, 25.0))
    in_front = plan.front_mm[window[2]] + 20.0 - canvas.y[window]
    shell = np.abs(depth_mm[window] - 22.0) - 7.0
    canvas.paint(shell, look.muscle_hu, window)
    inside = 30.0 - depth_mm[window]
    canvas.paint(
        np.maximum(np.maximum(in_front, inside), 8 * (0.2 - gut)), 30.0, window
    )
    gas = np.maximum(np.maximum(in_front + 12.0, inside), 8 * (1.7 - gut))
    canvas.paint(gas, _AIR_HU + 100.0, window)
    organ_hu = 0.35 * look.kidney_hu + 45.0
    liver = plan.within(18.0, 20.5, 1.5)
    canvas.paint_tube((85.0, 45.0), (62.0 * liver, 75.0 * liver), organ_hu)
    spleen = plan.within(18.5, 19.5, 1.0)
    canvas.paint_tube((-105.0, 5.0), (22.0 * spleen, 42.0 * spleen), organ_hu)
    kidney = plan.within(20.3, 20.9, 1.4)
    for side in _SIDES:
        half = (25.0 * kidney, 24.0 * kidney)
        canvas.paint_tube((side * 68.0, 4.0), half, look.kidney_hu)
        canvas.paint_tube((side * 58.0, 10.0), (9.0 * kidney, 8.0 * kidney), _FAT_HU)


def _paint_chest(painter: Painter, depth_mm: np.ndarray, muscle_hu: np.ndarray) -> None:
    """The wall, the mediastinum with the heart, and lungs with their vessels."""
    canvas, plan = painter.canvas, painter.plan
    chest = np.flatnonzero((plan.level > 7.5) & (plan.level < 19.6))
    if len(chest) == 0:
        return
    window = (slice(None), slice(None), slice(chest[0], chest[-1] + 1))
    wall = np.abs(depth_mm[window] - 22.0) - 9.0
    canvas.paint(wall, muscle_hu[window], window)
    z = window[2]
    wide, deep = (
        plan.by_level(*zip(CAGE_LEVELS, half))[z]
        for half in (CAGE_HALF_WIDTH_MM, CAGE_HALF_DEPTH_MM)
    )
    behind = plan.by_level((8, -28), (12, -38), (19, -36))[z]
    cage = canvas.cylinder((0.0, behind + deep), (wide, deep), window)
    canvas.paint(np.abs(cage - 1.0) - 6.0, muscle_hu[window], window)
    lung_hu = _lung_hu(painter, window)
    there = plan.within(10.0, 17.3, 2.4)[z]
    half = [
        np.maximum(there * plan.by_level(*knots)[z], _THIN_MM)
        for knots in (((8, 30), (11, 52), (17, 66)), ((8, 32), (11, 75), (17, 88)))
    ]
    away = plan.half_width_mm[z] + 3.0 + half[0]
    forward = plan.by_level((8, 2), (11, 25), (17, 30))[z]
    for side in _SIDES:
        lung = canvas.cylinder((side * away, forward), half, window)
        inside = np.maximum(lung, cage + 5.0)
        canvas.paint(np.where(there > 0, inside, _NOWHERE_MM), lung_hu, window)
    middle = plan.within(9.0, 18.0, 1.0)
    canvas.paint_tube(
        (0.0, plan.front_mm + 40.0), (24.0 * middle, 42.0 * middle), _FAT_HU + 60.0
    )
    heart = plan.within(14.0, 15.5, 2.5)
    heart_hu = 0.6 * painter.look.aorta_hu + 20.0
    canvas.paint_tube((-20.0, plan.front_mm + 55.0), (52 * heart, 38 * heart), heart_hu)


def _lung_hu(painter: Painter, window: Window) -> np.ndarray:
    """Lung with its vessels in a part of the image, HU."""
    x, y, z = (axis[part] for axis, part in zip(painter.axes_mm, window))
    vessels = random_field(painter.rng, (x, y, z), (4.0, 4.0, 5.0))
    shade = random_field(painter.rng, (x, y, z), 30.0)
    return _LUNG_HU + 25.0 * shade + 700.0 * np.clip(vessels - 2.2, 0.0, 1.0)


def _paint_neck(painter: Painter, muscle_hu: np.ndarray) -> None:
    """Muscles around the cervical spine, great vessels of the neck, thyroid."""
    canvas, plan, look = painter.canvas, painter.plan, painter.look
    neck = plan.within(1.5, 8.0, 1.2)
    front = plan.front_mm
    for side in _SIDES:
        for x, y, half in (
            (9.0, front + 4.0, (9.0, 4.5)),
            (35.0, -8.0, (12.0, 22.0)),
            (44.0, 12.0, (8.0, 16.0)),
        ):
            scaled = (half[0] * neck, half[1] * neck)
            canvas.paint_tube((side * x, y), scaled, muscle_hu)
        for x, y, radius, value_hu in (
            (27.0, front + 12.0, 3.5, look.aorta_hu),
            (34.0, front + 10.0, 5.0, look.cava_hu),
        ):
            canvas.paint_tube((side * x, y), (radius * neck, radius * neck), value_hu)
        thyroid = plan.within(6.0, 7.3, 0.8)
        half = (9.0 * thyroid, 11.0 * thyroid)
        canvas.paint_tube((side * 17.0, front + 18.0), half, 110.0)


def _paint_vessels(painter: Painter) -> None:
    """Aorta from its arch to the fork at L4, and the inferior vena cava."""
    canvas, plan, look = painter.canvas, painter.plan, painter.look
    apart = 15.0 * np.maximum(plan.level - 23.4, 0.0)
    aorta = plan.within(11.6, 25.5, 0.6)
    cava = plan.within(18.0, 25.5, 0.6)
    left = plan.by_level((11, -22), (15, -18), (18, -8), (20, -7), (23, -3))
    forward = plan.front_mm + plan.by_level((11, -4), (15, -2), (18, 8), (20, 12))
    radius = plan.by_level((11, 12.5), (19, 10.5), (23, 8.5), (24, 6.5))
    for fork in (-apart, apart):
        canvas.paint_tube((left + fork, forward), (radius * aorta,) * 2, look.aorta_hu)
        half = (10.5 * cava, 8.5 * cava)
        canvas.paint_tube((15.0 + fork, forward - 1.0), half, look.cava_hu)
    arch = plan.within(11.2, 11.8, 0.4)
    for share in np.linspace(0.0, 1.0, 6):
        middle = (-22.0 + 22.0 * share, plan.front_mm + 50.0 * share)
        canvas.paint_tube(middle, (13.0 * arch,) * 2, look.aorta_hu)


def _paint_airway(painter: Painter) -> None:
    """Throat, windpipe and the gullet behind it."""
    canvas, plan = painter.canvas, painter.plan
    front = plan.front_mm
    gullet = plan.within(7.0, 18.0, 0.5)
    canvas.paint_tube((-4.0, front + 8.0), (8.0 * gullet, 5.0 * gullet), _WALL_HU)
    ahead = front + plan.by_level((1, 12), (6, 16), (8, 22), (12, 28))
    for first, last, half in ((1.8, 5.8, (11.0, 5.5)), (6.2, 12.0, (8.5, 8.0))):
        there = plan.within(first, last, 0.5)
        wall = tuple((h + 2.5) * there for h in half)
        canvas.paint_tube((0.0, ahead), wall, _WALL_HU)
        canvas.paint_tube((0.0, ahead), tuple(h * there for h in half), _AIR_HU)


def _paint_back_muscles(painter: Painter, muscle_hu: np.ndarray) -> None:
    """Muscles on both sides of the spinous processes, and psoas in the loin."""
    canvas, plan = painter.canvas, painter.plan
    behind = plan.canal_half_mm[:, 1] - plan.canal_mm[:, 1]
    skin = canvas.middle_mm[:, 1] - plan.back_mm - 0.7 * painter.look.back_fat_mm
    room = np.maximum(skin - behind, 20.0)
    deep = (plan.by_level((1, 14), (8, 15), (20, 16)), 0.54 * room)
    outer_x = plan.by_level((1, 27), (7, 30), (12, 34), (20, 40), (24, 40))
    outer = (plan.by_level((1, 20), (12, 22), (20, 28)), 0.45 * room)
    sheet = plan.within(5.0, 18.0, 3.0)
    lumbar = plan.within(20.0, 26.0, 1.2)
    down = np.clip((plan.level - 19.0) / 6.0, 0.0, 1.2)
    psoas = (lumbar * (11.0 + 11.0 * down), 17.0 * lumbar)
    for side in _SIDES:
        canvas.paint_tube(
            (side * 40.0, -skin + 5.0), (55 * sheet, 6 * sheet), muscle_hu
        )
        canvas.paint_tube((side * outer_x, -behind - 0.40 * room), outer, muscle_hu)
        canvas.paint_tube((side * 14.0, -behind - 0.46 * room), deep, muscle_hu)
        x = plan.half_width_mm + 6.0 + 10.0 * down
        canvas.paint_tube((side * x, -9.0 + 8.0 * down), psoas, muscle_hu)
        half = (19.0 * lumbar, 11.0 * lumbar)
        canvas.paint_tube((side * 53.0, -24.0), half, muscle_hu)
