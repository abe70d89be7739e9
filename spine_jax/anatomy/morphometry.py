"""Sizes of vertebrae by level, and how neighbours sit to each other.

Source: medians over 276 vertebrae of 28 VerSe label maps (20 automatic, 8 corrected by
experts; supine adults, 1-3 mm voxels), tabled in `figures` and `figures_cervical`; T13
is the mean of T12 and L1, and what follows L5 comes from one pair. Label surfaces lie
about 0.7 mm outside the bone, so outer sizes are 1-2 mm large and canals as much small.

Frame of a vertebra: origin at the volume centroid of its body, +x right, +y anterior,
+z cranial along the mean normal of the end-plates. The axis has its origin at the
centroid of body and dens and z along them; the atlas, which has no body, at the centre
of mass of its ring. Labels are VerSe numbers.
"""

import dataclasses
import functools

from spine_jax.anatomy.figures import MEDIANS, RANGES
from spine_jax.anatomy.figures_cervical import CERVICAL_MEDIANS, CERVICAL_RANGES
from spine_jax.core.labels import label_number


@dataclasses.dataclass(frozen=True)
class LevelMorphometry:
    """Figures of one vertebra in its own frame, mm and degrees.

    Widths are transverse, depths front to back; `_upper`, `_mid`, `_lower` are levels
    of the body, the first and last being high percentiles over the outer quarters of
    its height. Anterior and posterior heights are rim to rim; a positive wedge is
    taller in front. Pedicle figures are taken at its isthmus, `tip` at the farthest
    point of a process, the transverse span from tip to tip.
    """

    body_width_upper_mm: float
    body_width_mid_mm: float
    body_width_lower_mm: float
    body_depth_upper_mm: float
    body_depth_mid_mm: float
    body_depth_lower_mm: float
    height_anterior_mm: float
    height_central_mm: float
    height_posterior_mm: float
    concavity_upper_mm: float
    concavity_lower_mm: float
    wedge_from_heights_deg: float
    body_posterior_wall_y_mm: float
    body_front_y_mm: float
    canal_width_mm: float
    canal_depth_mm: float
    canal_centre_y_mm: float
    canal_back_y_mm: float
    pedicle_width_mm: float
    pedicle_height_mm: float
    pedicle_isthmus_x_mm: float
    pedicle_isthmus_y_mm: float
    pedicle_isthmus_z_mm: float
    transverse_span_mm: float
    transverse_tip_y_mm: float
    transverse_tip_z_mm: float
    spinous_tip_y_mm: float
    spinous_tip_z_mm: float
    spinous_lowest_z_mm: float
    spinous_mid_height_mm: float
    spinous_mid_thickness_mm: float
    lamina_thickness_mm: float
    lamina_height_mm: float
    superior_process_tip_x_mm: float
    superior_process_tip_y_mm: float
    superior_process_tip_z_mm: float
    inferior_process_tip_x_mm: float
    inferior_process_tip_y_mm: float
    inferior_process_tip_z_mm: float


# Distance to the next lower body centre (mm), its y in this vertebra's frame (mm), and
# the angle between the two z axes in the sagittal plane (degrees, positive kyphotic).
_TO_NEXT: dict[int, tuple[float, float, float]] = {
    # Measured from the centre of the ring's hole; the centre of mass, which is the
    # origin, lies 3.2 mm in front of it and 0.4 mm above.
    1: (15.8, 5.0, -2.6),  # C1
    2: (23.9, -4.7, -25.2),  # C2
    3: (19.3, 3.7, -3.2),  # C3
    4: (18.1, 3.8, -1.0),  # C4
    5: (17.9, 3.0, -1.5),  # C5
    6: (18.0, 2.3, -4.9),  # C6
    7: (20.9, 2.4, 0.5),  # C7
    8: (22.4, 1.7, 5.1),  # T1
    9: (21.5, 0.7, 2.7),  # T2
    10: (21.4, 0.6, 4.3),  # T3
    11: (22.0, 0.4, 4.2),  # T4
    12: (22.5, 1.0, 4.3),  # T5
    13: (22.7, 0.9, 6.5),  # T6
    14: (22.8, 1.6, 4.3),  # T7
    15: (23.5, 1.3, 2.8),  # T8
    16: (24.6, 0.6, 0.5),  # T9
    17: (27.0, 0.5, 0.5),  # T10
    18: (29.1, 1.4, 1.0),  # T11
    19: (31.0, 1.0, 1.5),  # T12
    28: (31.6, 1.7, 0.5),  # T13
    20: (32.3, 2.4, -0.5),  # L1
    21: (35.0, 0.7, -6.5),  # L2
    22: (34.8, -1.4, -10.0),  # L3
    23: (33.9, -3.3, -15.2),  # L4
    24: (34.4, -15.4, -23.7),  # L5
    # L6 to the sacrum, assumed: a disc of usual height, and an upper end-plate of the
    # sacrum that slopes by about 40 degrees in a standing column.
    25: (35.0, -8.0, -16.0),
}


def level_morphometry(label: int) -> LevelMorphometry:
    """Median figures of C1 to L6.

    Raises:
        KeyError: for a label other than 1-25 and 28.
    """
    return _row(_levels(MEDIANS + CERVICAL_MEDIANS), label)


def level_spread(label: int) -> LevelMorphometry:
    """Interquartile range of each figure of C1 to L6.

    Raises:
        KeyError: for a label other than 1-25 and 28.
    """
    return _row(_levels(RANGES + CERVICAL_RANGES), label)


def spacing_to_next_mm(label: int) -> float:
    """Median distance from a body centre to that of the next lower vertebra, mm.

    Raises:
        KeyError: for a label that is no vertebra of the scheme.
    """
    return _to_next(label)[0]


def next_centre_y_mm(label: int) -> float:
    """Median anterior offset of the next lower body centre in this frame, mm.

    Raises:
        KeyError: for a label that is no vertebra of the scheme.
    """
    return _to_next(label)[1]


def sagittal_angle_to_next_deg(label: int) -> float:
    """Median angle from this vertebra's z axis to the next lower one's, degrees.

    Positive is kyphotic, negative lordotic.

    Raises:
        KeyError: for a label that is no vertebra of the scheme.
    """
    return _to_next(label)[2]


def _to_next(label: int) -> tuple[float, float, float]:
    if label not in _TO_NEXT:
        raise KeyError(f"{label} is not a vertebra of the VerSe scheme (1-25, 28)")
    return _TO_NEXT[label]


def _row(table: dict[int, LevelMorphometry], label: int) -> LevelMorphometry:
    if label not in table:
        raise KeyError(f"{label} is no vertebra of the VerSe scheme (1-25, 28)")
    return table[label]


@functools.cache
def _levels(blocks: tuple[str, ...]) -> dict[int, LevelMorphometry]:
    """Label -> figures, from tables with a row per figure and a column per level."""
    levels = {}
    for block in blocks:
        (_, *names), *rows = (line.split() for line in block.strip().splitlines())
        for column, name in enumerate(names, start=1):
            figures = {row[0]: float(row[column]) for row in rows}
            levels[label_number(name)] = LevelMorphometry(**figures)
    return levels
