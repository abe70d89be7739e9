"""Calibrated parameters of C1, and how those of the cervical levels were found.

First guesses were read off one person's surfaces (C4, the axis and the atlas; the
others started from a neighbour moved to their figures). They were then fitted by least
squares over points near the surface: the smoothed inside/outside function of the shape
against the mean of those of 2 to 4 real vertebrae of the level, both sides, each under
its own similarity transform. A symmetrised surface model of one person (C1-C6), which
shows the foramina, weighs as much as the label maps together; maps that fit much worse
than the others were left out, and C7 has maps only. A pull holds every parameter near
its start. At last each shape was scaled to the median size of the people and moved so
that the origin is where `figures_cervical` says. The fork of the axis and the rear end
of C7, which is not forked, were set by hand.
"""

from spine_jax.anatomy.arch import CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import AtlasShape

C1 = AtlasShape(
    body=BodyShape(
        width_upper_mm=29.22,
        width_mid_mm=22.49,
        width_lower_mm=26.58,
        depth_upper_mm=11.62,
        depth_mid_mm=9.7,
        depth_lower_mm=10.71,
        height_anterior_mm=8.2,
        height_posterior_mm=9.69,
        concavity_upper_mm=-1.04,
        concavity_lower_mm=-1.0,
        posterior_wall_y_mm=13.42,
        centre_z_mm=2.5,
        front_exponent=1.7,
        back_exponent=1.7,
        widest_fraction=0.27,
        back_hollow_mm=6.23,
        back_hollow_width_mm=11.6,
        waist_exponent=1.68,
        waist_back_fraction=0.72,
        edge_mm=6.29,
        hollow_radius=0.7,
        hollow_shift_mm=-0.06,
        shift_lower_mm=1.53,
    ),
    canal=CanalShape(
        width_mm=26.6,
        depth_mm=35.09,
        centre_y_mm=-3.48,
        lean=-0.01,
        squareness=1.95,
        taper=-0.27,
        flare=-0.11,
    ),
    arch=CervicalArch(
        pedicle=Limb(
            (
                (15.72, 8.1, 0.29, 5.85, 5.89),
                (23.18, 4.63, 0.31, 7.4, 4.72),
                (21.61, -5.58, 0.44, 6.18, 4.7),
            ),
            (-0.5, -0.3, 0.59),
            1.8,
        ),
        superior_process=Limb(
            (
                (14.71, 10.88, 5.31, 4.96, 2.79),
                (22.99, 5.22, 7.28, 5.22, 3.2),
                (24.31, -8.08, 3.3, 3.64, 1.57),
            ),
            (0.18, 0.14, 0.97),
            1.8,
        ),
        mammillary=Limb(
            (
                (22.55, -9.69, 6.16, 2.26, 3.69),
                (20.93, -8.49, 3.86, 3.09, 3.12),
            ),
            (-0.0, 0.02, 1.0),
            2.04,
        ),
        inferior_process=Limb(
            (
                (17.84, 0.05, -1.5, 7.57, 5.14),
                (25.11, 6.0, -8.7, 8.75, 1.63),
            ),
            (-0.05, 0.96, -0.05),
            2.2,
        ),
        lamina=Limb(
            (
                (20.13, -12.26, -2.93, 2.12, 4.86),
                (14.7, -18.02, -5.44, 2.59, 3.75),
                (10.89, -21.1, -5.43, 4.45, 3.0),
                (0.0, -24.97, -4.19, 5.88, 1.57),
            ),
            (-0.01, -0.57, 0.65),
            1.96,
        ),
        transverse_process=Limb(
            (
                (24.69, -9.14, -1.69, 1.57, 2.04),
                (31.75, -4.35, -2.51, 2.63, 1.57),
                (38.43, -2.37, -0.1, 3.36, 1.57),
            ),
            (0.3, -0.47, 0.68),
            1.84,
        ),
        spinous_process=Limb(
            (
                (0.0, -25.25, -5.98, 4.33, 3.62),
                (0.0, -28.92, -5.83, 3.43, 2.87),
            ),
            (1.0, 0.01, -0.04),
            1.91,
        ),
        spinous_end=Limb(
            (
                (4.54, -26.88, -5.22, 3.38, 2.93),
                (6.79, -24.63, -4.62, 4.43, 3.13),
            ),
            (0.08, -0.06, 0.99),
            1.81,
        ),
        fillet_mm=4.07,
        joint_mm=1.93,
        uncinate=Limb(
            (
                (9.84, 14.48, 1.83, 6.66, 1.57),
                (22.09, 8.6, 6.67, 7.11, 2.19),
            ),
            (-0.1, -0.07, 0.97),
            1.8,
        ),
        costal_bar=Limb(
            (
                (26.27, 5.21, 3.69, 4.96, 2.74),
                (32.59, 3.98, 0.86, 3.62, 1.57),
                (41.4, 4.67, -4.22, 1.57, 2.44),
            ),
            (-0.19, -0.53, 0.53),
            2.01,
        ),
        tubercle_bar=Limb(
            (
                (37.22, 0.88, -1.61, 2.69, 1.72),
                (42.72, 1.44, -2.17, 2.3, 1.57),
            ),
            (0.0, -0.17, 0.94),
            2.08,
        ),
        foramen=Limb(
            (
                (30.33, -0.88, -13.624, 3.56, 2.6),
                (31.59, -3.07, 15.751, 2.73, 2.31),
            ),
            (0.19, 1.0, -0.0),
            1.81,
        ),
    ),
    body_fillet_mm=2.69,
    canal_edge_mm=0.86,
)
