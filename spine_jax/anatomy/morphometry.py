"""Sizes of vertebrae by level, and how neighbours sit to each other.

Source: medians over 276 vertebrae of 28 VerSe label maps (20 automatic, 8 corrected by
experts; supine adults, 1-3 mm voxels); T13 is the mean of T12 and L1, and what follows
L5 comes from one pair. Label surfaces lie about 0.7 mm outside the bone, so outer sizes
are 1-2 mm large and canals as much small.

Frame of a vertebra: origin at the volume centroid of its body, +x right, +y anterior,
+z cranial along the mean normal of the end-plates. Labels are VerSe numbers.
"""

import dataclasses

from spine_jax.core.labels import label_name


@dataclasses.dataclass(frozen=True)
class LumbarMorphometry:
    """Figures of one lumbar vertebra in its own frame, mm and degrees.

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


_LUMBAR_LABELS = (20, 21, 22, 23, 24)

# Columns: L1, L2, L3, L4, L5.
_MEDIAN: dict[str, tuple[float, ...]] = {
    "body_width_upper_mm": (46.4, 48.0, 50.4, 52.4, 57.6),
    # L5: the waist of L4; measured, it includes transverse process roots (54.4).
    "body_width_mid_mm": (40.6, 42.4, 43.6, 45.6, 50.2),
    "body_width_lower_mm": (49.0, 51.2, 52.4, 53.6, 57.7),
    "body_depth_upper_mm": (34.5, 34.4, 35.2, 36.4, 34.5),
    "body_depth_mid_mm": (31.1, 30.4, 32.7, 33.9, 33.6),
    "body_depth_lower_mm": (34.6, 35.2, 35.2, 36.4, 36.0),
    "height_anterior_mm": (25.2, 28.0, 29.6, 29.6, 29.6),
    "height_central_mm": (22.4, 24.8, 25.6, 25.6, 25.6),
    "height_posterior_mm": (26.4, 28.0, 28.4, 28.0, 25.6),
    "concavity_upper_mm": (2.0, 1.6, 1.8, 1.2, 1.2),
    "concavity_lower_mm": (2.2, 1.8, 2.0, 2.0, 1.6),
    "wedge_from_heights_deg": (-3.8, 1.7, 3.4, 4.1, 8.9),
    "body_posterior_wall_y_mm": (-13.9, -14.0, -14.5, -15.3, -14.4),
    "body_front_y_mm": (19.7, 19.6, 19.5, 20.3, 20.5),
    "canal_width_mm": (24.2, 24.0, 24.6, 26.8, 32.0),
    "canal_depth_mm": (17.6, 17.6, 16.8, 16.8, 17.2),
    "canal_centre_y_mm": (-22.5, -22.7, -23.1, -23.7, -23.5),
    "canal_back_y_mm": (-31.2, -30.9, -31.3, -32.3, -31.6),
    "pedicle_width_mm": (9.0, 10.2, 13.5, 16.2, 17.5),
    "pedicle_height_mm": (14.8, 14.8, 15.9, 14.2, 14.2),
    "pedicle_isthmus_x_mm": (15.7, 15.7, 16.9, 19.3, 22.1),
    "pedicle_isthmus_y_mm": (-20.4, -19.9, -20.1, -20.4, -15.8),
    "pedicle_isthmus_z_mm": (4.9, 4.9, 4.4, 2.8, 3.8),
    "transverse_span_mm": (72.8, 80.8, 89.2, 88.0, 94.4),
    "transverse_tip_y_mm": (-32.8, -33.2, -34.2, -29.8, -25.3),
    "transverse_tip_z_mm": (3.2, 5.0, 5.0, 4.2, 2.5),
    "spinous_tip_y_mm": (-64.1, -68.6, -70.3, -70.3, -64.4),
    "spinous_tip_z_mm": (-10.6, -8.7, -11.0, -11.8, -12.1),
    "spinous_lowest_z_mm": (-22.8, -24.4, -24.1, -23.7, -23.7),
    "spinous_mid_height_mm": (19.2, 22.4, 23.2, 22.4, 17.6),
    "spinous_mid_thickness_mm": (5.6, 5.6, 6.4, 6.4, 6.4),
    "lamina_thickness_mm": (9.2, 9.9, 10.4, 9.9, 8.0),
    "lamina_height_mm": (33.0, 35.2, 36.8, 31.8, 25.6),
    "superior_process_tip_x_mm": (14.6, 15.3, 16.2, 17.0, 18.8),
    "superior_process_tip_y_mm": (-30.4, -32.1, -32.8, -31.7, -28.3),
    "superior_process_tip_z_mm": (21.3, 22.0, 21.3, 20.2, 20.4),
    "inferior_process_tip_x_mm": (11.0, 12.1, 13.0, 15.1, 18.8),
    "inferior_process_tip_y_mm": (-34.7, -36.2, -37.2, -35.3, -33.2),
    "inferior_process_tip_z_mm": (-26.9, -27.7, -29.2, -26.6, -24.4),
}

# Interquartile ranges of the same figures.
_IQR: dict[str, tuple[float, ...]] = {
    "body_width_upper_mm": (3.2, 4.0, 3.9, 4.1, 4.0),
    "body_width_mid_mm": (4.2, 4.8, 4.6, 5.6, 4.2),
    "body_width_lower_mm": (4.2, 4.3, 4.4, 5.8, 4.4),
    "body_depth_upper_mm": (2.3, 4.6, 4.4, 4.9, 3.9),
    "body_depth_mid_mm": (4.1, 4.2, 3.1, 4.4, 2.6),
    "body_depth_lower_mm": (3.2, 6.4, 3.2, 4.2, 4.1),
    "height_anterior_mm": (7.0, 2.6, 2.2, 2.0, 4.0),
    "height_central_mm": (7.8, 3.2, 2.8, 1.8, 2.4),
    "height_posterior_mm": (4.2, 2.8, 1.4, 1.8, 3.2),
    "concavity_upper_mm": (2.0, 1.1, 1.1, 1.2, 1.6),
    "concavity_lower_mm": (1.6, 1.0, 1.5, 1.7, 2.0),
    "wedge_from_heights_deg": (5.2, 4.3, 3.5, 5.1, 5.1),
    "body_posterior_wall_y_mm": (0.9, 1.7, 2.3, 2.1, 2.5),
    "body_front_y_mm": (2.9, 4.0, 2.3, 2.1, 2.3),
    "canal_width_mm": (4.0, 4.4, 4.0, 2.8, 3.6),
    "canal_depth_mm": (2.4, 2.8, 1.3, 1.8, 3.2),
    "canal_centre_y_mm": (1.3, 2.2, 3.2, 2.8, 2.7),
    "canal_back_y_mm": (2.2, 2.9, 4.1, 3.9, 4.9),
    "pedicle_width_mm": (3.7, 4.0, 4.1, 2.4, 3.5),
    "pedicle_height_mm": (4.1, 2.8, 4.4, 2.3, 2.2),
    "pedicle_isthmus_x_mm": (1.5, 1.6, 1.3, 2.4, 2.0),
    "pedicle_isthmus_y_mm": (2.4, 2.8, 3.5, 2.7, 2.4),
    "pedicle_isthmus_z_mm": (1.9, 1.9, 1.0, 1.7, 1.7),
    "transverse_span_mm": (7.6, 8.8, 5.0, 10.0, 10.0),
    "transverse_tip_y_mm": (3.3, 3.3, 4.1, 7.1, 6.5),
    "transverse_tip_z_mm": (3.8, 2.5, 2.8, 2.8, 2.5),
    "spinous_tip_y_mm": (4.8, 6.6, 7.5, 7.5, 8.5),
    "spinous_tip_z_mm": (4.2, 4.2, 4.1, 6.7, 8.0),
    "spinous_lowest_z_mm": (2.0, 3.8, 5.3, 5.7, 6.5),
    "spinous_mid_height_mm": (3.6, 5.2, 3.2, 4.4, 3.2),
    "spinous_mid_thickness_mm": (0.6, 1.2, 1.4, 1.6, 1.6),
    "lamina_thickness_mm": (0.9, 1.4, 2.4, 1.5, 0.9),
    "lamina_height_mm": (6.1, 7.2, 6.7, 8.7, 6.8),
    "superior_process_tip_x_mm": (1.6, 0.4, 1.3, 0.9, 4.6),
    "superior_process_tip_y_mm": (4.2, 2.9, 3.4, 4.9, 6.8),
    "superior_process_tip_z_mm": (2.4, 3.1, 2.7, 2.4, 2.8),
    "inferior_process_tip_x_mm": (1.7, 2.0, 2.4, 3.4, 2.7),
    "inferior_process_tip_y_mm": (2.7, 3.2, 3.7, 2.8, 8.5),
    "inferior_process_tip_z_mm": (3.9, 1.7, 3.1, 1.7, 4.0),
}

# Distance to the next lower body centre (mm), its y in this vertebra's frame (mm), and
# the angle between the two z axes in the sagittal plane (degrees, positive kyphotic).
_TO_NEXT: dict[int, tuple[float, float, float]] = {
    1: (16.7, 8.2, -2.6),  # C1
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
}


def lumbar_morphometry(label: int) -> LumbarMorphometry:
    """Median figures of L1-L5.

    Raises:
        KeyError: for a label other than 20-24.
    """
    return _column(_MEDIAN, label)


def lumbar_spread(label: int) -> LumbarMorphometry:
    """Interquartile range of each figure of L1-L5.

    Raises:
        KeyError: for a label other than 20-24.
    """
    return _column(_IQR, label)


def spacing_to_next_mm(label: int) -> float:
    """Median distance from a body centre to that of the next lower vertebra, mm.

    Raises:
        KeyError: for L6, below which nothing was measured, and for other labels.
    """
    return _to_next(label)[0]


def next_centre_y_mm(label: int) -> float:
    """Median anterior offset of the next lower body centre in this frame, mm.

    Raises:
        KeyError: for L6, below which nothing was measured, and for other labels.
    """
    return _to_next(label)[1]


def sagittal_angle_to_next_deg(label: int) -> float:
    """Median angle from this vertebra's z axis to the next lower one's, degrees.

    Positive is kyphotic, negative lordotic.

    Raises:
        KeyError: for L6, below which nothing was measured, and for other labels.
    """
    return _to_next(label)[2]


def _to_next(label: int) -> tuple[float, float, float]:
    if label not in _TO_NEXT:
        raise KeyError(f"no figures below {label_name(label)}")
    return _TO_NEXT[label]


def _column(table: dict[str, tuple[float, ...]], label: int) -> LumbarMorphometry:
    if label not in _LUMBAR_LABELS:
        raise KeyError(f"{label} is not one of L1-L5 (20-24)")
    index = _LUMBAR_LABELS.index(label)
    return LumbarMorphometry(**{name: row[index] for name, row in table.items()})
