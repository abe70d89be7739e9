"""Calibrated parameters of C5; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

C5 = VertebraShape(
    body=BodyShape(
        width_upper_mm=26.5,
        width_mid_mm=23.74,
        width_lower_mm=23.06,
        depth_upper_mm=19.41,
        depth_mid_mm=18.36,
        depth_lower_mm=20.85,
        height_anterior_mm=14.09,
        height_posterior_mm=15.84,
        concavity_upper_mm=0.42,
        concavity_lower_mm=1.93,
        posterior_wall_y_mm=-8.25,
        centre_z_mm=-0.53,
        front_exponent=1.89,
        back_exponent=2.79,
        widest_fraction=0.48,
        back_hollow_mm=1.78,
        back_hollow_width_mm=7.1,
        waist_exponent=1.42,
        waist_back_fraction=0.37,
        edge_mm=5.16,
        hollow_radius=0.96,
        hollow_shift_mm=1.22,
        shift_lower_mm=2.4,
    ),
    canal=CanalShape(
        width_mm=21.48,
        depth_mm=18.96,
        centre_y_mm=-15.4,
        lean=0.07,
        squareness=1.8,
        taper=0.07,
        flare=-0.22,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (11.88, -3.82, 1.58, 5.02, 4.12),
                (18.06, -8.41, 1.75, 2.06, 3.26),
                (25.35, -9.64, 3.12, 7.41, 2.06),
            ),
            (0.16, 0.17, 0.96),
            1.8,
        ),
        superior_process=Limb(
            (
                (21.36, -12.85, 1.58, 5.4, 2.27),
                (24.32, -9.83, 10.21, 4.22, 2.06),
            ),
            (0.91, -0.19, 0.18),
            2.44,
        ),
        mammillary=Limb(
            (
                (15.91, -15.41, -4.61, 2.65, 2.47),
                (21.7, -11.17, 7.84, 5.6, 2.06),
            ),
            (0.96, -0.07, -0.02),
            2.62,
        ),
        inferior_process=Limb(
            (
                (22.27, -14.32, -2.51, 6.67, 2.92),
                (22.43, -15.5, -8.24, 6.82, 2.06),
            ),
            (1.07, 0.21, 0.08),
            1.8,
        ),
        lamina=Limb(
            (
                (17.88, -12.14, 1.35, 6.54, 2.29),
                (7.51, -21.45, -3.84, 5.48, 2.29),
                (0.0, -27.65, -5.04, 5.79, 2.29),
            ),
            (1.32, 1.15, 0.37),
            1.8,
        ),
        transverse_process=Limb(
            (
                (20.76, -11.4, 2.5, 2.76, 4.85),
                (24.57, -6.57, 5.18, 2.29, 2.29),
                (29.44, -0.63, -1.22, 2.29, 2.29),
            ),
            (-0.12, 0.12, 0.98),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -31.69, -12.93, 2.98, 2.98),
                (0.0, -33.17, -9.77, 2.98, 2.98),
            ),
            (0.0, 0.0, 1.0),
            1.8,
        ),
        spinous_end=Limb(
            (
                (2.76, -25.65, -2.63, 2.98, 2.98),
                (4.54, -38.69, -19.24, 2.98, 2.98),
            ),
            (0.27, 0.94, 0.08),
            1.8,
        ),
        fillet_mm=3.64,
        joint_mm=1.57,
        uncinate=Limb(
            (
                (11.63, 2.39, 8.83, 3.08, 2.06),
                (10.73, -5.15, 6.98, 3.84, 2.06),
            ),
            (0.34, -0.03, 0.82),
            1.8,
        ),
        costal_bar=Limb(
            (
                (11.26, -0.23, 2.37, 4.84, 2.29),
                (21.4, 5.01, 4.22, 2.52, 2.29),
                (22.09, 2.47, -2.02, 2.29, 2.29),
            ),
            (-0.14, -0.06, 0.98),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (23.78, 1.36, -2.71, 2.29, 2.29),
                (23.11, -7.91, 2.41, 2.29, 2.29),
            ),
            (0.13, -0.04, 1.0),
            1.8,
        ),
        foramen=Limb(
            (
                (18.55, 2.86, -14.417, 2.6, 2.64),
                (23.0, -5.73, 17.692, 3.13, 3.45),
            ),
            (0.3, 0.95, -0.04),
            1.85,
        ),
    ),
    body_fillet_mm=4.31,
    canal_edge_mm=2.29,
)
