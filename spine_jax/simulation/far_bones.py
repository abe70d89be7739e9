"""Bones at the ends of the spine, in outline: skull and hips."""

import numpy as np

from spine_jax.core import Mesh
from spine_jax.simulation.body_plan import BodyPlan
from spine_jax.simulation.bone_tissue import with_shell
from spine_jax.simulation.canvas import EVERYWHERE, Canvas, Window

_HEAD_LEVEL, _ABOVE_ATLAS_MM = 1.5, 2.0
_BRAIN_HALF_MM = np.array([66.0, 82.0, 75.0])
_SKULL_MM, _SKULL_CORTEX_MM, _DIPLOE_HU, _BRAIN_HU = 7.0, 1.8, 400.0, 34.0
_FORAMEN_HALF_MM = (16.0, 18.0)
_CONDYLE_MM, _CONDYLE_HALF_MM = (19.0, 8.0), 9.0
_HIP_LEVEL, _HIP_HALF_MM = 24.6, 4.5
_HIP_MIDDLE_MM, _HIP_REACH_MM, _HIP_ANGLE_DEG = (78.0, -22.0), 62.0, 52.0
_HIP_CORTEX_MM, _HIP_MARROW_HU = 1.2, 130.0


def paint_thin_bone(
    canvas: Canvas,
    distance_mm: np.ndarray,
    cortex_mm: float,
    marrow_hu: float,
    window: Window = EVERYWHERE,
) -> None:
    """Bone with a shell where a distance to its surface is negative."""
    axes = [axis.ravel() for axis in canvas.world_mm]
    sigma = 0.5 * float(np.mean([axis[1] - axis[0] for axis in axes]))
    there = distance_mm < 3 * sigma
    part = canvas.image_hu[window]
    part[there] = with_shell(
        part[there], marrow_hu, -distance_mm[there], cortex_mm, sigma
    )


def paint_head(canvas: Canvas, plan: BodyPlan, atlas: Mesh) -> None:
    """Skull and brain above the first vertebra, where that is the atlas.

    Args:
        canvas: Painted on.
        plan: The patient by height.
        atlas: The uppermost bone.
    """
    if plan.level.min() > _HEAD_LEVEL:
        return
    floor_mm = float(atlas.vertices_mm[:, 2].max()) + _ABOVE_ATLAS_MM
    window = (slice(None), slice(None), slice(_from(canvas, floor_mm - 30.0), None))
    z = canvas.world_mm[2][window[2]]
    if len(z) == 0:
        return
    canal = plan.canal_mm[window[2]].T.astype(np.float32)
    u = canvas.x[window] / _BRAIN_HALF_MM[0]
    v = (canvas.y[window] - 5.0) / _BRAIN_HALF_MM[1]
    w = (z - floor_mm - _BRAIN_HALF_MM[2]) / np.float32(_BRAIN_HALF_MM[2])
    brain = (np.sqrt(u * u + v * v + w * w) - 1) * np.float32(_BRAIN_HALF_MM[2])
    bone = np.maximum(brain - _SKULL_MM, -brain)
    for side in (-1.0, 1.0):
        x = canvas.x[window] - canal[0] - side * _CONDYLE_MM[0]
        y = canvas.y[window] - canal[1] - _CONDYLE_MM[1]
        height = (z - floor_mm) / 1.5
        ball = np.sqrt(x * x + y * y + height * height) - _CONDYLE_HALF_MM
        bone = np.minimum(bone, ball)
    hole = canvas.cylinder(canal, _FORAMEN_HALF_MM, window)
    bone = np.maximum(bone, np.where(w < 0, -hole, bone))
    canvas.paint(brain, _BRAIN_HU, window)
    paint_thin_bone(canvas, bone, _SKULL_CORTEX_MM, _DIPLOE_HU, window)


def _from(canvas: Canvas, z_mm: float) -> int:
    return int(np.searchsorted(canvas.world_mm[2], z_mm))


def paint_hips(canvas: Canvas, plan: BodyPlan) -> None:
    """The wings of the ilium: oblique plates on both sides of the sacrum."""
    below = np.flatnonzero(plan.level > _HIP_LEVEL)
    if len(below) == 0:
        return
    window = (slice(None), slice(None), slice(0, below[-1] + 1))
    rise = np.clip((plan.level[window[2]] - _HIP_LEVEL) / 0.8, 0.0, 1.0)
    reach = (_HIP_REACH_MM * np.sqrt(rise)).astype(np.float32)
    angle = np.radians(_HIP_ANGLE_DEG)
    for side in (-1.0, 1.0):
        x = side * canvas.x[window] - _HIP_MIDDLE_MM[0]
        y = canvas.y[window] - _HIP_MIDDLE_MM[1]
        along = np.cos(angle) * x + np.sin(angle) * y
        # Curved like the wing, hollow inside.
        across = np.cos(angle) * y - np.sin(angle) * x + 0.004 * along**2
        plate = np.maximum(np.abs(across) - _HIP_HALF_MM, np.abs(along) - reach)
        paint_thin_bone(canvas, plate, _HIP_CORTEX_MM, _HIP_MARROW_HU, window)
