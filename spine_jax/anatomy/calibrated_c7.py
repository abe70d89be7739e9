"""Calibrated parameters of C7; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

C7 = VertebraShape(
    body=BodyShape(
        width_upper_mm=24.95,
        width_mid_mm=27.55,
        width_lower_mm=30.36,
        depth_upper_mm=20.8,
        depth_mid_mm=18.24,
        depth_lower_mm=20.76,
        height_anterior_mm=17.28,
        height_posterior_mm=17.45,
        concavity_upper_mm=1.41,
        concavity_lower_mm=1.34,
        posterior_wall_y_mm=-8.74,
        centre_z_mm=0.34,
        front_exponent=1.74,
        back_exponent=2.34,
        widest_fraction=0.55,
        back_hollow_mm=1.22,
        back_hollow_width_mm=6.49,
        waist_exponent=1.0,
        waist_back_fraction=0.45,
        edge_mm=6.68,
        hollow_radius=0.78,
        hollow_shift_mm=1.28,
        shift_lower_mm=2.04,
    ),
    canal=CanalShape(
        width_mm=20.07,
        depth_mm=16.34,
        centre_y_mm=-13.94,
        lean=0.03,
        squareness=1.8,
        taper=-0.16,
        flare=-0.2,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (12.6, -6.27, 3.34, 5.01, 5.07),
                (18.46, -12.6, 1.01, 2.1, 2.48),
                (28.44, -10.42, 5.82, 8.24, 2.0),
            ),
            (0.45, -0.14, 0.83),
            2.03,
        ),
        superior_process=Limb(
            (
                (22.02, -15.92, -3.93, 5.04, 2.16),
                (23.04, -10.88, 13.4, 4.01, 2.0),
            ),
            (0.81, 0.36, 0.04),
            1.94,
        ),
        mammillary=Limb(
            (
                (18.25, -19.21, -8.41, 2.72, 2.0),
                (21.84, -13.23, 10.61, 6.68, 2.0),
            ),
            (0.94, 0.06, -0.02),
            2.87,
        ),
        inferior_process=Limb(
            (
                (18.53, -18.73, -2.36, 7.2, 2.0),
                (12.04, -19.92, -12.27, 4.35, 2.0),
            ),
            (1.09, 0.25, 0.06),
            1.8,
        ),
        lamina=Limb(
            (
                (16.13, -13.26, 6.16, 5.21, 2.42),
                (14.74, -16.06, 0.21, 7.5, 2.71),
                (0.0, -28.86, -6.45, 8.56, 4.77),
            ),
            (2.97, 2.35, 0.72),
            1.8,
        ),
        transverse_process=Limb(
            (
                (19.31, -12.4, 2.6, 2.26, 4.78),
                (27.69, -10.32, 5.47, 2.23, 2.23),
                (34.64, -7.39, 2.96, 2.23, 2.23),
            ),
            (-0.06, 0.15, 0.98),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -33.65, -10.83, 5.24, 4.32),
                (0.0, -48.38, -16.14, 3.77, 2.89),
            ),
            (0.0, -0.0, 1.0),
            2.2,
        ),
        spinous_end=Limb(
            (
                (0.9, -44.53, -16.46, 4.01, 3.25),
                (1.18, -50.75, -19.91, 3.77, 2.89),
            ),
            (-0.19, 0.93, 0.01),
            1.8,
        ),
        fillet_mm=3.57,
        joint_mm=0.89,
        uncinate=Limb(
            (
                (13.41, -3.18, 8.27, 4.1, 2.0),
                (10.07, -7.57, 4.69, 2.88, 2.0),
            ),
            (0.42, -0.08, 0.77),
            1.93,
        ),
        costal_bar=Limb(
            (
                (11.2, -2.55, 0.35, 4.36, 2.23),
                (22.91, -1.57, 1.54, 2.23, 2.23),
                (25.18, -2.83, 1.32, 2.23, 2.23),
            ),
            (0.03, -0.38, 0.91),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (25.3, -4.55, 0.47, 2.23, 2.23),
                (30.73, -9.72, 3.4, 2.23, 2.23),
            ),
            (0.07, -0.06, 1.0),
            1.8,
        ),
        foramen=Limb(
            (
                (20.03, -0.2, -13.02, 2.4, 2.44),
                (25.52, -8.97, 18.155, 2.4, 2.43),
            ),
            (0.54, 0.8, -0.12),
            1.8,
        ),
    ),
    body_fillet_mm=4.06,
    canal_edge_mm=2.23,
)
