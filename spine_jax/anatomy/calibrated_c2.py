"""Calibrated parameters of C2; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import AxisShape

C2 = AxisShape(
    body=BodyShape(
        width_upper_mm=23.5,
        width_mid_mm=21.16,
        width_lower_mm=16.78,
        depth_upper_mm=14.79,
        depth_mid_mm=17.8,
        depth_lower_mm=19.6,
        height_anterior_mm=27.9,
        height_posterior_mm=17.4,
        concavity_upper_mm=-0.3,
        concavity_lower_mm=2.21,
        posterior_wall_y_mm=-8.91,
        centre_z_mm=-5.05,
        front_exponent=2.09,
        back_exponent=2.79,
        widest_fraction=0.46,
        back_hollow_mm=0.59,
        back_hollow_width_mm=5.99,
        waist_exponent=1.23,
        waist_back_fraction=0.21,
        edge_mm=4.81,
        hollow_radius=0.75,
        hollow_shift_mm=0.82,
        shift_lower_mm=0.34,
    ),
    canal=CanalShape(
        width_mm=23.17,
        depth_mm=22.14,
        centre_y_mm=-18.64,
        lean=0.03,
        squareness=1.8,
        taper=0.05,
        flare=0.1,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (10.56, -3.09, -0.6, 6.87, 3.92),
                (17.91, -12.49, -5.38, 4.31, 1.93),
                (13.16, -19.24, -8.84, 7.01, 2.64),
            ),
            (0.09, -0.15, 0.99),
            2.22,
        ),
        superior_process=Limb(
            (
                (12.88, -1.8, 1.73, 8.88, 3.6),
                (23.46, -1.82, -1.65, 6.07, 2.7),
            ),
            (-0.06, 0.98, -0.06),
            1.8,
        ),
        mammillary=Limb(
            (
                (15.92, -9.21, -0.74, 5.12, 2.68),
                (20.27, -8.27, -0.84, 4.14, 2.36),
            ),
            (0.06, 0.93, 0.3),
            2.06,
        ),
        inferior_process=Limb(
            (
                (17.69, -15.23, -6.89, 4.35, 4.79),
                (20.64, -17.17, -12.67, 7.14, 2.56),
            ),
            (0.96, 0.16, -0.07),
            1.92,
        ),
        lamina=Limb(
            (
                (17.26, -18.47, -10.2, 4.97, 4.76),
                (7.25, -28.91, -8.41, 7.23, 2.52),
                (0.0, -36.99, -9.24, 5.72, 3.21),
            ),
            (-0.12, 0.38, 0.9),
            1.9,
        ),
        transverse_process=Limb(
            (
                (20.59, -11.46, -6.72, 2.81, 3.41),
                (23.91, -7.98, -9.05, 2.15, 3.02),
                (28.63, -7.65, -11.85, 2.15, 2.15),
            ),
            (-0.03, 0.04, 0.99),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -29.8, -4.91, 6.45, 2.87),
                (0.0, -45.0, -9.64, 2.79, 2.79),
            ),
            (0.0, 0.0, 1.0),
            1.8,
        ),
        spinous_end=Limb(
            (
                (5.6, -37.5, -13.32, 2.79, 2.79),
                (4.2, -47.2, -14.0, 2.79, 2.79),
            ),
            (-0.22, 0.05, 0.97),
            1.8,
        ),
        fillet_mm=4.1,
        joint_mm=1.8,
        uncinate=Limb(
            (
                (8.8, -1.07, -6.14, 5.89, 4.22),
                (17.98, 2.85, -1.03, 3.89, 2.46),
            ),
            (0.01, -0.05, 1.0),
            1.82,
        ),
        costal_bar=Limb(
            (
                (8.97, 2.62, 1.41, 3.06, 2.92),
                (21.55, 0.8, -5.92, 2.15, 2.48),
                (25.76, -3.91, -8.93, 2.15, 2.15),
            ),
            (0.24, 0.97, 0.35),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (24.96, -4.46, -9.12, 2.21, 2.15),
                (29.25, -6.2, -12.05, 2.15, 2.15),
            ),
            (0.05, 0.09, 0.99),
            2.05,
        ),
        foramen=Limb(
            (
                (17.36, -4.77, -16.649, 2.4, 2.5),
                (21.36, -5.07, -6.3, 2.82, 3.26),
                (34.71, -7.47, -2.136, 2.4, 2.36),
            ),
            (-0.2, 0.81, 0.36),
            2.19,
        ),
    ),
    body_fillet_mm=4.69,
    canal_edge_mm=2.15,
    dens=Limb(
        (
            (0.0, 0.38, 4.78, 5.46, 7.49),
            (0.0, -0.46, 16.88, 5.55, 6.25),
            (0.0, -0.64, 20.09, 3.84, 4.56),
        ),
        (1.0, 0.15, 0.08),
        2.26,
    ),
)
