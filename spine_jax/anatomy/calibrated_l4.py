"""Calibrated parameters of L4.

Sizes of the body are median figures (`morphometry`). The rest is the calibrated L3,
moved to the figures of L4 and then fitted, as L3 was, to the mean L4 of 87 patients
(Clouthier et al. 2023).
"""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

L4 = VertebraShape(
    body=BodyShape(
        width_upper_mm=52.9,
        width_mid_mm=45.6,
        width_lower_mm=53.6,
        depth_upper_mm=37.1,
        depth_mid_mm=33.9,
        depth_lower_mm=37.1,
        height_anterior_mm=29.6,
        height_posterior_mm=28.7,
        concavity_upper_mm=1.2,
        concavity_lower_mm=2.0,
        posterior_wall_y_mm=-16.78,
        centre_z_mm=-0.07,
        front_exponent=2.31,
        back_exponent=1.9,
        widest_fraction=0.31,
        back_hollow_mm=0.79,
        back_hollow_width_mm=8.92,
        waist_exponent=1.9,
        waist_back_fraction=0.27,
        edge_mm=4.92,
        hollow_radius=0.69,
        hollow_shift_mm=3.02,
        shift_lower_mm=0.56,
    ),
    canal=CanalShape(
        width_mm=22.064,
        depth_mm=18.962,
        centre_y_mm=-21.846,
        lean=-0.172,
        squareness=1.9,
        taper=0.538,
        flare=-0.243,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (12.2, -10.9, 5.8, 5.2, 12.9),
                (19.2, -14.6, 4.3, 7.1, 4.0),
                (14.8, -26.7, 4.9, 8.6, 5.3),
            ),
            (-0.2, 0.48, 0.86),
            2.74,
        ),
        superior_process=Limb(
            (
                (19.7, -25.9, 4.8, 11.5, 5.1),
                (19.7, -29.1, 9.2, 2.7, 3.0),
                (16.2, -30.2, 16.9, 6.6, 2.8),
            ),
            (0.73, -0.69, 0.05),
            2.31,
        ),
        mammillary=Limb(
            ((20.6, -34.6, 6.0, 5.6, 4.1), (21.4, -39.5, 12.5, 6.2, 3.4)),
            (0.16, -0.99, -0.03),
            2.05,
        ),
        inferior_process=Limb(
            (
                (12.7, -27.5, 1.5, 4.0, 2.6),
                (14.7, -35.2, -15.6, 7.6, 4.6),
                (15.6, -35.1, -22.1, 5.9, 3.4),
            ),
            (0.86, -0.52, -0.02),
            2.07,
        ),
        lamina=Limb(
            (
                (13.2, -27.6, -4.2, 3.2, 2.8),
                (8.2, -32.8, -6.7, 14.1, 3.2),
                (0.0, -40.0, -5.0, 10.2, 4.2),
            ),
            (-0.27, 0.4, 0.88),
            3.49,
        ),
        transverse_process=Limb(
            (
                (22.3, -23.6, 1.5, 5.3, 4.9),
                (32.6, -27.3, 2.8, 5.0, 2.4),
                (42.3, -30.3, 4.8, 4.2, 1.9),
            ),
            (-0.01, -0.05, 1.0),
            1.9,
        ),
        spinous_process=Limb(
            (
                (0.0, -38.0, -0.9, 4.9, 1.8),
                (0.0, -51.4, -8.5, 10.9, 3.2),
                (0.0, -59.1, -11.7, 11.2, 3.3),
            ),
            (0.0, 0.1, 1.0),
            2.57,
        ),
        spinous_end=Limb(
            ((0.0, -65.8, -7.8, 2.5, 1.7), (0.0, -61.6, -16.4, 3.2, 3.0)),
            (0.0, 1.0, 0.0),
            1.9,
        ),
        fillet_mm=4.7,
        joint_mm=1.0,
    ),
    body_fillet_mm=5.7,
    canal_edge_mm=2.6,
)
