"""Calibrated parameters of T9; `calibrated_t12` says how they were found."""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T9 = VertebraShape(
    body=BodyShape(
        width_upper_mm=38.179,
        width_mid_mm=33.618,
        width_lower_mm=42.363,
        depth_upper_mm=34.166,
        depth_mid_mm=30.794,
        depth_lower_mm=34.364,
        height_anterior_mm=22.882,
        height_posterior_mm=23.58,
        concavity_upper_mm=2.289,
        concavity_lower_mm=1.883,
        posterior_wall_y_mm=-14.109,
        centre_z_mm=0.371,
        front_exponent=2.103,
        back_exponent=2.465,
        widest_fraction=0.315,
        back_hollow_mm=3.366,
        back_hollow_width_mm=10.232,
        waist_exponent=1.389,
        waist_back_fraction=0.335,
        edge_mm=6.714,
        hollow_radius=1.095,
        hollow_shift_mm=2.756,
        shift_lower_mm=-0.317,
    ),
    canal=CanalShape(
        width_mm=17.094,
        depth_mm=19.519,
        centre_y_mm=-17.747,
        lean=-0.14,
        squareness=1.927,
        taper=0.228,
        flare=0.088,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (3.8, -12.45, 2.75, 5.26, 10.29),
                (10.97, -12.12, 2.52, 5.71, 2.8),
                (11.41, -24.2, 7.67, 6.83, 4.14),
            ),
            (-0.29, 0.55, 0.69),
            2.65,
        ),
        superior_process=Limb(
            (
                (11.08, -24.65, 8.46, 11.86, 2.46),
                (10.97, -24.87, 8.34, 4.59, 2.24),
                (9.85, -24.98, 17.85, 6.49, 2.24),
            ),
            (0.7, 0.12, -0.02),
            1.8,
        ),
        mammillary=Limb(
            (
                (20.03, -32.82, 4.09, 2.24, 6.38),
                (19.58, -35.95, 7.78, 2.24, 2.24),
            ),
            (0.12, -0.97, -0.11),
            1.8,
        ),
        inferior_process=Limb(
            (
                (4.59, -27.0, 9.13, 2.24, 2.69),
                (10.63, -31.03, -11.91, 5.59, 2.24),
                (10.07, -30.92, -13.92, 4.48, 2.24),
            ),
            (0.7, 0.18, -0.11),
            1.8,
        ),
        lamina=Limb(
            (
                (4.48, -30.92, 2.3, 3.92, 2.46),
                (5.93, -33.6, -6.2, 12.31, 2.69),
                (0.0, -34.38, -3.85, 9.73, 3.8),
            ),
            (-0.32, 0.24, 0.92),
            3.16,
        ),
        transverse_process=Limb(
            (
                (14.43, -27.33, 2.64, 5.82, 3.24),
                (26.63, -36.96, 3.42, 5.71, 5.15),
                (29.32, -39.87, 2.64, 4.25, 2.57),
            ),
            (0.18, 0.28, 0.93),
            2.07,
        ),
        spinous_process=Limb(
            (
                (0.0, -34.83, -4.3, 4.36, 2.69),
                (0.0, -47.7, -19.97, 6.15, 2.24),
                (0.0, -47.14, -21.42, 9.4, 2.24),
            ),
            (0.0, 0.09, 1.0),
            2.27,
        ),
        spinous_end=Limb(
            (
                (0.0, -55.31, -20.75, 2.35, 2.24),
                (0.0, -54.08, -27.13, 2.69, 2.24),
            ),
            (0.0, 1.0, -0.0),
            1.8,
        ),
        fillet_mm=5.5,
        joint_mm=1.5,
    ),
    body_fillet_mm=7.5,
    canal_edge_mm=2.9,
)
