"""Calibrated parameters of T6; `calibrated_t12` says how they were found."""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T6 = VertebraShape(
    body=BodyShape(
        width_upper_mm=32.914,
        width_mid_mm=28.607,
        width_lower_mm=36.254,
        depth_upper_mm=31.416,
        depth_mid_mm=27.052,
        depth_lower_mm=31.295,
        height_anterior_mm=22.116,
        height_posterior_mm=23.946,
        concavity_upper_mm=2.476,
        concavity_lower_mm=1.293,
        posterior_wall_y_mm=-11.917,
        centre_z_mm=0.668,
        front_exponent=1.922,
        back_exponent=2.567,
        widest_fraction=0.249,
        back_hollow_mm=3.745,
        back_hollow_width_mm=10.508,
        waist_exponent=1.345,
        waist_back_fraction=0.287,
        edge_mm=6.884,
        hollow_radius=1.174,
        hollow_shift_mm=2.982,
        shift_lower_mm=0.07,
    ),
    canal=CanalShape(
        width_mm=17.353,
        depth_mm=20.558,
        centre_y_mm=-15.94,
        lean=-0.1,
        squareness=1.92,
        taper=0.206,
        flare=0.105,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (3.67, -10.71, 1.16, 5.16, 8.83),
                (9.75, -9.22, 0.7, 5.51, 2.29),
                (10.67, -22.3, 7.47, 5.51, 3.9),
            ),
            (-0.39, 0.56, 0.62),
            2.66,
        ),
        superior_process=Limb(
            (
                (10.67, -23.91, 7.12, 11.82, 2.41),
                (10.56, -22.99, 7.93, 5.16, 2.29),
                (8.49, -22.76, 18.14, 6.08, 2.29),
            ),
            (0.68, 0.11, 0.1),
            1.8,
        ),
        mammillary=Limb(
            (
                (21.23, -30.33, 5.75, 2.29, 6.31),
                (21.23, -33.09, 8.96, 2.29, 2.29),
            ),
            (-0.04, -0.97, -0.11),
            1.85,
        ),
        inferior_process=Limb(
            (
                (4.13, -26.32, 9.53, 2.52, 2.29),
                (10.1, -29.53, -11.69, 5.39, 2.29),
                (10.56, -29.53, -13.76, 4.59, 2.29),
            ),
            (0.65, 0.3, -0.09),
            1.8,
        ),
        lamina=Limb(
            (
                (3.9, -29.99, 1.96, 4.25, 2.64),
                (5.85, -31.82, -6.53, 12.62, 2.52),
                (0.0, -33.09, -4.0, 10.1, 3.44),
            ),
            (-0.29, 0.18, 0.94),
            3.08,
        ),
        transverse_process=Limb(
            (
                (14.11, -26.43, 2.31, 4.93, 3.56),
                (28.34, -35.04, 4.94, 5.97, 4.59),
                (31.55, -38.02, 5.17, 4.59, 2.29),
            ),
            (-0.03, 0.09, 0.93),
            2.12,
        ),
        spinous_process=Limb(
            (
                (0.0, -33.43, -4.92, 4.02, 3.21),
                (0.0, -43.18, -27.3, 5.39, 2.29),
                (0.0, -40.31, -28.1, 12.05, 2.29),
            ),
            (0.0, 0.09, 1.0),
            1.94,
        ),
        spinous_end=Limb(
            (
                (0.0, -48.35, -29.82, 2.29, 2.29),
                (0.0, -46.97, -36.93, 2.52, 2.29),
            ),
            (0.0, 1.0, 0.0),
            1.8,
        ),
        fillet_mm=4.9,
        joint_mm=1.6,
    ),
    body_fillet_mm=7.3,
    canal_edge_mm=3.0,
)
