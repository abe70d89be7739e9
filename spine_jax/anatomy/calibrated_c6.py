"""Calibrated parameters of C6; `calibrated_c1` says how they were found."""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

C6 = VertebraShape(
    body=BodyShape(
        width_upper_mm=27.11,
        width_mid_mm=27.19,
        width_lower_mm=26.69,
        depth_upper_mm=19.36,
        depth_mid_mm=17.47,
        depth_lower_mm=21.95,
        height_anterior_mm=15.16,
        height_posterior_mm=14.92,
        concavity_upper_mm=1.24,
        concavity_lower_mm=1.52,
        posterior_wall_y_mm=-8.31,
        centre_z_mm=0.11,
        front_exponent=2.04,
        back_exponent=2.71,
        widest_fraction=0.5,
        back_hollow_mm=1.21,
        back_hollow_width_mm=7.57,
        waist_exponent=1.28,
        waist_back_fraction=0.48,
        edge_mm=6.81,
        hollow_radius=0.77,
        hollow_shift_mm=1.11,
        shift_lower_mm=1.95,
    ),
    canal=CanalShape(
        width_mm=22.24,
        depth_mm=20.41,
        centre_y_mm=-15.19,
        lean=0.03,
        squareness=1.8,
        taper=0.03,
        flare=-0.27,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (12.61, -4.42, 3.35, 5.48, 4.59),
                (21.13, -11.75, 2.84, 2.04, 2.7),
                (25.81, -11.82, 3.14, 7.81, 2.04),
            ),
            (0.3, 0.16, 0.93),
            1.8,
        ),
        superior_process=Limb(
            (
                (20.05, -14.96, -0.12, 4.25, 2.04),
                (23.85, -9.0, 12.08, 3.97, 2.04),
            ),
            (0.8, 0.35, 0.03),
            1.87,
        ),
        mammillary=Limb(
            (
                (17.19, -16.88, -5.47, 2.04, 2.04),
                (20.97, -11.09, 8.86, 5.44, 2.04),
            ),
            (0.92, 0.19, -0.11),
            2.62,
        ),
        inferior_process=Limb(
            (
                (21.43, -15.68, -0.79, 5.59, 2.57),
                (21.78, -16.14, -7.69, 4.56, 2.04),
            ),
            (1.06, 0.27, 0.06),
            1.8,
        ),
        lamina=Limb(
            (
                (16.97, -12.55, 3.58, 4.93, 2.27),
                (11.78, -18.09, -1.44, 7.03, 2.61),
                (0.0, -29.67, -5.29, 6.41, 3.83),
            ),
            (1.97, 1.86, 0.44),
            1.8,
        ),
        transverse_process=Limb(
            (
                (21.26, -9.63, 3.31, 2.27, 5.38),
                (25.63, -6.61, 4.71, 2.27, 2.27),
                (29.4, -3.54, 2.76, 2.27, 2.27),
            ),
            (-0.08, 0.17, 0.97),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -33.49, -8.65, 3.11, 2.95),
                (0.0, -41.24, -11.96, 3.12, 2.95),
            ),
            (0.0, -0.0, 1.0),
            1.8,
        ),
        spinous_end=Limb(
            (
                (0.57, -32.12, -7.0, 2.95, 2.95),
                (3.67, -43.58, -13.31, 2.95, 2.95),
            ),
            (-0.16, 0.9, 0.08),
            1.8,
        ),
        fillet_mm=3.58,
        joint_mm=1.66,
        uncinate=Limb(
            (
                (13.25, 0.09, 8.67, 3.47, 2.23),
                (11.34, -5.22, 6.05, 3.42, 2.17),
            ),
            (0.22, 0.0, 0.86),
            1.8,
        ),
        costal_bar=Limb(
            (
                (12.43, -0.25, 1.97, 4.68, 2.27),
                (22.09, 4.62, 4.52, 2.27, 2.27),
                (20.8, 2.81, 0.58, 2.27, 2.27),
            ),
            (0.0, -0.24, 0.95),
            1.8,
        ),
        tubercle_bar=Limb(
            (
                (22.0, 2.63, -0.42, 2.27, 2.27),
                (25.5, -5.2, 2.62, 2.27, 2.27),
            ),
            (0.07, -0.06, 1.0),
            1.8,
        ),
        foramen=Limb(
            (
                (17.77, 3.76, -13.602, 2.5, 2.74),
                (23.52, -5.69, 18.184, 2.5, 3.63),
            ),
            (0.65, 0.7, -0.17),
            1.8,
        ),
    ),
    body_fillet_mm=3.91,
    canal_edge_mm=2.27,
)
