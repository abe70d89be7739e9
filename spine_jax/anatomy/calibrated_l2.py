"""Calibrated parameters of L2.

Sizes of the body are median figures (`morphometry`). The rest is the calibrated L3,
moved to the figures of L2 and then fitted, as L3 was, to the mean L2 of 87 patients
(Clouthier et al. 2023).
"""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

L2 = VertebraShape(
    body=BodyShape(
        width_upper_mm=48.5,
        width_mid_mm=42.4,
        width_lower_mm=51.2,
        depth_upper_mm=35.1,
        depth_mid_mm=30.4,
        depth_lower_mm=35.9,
        height_anterior_mm=28.0,
        height_posterior_mm=28.7,
        concavity_upper_mm=1.6,
        concavity_lower_mm=1.8,
        posterior_wall_y_mm=-14.38,
        centre_z_mm=0.19,
        front_exponent=2.22,
        back_exponent=2.1,
        widest_fraction=0.31,
        back_hollow_mm=2.6,
        back_hollow_width_mm=8.52,
        waist_exponent=1.9,
        waist_back_fraction=0.3,
        edge_mm=5.14,
        hollow_radius=0.72,
        hollow_shift_mm=1.95,
        shift_lower_mm=0.14,
    ),
    canal=CanalShape(
        width_mm=21.659,
        depth_mm=20.593,
        centre_y_mm=-19.259,
        lean=-0.179,
        squareness=1.9,
        taper=0.288,
        flare=0.004,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (7.5, -11.0, 6.6, 5.5, 10.5),
                (16.3, -17.1, 4.4, 7.2, 2.5),
                (13.0, -27.9, 6.2, 8.6, 4.8),
            ),
            (0.08, 0.34, 0.94),
            2.73,
        ),
        superior_process=Limb(
            (
                (17.9, -27.3, 6.8, 10.2, 4.8),
                (16.6, -30.0, 12.4, 3.5, 2.9),
                (14.1, -29.5, 18.5, 6.3, 2.9),
            ),
            (0.63, -0.77, 0.0),
            2.05,
        ),
        mammillary=Limb(
            ((17.9, -35.1, 8.9, 4.5, 4.4), (18.4, -39.5, 15.8, 6.0, 3.5)),
            (0.27, -0.96, -0.03),
            2.02,
        ),
        inferior_process=Limb(
            (
                (8.5, -27.9, 4.5, 2.0, 3.1),
                (10.0, -35.6, -16.7, 6.1, 4.4),
                (10.9, -35.4, -23.0, 5.6, 3.6),
            ),
            (0.61, -0.79, -0.04),
            1.9,
        ),
        lamina=Limb(
            (
                (10.3, -28.9, -2.7, 3.0, 2.7),
                (4.4, -33.8, -6.1, 13.7, 3.2),
                (0.0, -39.5, -5.0, 10.7, 4.0),
            ),
            (-0.24, 0.32, 0.92),
            3.76,
        ),
        transverse_process=Limb(
            (
                (16.9, -25.8, 3.1, 5.0, 3.2),
                (29.4, -30.7, 5.1, 5.1, 2.2),
                (38.6, -34.0, 5.3, 4.8, 2.0),
            ),
            (0.02, 0.05, 1.0),
            1.9,
        ),
        spinous_process=Limb(
            (
                (0.0, -37.0, -1.2, 5.7, 1.6),
                (0.0, -53.0, -6.7, 11.8, 2.6),
                (0.0, -59.4, -8.9, 12.8, 3.4),
            ),
            (0.0, 0.1, 1.0),
            2.75,
        ),
        spinous_end=Limb(
            ((0.0, -65.6, -5.4, 2.8, 1.6), (0.0, -61.0, -14.3, 4.5, 4.2)),
            (0.0, 1.0, 0.0),
            1.99,
        ),
        fillet_mm=4.4,
        joint_mm=1.0,
    ),
    body_fillet_mm=7.7,
    canal_edge_mm=2.3,
)
