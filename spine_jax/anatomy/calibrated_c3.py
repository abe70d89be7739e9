"""Calibrated parameters of C3; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

C3 = VertebraShape(
    body=BodyShape(
        width_upper_mm=22.53,
        width_mid_mm=21.79,
        width_lower_mm=17.77,
        depth_upper_mm=18.75,
        depth_mid_mm=18.35,
        depth_lower_mm=20.84,
        height_anterior_mm=14.98,
        height_posterior_mm=16.79,
        concavity_upper_mm=-0.13,
        concavity_lower_mm=1.35,
        posterior_wall_y_mm=-8.4,
        centre_z_mm=-0.58,
        front_exponent=2.32,
        back_exponent=2.63,
        widest_fraction=0.34,
        back_hollow_mm=0.27,
        back_hollow_width_mm=6.76,
        waist_exponent=1.6,
        waist_back_fraction=0.57,
        edge_mm=4.92,
        hollow_radius=0.96,
        hollow_shift_mm=1.48,
        shift_lower_mm=2.81,
    ),
    canal=CanalShape(
        width_mm=22.39,
        depth_mm=16.98,
        centre_y_mm=-15.67,
        lean=0.06,
        squareness=1.89,
        taper=0.14,
        flare=-0.18,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (9.81, -3.0, 0.94, 6.43, 1.99),
                (13.43, -6.52, 2.42, 3.4, 2.25),
                (20.7, -9.45, -0.48, 5.95, 2.65),
            ),
            (0.17, 0.4, 0.86),
            1.8,
        ),
        superior_process=Limb(
            (
                (19.86, -10.33, -0.98, 5.79, 1.96),
                (21.68, -11.21, 5.66, 3.37, 2.05),
            ),
            (0.9, -0.21, 0.17),
            2.55,
        ),
        mammillary=Limb(
            (
                (19.47, -13.55, -5.0, 3.9, 3.43),
                (19.89, -12.69, 2.45, 6.09, 1.96),
            ),
            (0.92, -0.28, 0.04),
            2.81,
        ),
        inferior_process=Limb(
            (
                (21.69, -12.1, -2.72, 6.86, 2.42),
                (19.55, -15.75, -9.27, 5.04, 1.96),
            ),
            (0.98, 0.29, -0.03),
            1.8,
        ),
        lamina=Limb(
            (
                (15.98, -14.63, -6.69, 6.46, 2.97),
                (9.25, -20.19, -4.66, 6.31, 2.95),
                (0.0, -28.4, -9.14, 6.59, 2.18),
            ),
            (1.42, 1.25, 0.61),
            1.8,
        ),
        transverse_process=Limb(
            (
                (21.66, -9.43, -1.53, 2.3, 3.34),
                (24.58, -3.69, 1.27, 2.18, 2.18),
                (29.02, -1.04, -0.65, 2.7, 2.18),
            ),
            (0.15, -0.1, 0.97),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -29.75, -12.01, 2.7, 2.16),
                (0.0, -31.61, -14.69, 2.39, 2.73),
            ),
            (0.0, 0.0, 1.0),
            1.84,
        ),
        spinous_end=Limb(
            (
                (3.84, -25.19, -8.79, 3.76, 2.13),
                (5.14, -34.06, -19.53, 1.96, 1.96),
            ),
            (0.22, 0.95, 0.06),
            2.1,
        ),
        fillet_mm=3.8,
        joint_mm=1.39,
        uncinate=Limb(
            (
                (11.23, 0.08, 7.07, 4.07, 2.41),
                (8.72, -6.0, 7.58, 3.29, 1.96),
            ),
            (0.46, -0.08, 0.77),
            1.85,
        ),
        costal_bar=Limb(
            (
                (11.67, -2.23, 3.67, 4.53, 2.18),
                (22.26, 2.87, 5.87, 2.18, 2.18),
                (22.27, 1.24, 2.54, 2.18, 2.38),
            ),
            (0.09, -0.14, 0.99),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (25.53, 0.37, 0.37, 2.51, 2.18),
                (21.87, -3.5, 0.87, 2.18, 2.18),
            ),
            (0.01, 0.0, 1.0),
            1.85,
        ),
        foramen=Limb(
            (
                (16.3, 2.15, -16.406, 2.85, 3.09),
                (19.65, -4.62, 14.16, 3.25, 3.4),
            ),
            (0.04, 1.0, 0.01),
            2.03,
        ),
    ),
    body_fillet_mm=5.03,
    canal_edge_mm=2.18,
)
