"""Calibrated parameters of L5.

Sizes of the body are median figures (`morphometry`). The rest is the calibrated L3,
moved to the figures of L5 and then fitted, as L3 was, to the mean L5 of 87 patients
(Clouthier et al. 2023).
"""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

L5 = VertebraShape(
    body=BodyShape(
        width_upper_mm=58.1,
        width_mid_mm=50.2,
        width_lower_mm=57.7,
        depth_upper_mm=35.2,
        depth_mid_mm=33.6,
        depth_lower_mm=36.7,
        height_anterior_mm=29.6,
        height_posterior_mm=26.3,
        concavity_upper_mm=1.2,
        concavity_lower_mm=1.6,
        posterior_wall_y_mm=-16.93,
        centre_z_mm=0.06,
        front_exponent=1.9,
        back_exponent=1.9,
        widest_fraction=0.35,
        back_hollow_mm=0.0,
        back_hollow_width_mm=8.52,
        waist_exponent=2.26,
        waist_back_fraction=0.0,
        edge_mm=5.14,
        hollow_radius=0.6,
        hollow_shift_mm=9.08,
        shift_lower_mm=-0.34,
    ),
    canal=CanalShape(
        width_mm=22.511,
        depth_mm=12.242,
        centre_y_mm=-22.165,
        lean=-0.313,
        squareness=2.531,
        taper=0.632,
        flare=-0.103,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (14.0, -9.2, 4.4, 7.4, 19.1),
                (23.2, -9.1, 3.3, 8.3, 5.0),
                (19.5, -25.1, 3.7, 6.6, 4.6),
            ),
            (-0.32, 0.14, 0.94),
            2.59,
        ),
        superior_process=Limb(
            (
                (22.1, -24.2, 3.1, 12.5, 6.8),
                (22.1, -27.8, 8.1, 3.2, 3.7),
                (18.0, -28.0, 14.8, 7.4, 2.8),
            ),
            (0.85, -0.5, 0.17),
            1.9,
        ),
        mammillary=Limb(
            ((25.0, -34.5, 4.4, 6.5, 4.4), (24.3, -34.6, 13.1, 5.1, 2.9)),
            (0.2, -0.98, -0.03),
            2.04,
        ),
        inferior_process=Limb(
            (
                (15.7, -25.5, 0.9, 5.0, 2.5),
                (19.7, -34.5, -14.6, 7.5, 4.1),
                (20.3, -33.6, -21.2, 5.8, 3.4),
            ),
            (0.85, -0.53, -0.09),
            1.96,
        ),
        lamina=Limb(
            (
                (15.7, -27.1, -4.6, 2.8, 3.6),
                (12.0, -32.1, -8.1, 11.6, 3.4),
                (0.0, -40.4, -5.8, 8.1, 3.3),
            ),
            (-0.26, 0.39, 0.88),
            2.47,
        ),
        transverse_process=Limb(
            (
                (27.8, -15.9, 1.2, 6.9, 4.4),
                (33.2, -20.9, 0.5, 7.4, 5.2),
                (43.8, -25.8, 3.6, 5.5, 3.8),
            ),
            (-0.57, -0.33, 0.75),
            1.92,
        ),
        spinous_process=Limb(
            (
                (0.0, -37.8, -4.7, 5.2, 2.5),
                (0.0, -46.6, -11.0, 8.6, 3.4),
                (0.0, -54.7, -14.9, 8.7, 3.4),
            ),
            (0.0, 0.1, 1.0),
            2.21,
        ),
        spinous_end=Limb(
            ((0.0, -60.0, -13.3, 2.7, 1.7), (0.0, -57.4, -19.1, 2.5, 2.5)),
            (0.0, 1.0, 0.0),
            1.9,
        ),
        fillet_mm=5.0,
        joint_mm=1.0,
    ),
    body_fillet_mm=2.0,
    canal_edge_mm=5.3,
)
