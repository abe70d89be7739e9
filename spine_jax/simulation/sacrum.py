"""The upper sacrum, in outline: what the fifth lumbar vertebra has for a neighbour."""

import numpy as np

from spine_jax.anatomy.arch import CanalShape, canal_distance
from spine_jax.anatomy.primitives import Limb, limb_distance, smooth_max, smooth_min
from spine_jax.simulation.bone import Bone, Frame

SACRUM = 25
"""Place in the column after L5 (24). Not the VerSe number: the sacrum gets no label."""
_TOP_MM = 14.0
_EDGE_MM = 4.0
_FILLET_MM = 8.0
_JOINT_MM = 4.0

# Nodes are (x, y, z, half width, half thickness) mm; wide axis x for the body.
_BODY = Limb(
    (
        (0.0, 0.0, 20.0, 26.0, 17.0),
        (0.0, -2.0, 0.0, 24.0, 15.0),
        (0.0, -10.0, -28.0, 19.0, 9.0),
        (0.0, -18.0, -48.0, 15.0, 7.0),
    ),
    (1.0, 0.0, 0.0),
    2.6,
)
_WING = Limb(
    (
        (16.0, -4.0, -4.0, 12.0, 10.0),
        (34.0, -10.0, -8.0, 17.0, 10.0),
        (50.0, -20.0, -20.0, 24.0, 9.0),
    ),
    (0.0, 0.0, 1.0),
    2.4,
)
_SUPERIOR_PROCESS = Limb(
    ((25.0, -18.0, -2.0, 6.5, 4.5), (26.0, -25.0, 10.0, 6.0, 3.5)), (0.7, -0.7, 0.0)
)
_LAMINA = Limb(
    (
        (23.0, -21.0, -8.0, 8.0, 4.0),
        (0.0, -36.0, -10.0, 10.0, 3.5),
        (0.0, -44.0, -38.0, 6.0, 4.0),
    ),
    (0.0, 0.0, 1.0),
)
_CREST = Limb(
    ((0.0, -39.0, -12.0, 6.0, 3.0), (0.0, -48.0, -36.0, 6.0, 3.0)), (0.0, 1.0, 0.0)
)
_CANAL = CanalShape(30.0, 16.0, -24.0, 0.36, 2.0, 0.3, -0.05)


def sacrum_bone(frame: Frame) -> Bone:
    """The first sacral segments; frame at the centre of the body of S1."""
    return Bone(
        label=SACRUM,
        frame=frame,
        parts=_parts,
        fillet_mm=_FILLET_MM,
        bounds_mm=(np.array([-66.0, -72.0, -72.0]), np.array([66.0, 22.0, 26.0])),
        body_back_mm=-16.0,
        canal_centre_mm=np.array([0.0, _CANAL.centre_y_mm, 0.0]),
        canal_half_mm=(_CANAL.width_mm / 2, _CANAL.depth_mm / 2),
        body_half_mm=(26.0, 17.0),
        spinous_tip_mm=np.array([0.0, -49.0, -36.0]),
    )


def _parts(points_mm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Approximate signed distances to body with wings, and to the rear parts."""
    right = points_mm * np.where(points_mm[..., :1] < 0, [-1.0, 1.0, 1.0], 1.0)
    top = points_mm[..., 2] - _TOP_MM
    body = smooth_max(limb_distance(right, _BODY, _JOINT_MM), top, _EDGE_MM)
    body = smooth_min(body, limb_distance(right, _WING, _JOINT_MM), _FILLET_MM)
    rear = limb_distance(right, _SUPERIOR_PROCESS, _JOINT_MM)
    for limb in (_LAMINA, _CREST):
        rear = smooth_min(rear, limb_distance(right, limb, _JOINT_MM), _JOINT_MM)
    outside_canal = -canal_distance(points_mm, _CANAL)
    return body, smooth_max(rear, outside_canal, 2.0)
