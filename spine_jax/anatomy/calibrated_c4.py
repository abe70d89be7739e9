"""Calibrated parameters of C4; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

C4 = VertebraShape(
    body=BodyShape(
        width_upper_mm=24.52,
        width_mid_mm=22.81,
        width_lower_mm=19.94,
        depth_upper_mm=17.9,
        depth_mid_mm=17.75,
        depth_lower_mm=19.25,
        height_anterior_mm=13.79,
        height_posterior_mm=15.85,
        concavity_upper_mm=0.25,
        concavity_lower_mm=1.51,
        posterior_wall_y_mm=-7.75,
        centre_z_mm=-0.57,
        front_exponent=2.06,
        back_exponent=2.75,
        widest_fraction=0.39,
        back_hollow_mm=1.91,
        back_hollow_width_mm=6.62,
        waist_exponent=1.53,
        waist_back_fraction=0.42,
        edge_mm=3.72,
        hollow_radius=1.02,
        hollow_shift_mm=1.13,
        shift_lower_mm=3.0,
    ),
    canal=CanalShape(
        width_mm=24.27,
        depth_mm=16.83,
        centre_y_mm=-15.87,
        lean=0.14,
        squareness=1.85,
        taper=0.37,
        flare=-0.21,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (10.21, -2.48, 0.69, 5.26, 2.97),
                (14.52, -5.28, 2.28, 3.34, 2.86),
                (23.3, -10.47, 0.45, 6.2, 3.54),
            ),
            (0.15, 0.24, 0.94),
            1.8,
        ),
        superior_process=Limb(
            (
                (23.07, -12.51, 2.76, 5.09, 2.96),
                (24.51, -9.64, 8.99, 5.17, 2.11),
            ),
            (0.9, -0.22, 0.18),
            2.43,
        ),
        mammillary=Limb(
            (
                (20.2, -13.72, -2.1, 2.69, 3.85),
                (21.7, -12.13, 5.9, 6.08, 1.93),
            ),
            (0.96, -0.15, 0.02),
            2.64,
        ),
        inferior_process=Limb(
            (
                (23.72, -12.35, -2.69, 6.11, 3.39),
                (22.22, -15.21, -9.87, 5.78, 1.95),
            ),
            (0.98, 0.26, -0.02),
            1.8,
        ),
        lamina=Limb(
            (
                (18.04, -13.12, -3.59, 8.32, 2.2),
                (6.43, -23.03, -6.36, 5.32, 2.15),
                (0.0, -28.54, -8.49, 7.01, 2.15),
            ),
            (1.13, 0.97, 0.38),
            1.8,
        ),
        transverse_process=Limb(
            (
                (20.42, -9.64, 1.18, 2.85, 3.55),
                (24.16, -5.13, 1.64, 2.15, 2.15),
                (27.61, -3.71, 0.34, 2.15, 2.15),
            ),
            (-0.01, 0.01, 1.0),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -29.2, -11.99, 3.12, 1.98),
                (0.0, -31.02, -14.43, 1.93, 2.64),
            ),
            (0.0, -0.0, 1.0),
            1.8,
        ),
        spinous_end=Limb(
            (
                (4.22, -25.4, -10.15, 4.23, 1.93),
                (5.46, -34.68, -17.74, 1.93, 1.93),
            ),
            (0.24, 0.95, 0.06),
            1.98,
        ),
        fillet_mm=3.57,
        joint_mm=1.59,
        uncinate=Limb(
            (
                (12.74, 0.49, 7.38, 4.09, 1.93),
                (11.31, -6.84, 7.61, 3.7, 1.93),
            ),
            (0.35, -0.03, 0.84),
            1.8,
        ),
        costal_bar=Limb(
            (
                (12.77, -1.12, 2.47, 4.75, 2.15),
                (23.24, 2.7, 2.91, 2.15, 2.15),
                (21.65, 0.55, -0.15, 2.15, 2.15),
            ),
            (0.05, -0.12, 1.0),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (26.19, 1.08, -1.93, 2.15, 2.31),
                (22.26, -4.21, -0.62, 2.15, 2.15),
            ),
            (0.02, -0.01, 1.0),
            1.87,
        ),
        foramen=Limb(
            (
                (16.96, 1.41, -14.927, 3.03, 3.07),
                (20.34, -5.91, 15.117, 3.56, 3.5),
            ),
            (0.08, 1.0, 0.0),
            2.19,
        ),
    ),
    body_fillet_mm=4.96,
    canal_edge_mm=2.15,
)
