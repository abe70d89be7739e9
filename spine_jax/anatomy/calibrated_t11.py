"""Calibrated parameters of T11; `calibrated_t12` says how they were found."""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T11 = VertebraShape(
    body=BodyShape(
        width_upper_mm=43.671,
        width_mid_mm=38.976,
        width_lower_mm=48.752,
        depth_upper_mm=35.699,
        depth_mid_mm=31.416,
        depth_lower_mm=35.615,
        height_anterior_mm=25.824,
        height_posterior_mm=27.032,
        concavity_upper_mm=1.953,
        concavity_lower_mm=1.836,
        posterior_wall_y_mm=-13.966,
        centre_z_mm=0.318,
        front_exponent=2.033,
        back_exponent=2.416,
        widest_fraction=0.269,
        back_hollow_mm=3.371,
        back_hollow_width_mm=9.688,
        waist_exponent=1.252,
        waist_back_fraction=0.348,
        edge_mm=6.546,
        hollow_radius=1.035,
        hollow_shift_mm=2.599,
        shift_lower_mm=-0.32,
    ),
    canal=CanalShape(
        width_mm=20.006,
        depth_mm=20.382,
        centre_y_mm=-17.863,
        lean=-0.119,
        squareness=1.824,
        taper=0.303,
        flare=0.044,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (6.0, -11.76, 3.86, 6.44, 10.91),
                (15.06, -14.81, 2.66, 7.31, 3.93),
                (12.98, -25.72, 6.48, 9.82, 4.04),
            ),
            (-0.04, 0.47, 0.85),
            2.6,
        ),
        superior_process=Limb(
            (
                (12.22, -25.83, 8.34, 11.56, 3.27),
                (13.31, -25.4, 8.99, 4.25, 2.18),
                (11.13, -24.74, 18.59, 6.55, 2.18),
            ),
            (0.7, 0.12, 0.01),
            1.8,
        ),
        mammillary=Limb(
            (
                (21.38, -33.36, 4.19, 2.51, 5.67),
                (17.24, -36.2, 9.75, 2.18, 2.18),
            ),
            (0.13, -0.97, -0.11),
            1.81,
        ),
        inferior_process=Limb(
            (
                (6.55, -26.27, 8.55, 2.18, 3.16),
                (10.26, -34.34, -14.58, 5.13, 2.18),
                (9.71, -33.47, -15.01, 5.13, 2.18),
            ),
            (0.84, -0.3, -0.05),
            1.8,
        ),
        lamina=Limb(
            (
                (8.4, -29.43, 1.68, 4.25, 2.18),
                (5.78, -33.03, -5.74, 12.87, 2.18),
                (0.0, -36.85, -6.28, 10.26, 4.04),
            ),
            (-0.31, 0.22, 0.93),
            3.31,
        ),
        transverse_process=Limb(
            (
                (16.04, -26.6, 3.64, 5.02, 3.71),
                (22.15, -36.09, 4.08, 4.04, 2.29),
                (24.77, -38.16, 2.44, 4.25, 3.27),
            ),
            (0.05, 0.11, 1.0),
            1.81,
        ),
        spinous_process=Limb(
            (
                (0.0, -35.11, -3.56, 4.36, 2.84),
                (0.0, -46.67, -11.85, 7.75, 2.4),
                (0.0, -47.0, -13.81, 9.6, 2.4),
            ),
            (0.0, 0.09, 1.0),
            2.52,
        ),
        spinous_end=Limb(
            (
                (0.0, -55.29, -10.21, 2.18, 2.95),
                (0.0, -53.76, -17.96, 3.05, 2.51),
            ),
            (0.0, 1.0, 0.0),
            1.8,
        ),
        fillet_mm=5.6,
        joint_mm=1.3,
    ),
    body_fillet_mm=7.7,
    canal_edge_mm=2.6,
)
