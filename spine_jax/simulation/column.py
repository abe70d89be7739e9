"""A random lumbar column: individual vertebrae stacked along a lordotic curve."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from spine_jax.anatomy.implicit import parts_distance, shape_bounds_mm
from spine_jax.anatomy.levels import lumbar_shape, random_shape
from spine_jax.anatomy.morphometry import (
    next_centre_y_mm,
    sagittal_angle_to_next_deg,
    spacing_to_next_mm,
)
from spine_jax.anatomy.shape import VertebraShape
from spine_jax.simulation.bone import Bone, Frame
from spine_jax.simulation.sacrum import SACRUM, sacrum_bone

LUMBAR = (20, 21, 22, 23, 24)
T12 = 19
LOWEST = 25
"""L6, the last before the sacrum: from whichever vertebra, the sacrum follows alike."""
_T12_SCALE = 0.93
"""No thoracic shape exists: the vertebra above L1 is a smaller L1."""
_WARP_WAVES = 8
_WARP_RMS_MM = 0.7
_WARP_LENGTH_MM = (35.0, 80.0)


def draw_column(rng: np.random.Generator, labels: Sequence[int]) -> list[Bone]:
    """Bones from one above the first label to one below the last, cranial first.

    Vertebrae vary in shape and size, the column in size, lordosis, tilt and a mild
    lateral curve. The middle labelled vertebra stands upright in the world.

    Args:
        rng: Source of randomness.
        labels: Consecutive labels out of 20-24.
    """
    chain = range(labels[0] - 1, labels[-1] + 2)
    patient_scale = float(np.clip(rng.normal(1.0, 0.025), 0.95, 1.05))
    shapes = [_draw_shape(rng, label) for label in chain]
    frames = _stacked(rng, chain, shapes, patient_scale)
    frames = _placed(rng, frames, frames[len(frames) // 2])
    return [
        sacrum_bone(frame)
        if shape is None
        else _vertebra(label, shape, frame, draw_warp(rng))
        for label, shape, frame in zip(chain, shapes, frames)
    ]


def _draw_shape(rng: np.random.Generator, label: int) -> VertebraShape | None:
    """A vertebra, or None for the sacrum."""
    return None if label == SACRUM else random_shape(rng, max(label, LUMBAR[0]))


def _stacked(
    rng: np.random.Generator,
    chain: Sequence[int],
    shapes: Sequence[VertebraShape | None],
    patient_scale: float,
) -> list[Frame]:
    """Frames stacked downwards from the origin by the measured steps and angles."""
    lordosis = rng.uniform(0.75, 1.2)
    lateral_deg, axial_deg = rng.uniform(-2.5, 2.5, 2)
    phase = rng.uniform(0.0, np.pi)
    frames = [Frame(np.eye(3), np.zeros(3), patient_scale)]
    extra = [_extra_height_mm(shape, label) for shape, label in zip(shapes, chain)]
    for i, (label, below) in enumerate(zip(chain, chain[1:])):
        above = frames[-1]
        length, forward, angle = to_next(LOWEST if below == SACRUM else label)
        length += extra[i] + extra[i + 1]
        step = np.array([0.0, forward, -np.sqrt(length**2 - forward**2)])
        wave = np.sin(phase + np.pi * i / len(chain))
        angle = lordosis * angle + rng.normal(0.0, 1.2)
        turn = rotation_deg(angle, lateral_deg * wave, axial_deg * wave)
        origin = above.origin_mm + patient_scale * above.rotation @ step
        frames.append(Frame(above.rotation @ turn, origin, patient_scale))
    if chain[0] == T12:
        frames[0] = dataclasses.replace(frames[0], scale=_T12_SCALE * patient_scale)
    return frames


def to_next(label: int) -> tuple[float, float, float]:
    """Usual distance, forward step and angle to the next vertebra; mm, degrees."""
    return (
        spacing_to_next_mm(label),
        next_centre_y_mm(label),
        sagittal_angle_to_next_deg(label),
    )


def _extra_height_mm(shape: VertebraShape | None, label: int) -> float:
    """Half of what a body is higher than the median of its level, mm.

    The spacing grows by it, so that the discs keep their measured height.
    """
    if shape is None:
        return 0.0
    own, median = shape.body, lumbar_shape(max(label, LUMBAR[0])).body
    anterior = own.height_anterior_mm - median.height_anterior_mm
    posterior = own.height_posterior_mm - median.height_posterior_mm
    return (anterior + posterior) / 4


@dataclasses.dataclass(frozen=True)
class Warp:
    """A smooth displacement: no vertebra is a member of the parametric family.

    Attributes:
        waves: [K, 3], radians per mm.
        phases: [K].
        amplitudes_mm: [K, 3].
    """

    waves: np.ndarray
    phases: np.ndarray
    amplitudes_mm: np.ndarray

    def __call__(self, points_mm: np.ndarray) -> np.ndarray:
        angle = points_mm @ self.waves.T + self.phases
        return points_mm + np.sin(angle) @ self.amplitudes_mm


def draw_warp(rng: np.random.Generator) -> Warp:
    """A displacement of 0.7 mm, different every few centimetres."""
    direction = rng.standard_normal((_WARP_WAVES, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    length = rng.uniform(*_WARP_LENGTH_MM, (_WARP_WAVES, 1))
    amplitude = _WARP_RMS_MM * np.sqrt(2 / _WARP_WAVES)
    return Warp(
        2 * np.pi / length * direction,
        rng.uniform(0, 2 * np.pi, _WARP_WAVES),
        amplitude * np.clip(rng.standard_normal((_WARP_WAVES, 3)), -2, 2),
    )


def _vertebra(label: int, shape: VertebraShape, frame: Frame, warp: Warp) -> Bone:
    low, high = shape_bounds_mm(shape)
    body, canal = shape.body, shape.canal
    tip_y, tip_z = shape.arch.spinous_process.nodes_mm[-1][1:3]
    return Bone(
        label=label,
        frame=frame,
        parts=lambda points_mm: parts_distance(warp(points_mm), shape),
        fillet_mm=shape.body_fillet_mm,
        bounds_mm=(low - 2 * _WARP_RMS_MM, high + 2 * _WARP_RMS_MM),
        body_back_mm=body.posterior_wall_y_mm,
        canal_centre_mm=np.array([0.0, canal.centre_y_mm, 0.0]),
        canal_half_mm=(canal.width_mm / 2, canal.depth_mm / 2),
        body_half_mm=(body.width_lower_mm / 2, body.depth_lower_mm / 2),
        spinous_tip_mm=np.array([shape.spinous_deviation_mm, tip_y, tip_z]),
    )


def _placed(
    rng: np.random.Generator, frames: Sequence[Frame], upright: Frame
) -> list[Frame]:
    """Turn and move the column so that one vertebra stands upright at a drawn place."""
    tilt = rotation_deg(*rng.normal(0.0, (3.0, 1.5, 1.5)))
    position = rng.uniform((-15.0, -40.0, -500.0), (15.0, 10.0, -300.0))
    turn = tilt @ upright.rotation.T
    return [
        Frame(
            turn @ frame.rotation,
            turn @ (frame.origin_mm - upright.origin_mm) + position,
            frame.scale,
        )
        for frame in frames
    ]


def rotation_deg(about_x: float, about_y: float, about_z: float) -> np.ndarray:
    """Rotation [3, 3]: about x first, then y, then z."""
    angles = (about_x, about_y, about_z)
    return Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
