"""Calibrated parameters of T3; `calibrated_t12` says how they were found."""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T3 = VertebraShape(
    body=BodyShape(
        width_upper_mm=30.877,
        width_mid_mm=27.669,
        width_lower_mm=35.405,
        depth_upper_mm=25.093,
        depth_mid_mm=21.037,
        depth_lower_mm=24.684,
        height_anterior_mm=21.321,
        height_posterior_mm=21.866,
        concavity_upper_mm=2.692,
        concavity_lower_mm=1.757,
        posterior_wall_y_mm=-9.029,
        centre_z_mm=0.613,
        front_exponent=1.844,
        back_exponent=2.567,
        widest_fraction=0.225,
        back_hollow_mm=3.857,
        back_hollow_width_mm=10.029,
        waist_exponent=1.138,
        waist_back_fraction=0.353,
        edge_mm=6.899,
        hollow_radius=1.2,
        hollow_shift_mm=3.061,
        shift_lower_mm=0.148,
    ),
    canal=CanalShape(
        width_mm=17.831,
        depth_mm=21.127,
        centre_y_mm=-12.737,
        lean=-0.144,
        squareness=1.897,
        taper=0.16,
        flare=0.144,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (4.01, -7.55, 1.17, 5.17, 9.08),
                (8.77, -4.67, 0.27, 4.98, 2.3),
                (11.2, -17.05, 6.97, 5.14, 3.62),
            ),
            (-0.4, 0.56, 0.61),
            2.66,
        ),
        superior_process=Limb(
            (
                (9.68, -18.35, 8.53, 11.21, 2.3),
                (11.27, -18.27, 4.97, 4.69, 2.3),
                (11.47, -17.15, 16.06, 5.93, 2.3),
            ),
            (0.69, 0.06, 0.09),
            1.8,
        ),
        mammillary=Limb(
            (
                (24.24, -25.02, 4.84, 2.38, 5.88),
                (24.78, -27.5, 7.66, 2.3, 2.4),
            ),
            (-0.21, -0.93, -0.04),
            1.83,
        ),
        inferior_process=Limb(
            (
                (5.91, -20.87, 9.31, 2.3, 2.3),
                (10.82, -25.29, -10.31, 5.85, 2.3),
                (10.28, -24.87, -6.21, 4.93, 2.3),
            ),
            (0.68, 0.23, -0.06),
            1.8,
        ),
        lamina=Limb(
            (
                (3.35, -26.27, 0.89, 2.97, 3.09),
                (6.29, -28.36, -6.1, 10.24, 2.3),
                (0.0, -28.56, -3.1, 7.11, 4.09),
            ),
            (-0.29, 0.32, 0.89),
            3.01,
        ),
        transverse_process=Limb(
            (
                (15.06, -21.5, 2.5, 4.66, 3.32),
                (28.85, -28.8, 7.0, 6.62, 3.63),
                (31.77, -30.85, 8.66, 4.54, 2.3),
            ),
            (-0.02, 0.09, 0.93),
            2.17,
        ),
        spinous_process=Limb(
            (
                (0.0, -30.37, -4.42, 4.86, 3.73),
                (0.0, -43.67, -18.76, 4.29, 2.3),
                (0.0, -42.35, -14.71, 7.45, 2.3),
            ),
            (0.0, 0.09, 1.0),
            1.99,
        ),
        spinous_end=Limb(
            (
                (0.0, -50.7, -17.37, 2.3, 2.3),
                (0.0, -49.01, -23.74, 2.3, 2.3),
            ),
            (0.0, 1.0, -0.0),
            1.8,
        ),
        fillet_mm=5.3,
        joint_mm=1.6,
    ),
    body_fillet_mm=7.1,
    canal_edge_mm=3.1,
)
