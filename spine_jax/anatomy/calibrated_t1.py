"""Calibrated parameters of T1; `calibrated_t12` says how they were found."""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T1 = VertebraShape(
    body=BodyShape(
        width_upper_mm=34.705,
        width_mid_mm=32.23,
        width_lower_mm=35.848,
        depth_upper_mm=19.491,
        depth_mid_mm=17.246,
        depth_lower_mm=19.622,
        height_anterior_mm=18.394,
        height_posterior_mm=20.452,
        concavity_upper_mm=1.602,
        concavity_lower_mm=1.758,
        posterior_wall_y_mm=-7.171,
        centre_z_mm=0.004,
        front_exponent=1.809,
        back_exponent=2.266,
        widest_fraction=0.312,
        back_hollow_mm=3.624,
        back_hollow_width_mm=8.065,
        waist_exponent=1.098,
        waist_back_fraction=0.367,
        edge_mm=6.662,
        hollow_radius=1.116,
        hollow_shift_mm=3.169,
        shift_lower_mm=1.523,
    ),
    canal=CanalShape(
        width_mm=21.969,
        depth_mm=20.333,
        centre_y_mm=-10.168,
        lean=-0.145,
        squareness=1.949,
        taper=0.137,
        flare=0.159,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (6.37, -2.98, -0.41, 4.79, 13.01),
                (8.14, 0.6, -1.88, 4.07, 2.84),
                (14.64, -12.38, 5.23, 4.15, 5.46),
            ),
            (-0.36, 0.57, 0.63),
            2.59,
        ),
        superior_process=Limb(
            (
                (13.15, -14.57, 8.59, 10.68, 2.24),
                (17.61, -15.81, 3.3, 4.27, 2.56),
                (22.24, -12.92, 13.64, 6.04, 2.24),
            ),
            (0.69, 0.01, 0.11),
            1.8,
        ),
        mammillary=Limb(
            (
                (29.85, -19.9, 5.11, 2.33, 5.65),
                (32.81, -22.85, 6.3, 2.24, 2.35),
            ),
            (0.03, -0.79, -0.33),
            1.81,
        ),
        inferior_process=Limb(
            (
                (8.73, -17.5, 7.87, 2.24, 2.24),
                (14.96, -19.84, -7.99, 5.84, 2.24),
                (9.16, -21.84, -6.7, 5.17, 2.24),
            ),
            (0.68, 0.24, -0.08),
            1.82,
        ),
        lamina=Limb(
            (
                (5.73, -22.66, 0.1, 3.0, 3.46),
                (7.39, -25.17, -6.45, 9.53, 2.24),
                (0.0, -25.89, -1.88, 6.38, 3.42),
            ),
            (-0.24, 0.33, 0.9),
            2.89,
        ),
        transverse_process=Limb(
            (
                (18.46, -16.27, 1.63, 4.8, 3.49),
                (32.37, -18.27, 8.17, 5.45, 3.7),
                (36.45, -20.45, 9.13, 4.47, 2.24),
            ),
            (0.03, 0.24, 0.89),
            2.05,
        ),
        spinous_process=Limb(
            (
                (0.0, -28.0, -5.2, 5.58, 4.75),
                (0.0, -42.51, -15.51, 4.29, 2.88),
                (0.0, -42.56, -10.39, 6.66, 2.24),
            ),
            (0.0, 0.09, 1.0),
            1.96,
        ),
        spinous_end=Limb(
            (
                (0.0, -51.13, -14.74, 2.24, 2.84),
                (0.0, -49.22, -18.36, 2.24, 2.96),
            ),
            (0.0, 1.0, 0.0),
            1.8,
        ),
        fillet_mm=5.5,
        joint_mm=1.6,
    ),
    body_fillet_mm=6.1,
    canal_edge_mm=3.3,
)
