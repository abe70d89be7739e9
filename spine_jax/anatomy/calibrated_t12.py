"""Calibrated parameters of T12, and how those of the thoracic levels were found.

The shape started from the next lower calibrated level moved to the figures of this one
(T12: from L2) and was fitted by least squares over points near the surface: its
smoothed inside/outside function against the mean of those of 4 to 11 label maps of real
vertebrae of the level, both sides, each under its own similarity transform. A pull
holds every parameter near its start and the sizes of the body near the median figures.
Maps that fit much worse than the others (fractures, cut processes) were left out. At
last the shape was scaled to the median size of the people and moved so that the origin
is the centroid of its body.
"""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

T12 = VertebraShape(
    body=BodyShape(
        width_upper_mm=46.977,
        width_mid_mm=40.607,
        width_lower_mm=49.51,
        depth_upper_mm=35.114,
        depth_mid_mm=30.653,
        depth_lower_mm=35.508,
        height_anterior_mm=26.265,
        height_posterior_mm=28.005,
        concavity_upper_mm=1.886,
        concavity_lower_mm=1.964,
        posterior_wall_y_mm=-13.63,
        centre_z_mm=0.151,
        front_exponent=2.106,
        back_exponent=2.384,
        widest_fraction=0.246,
        back_hollow_mm=2.944,
        back_hollow_width_mm=9.456,
        waist_exponent=1.325,
        waist_back_fraction=0.367,
        edge_mm=6.274,
        hollow_radius=0.934,
        hollow_shift_mm=2.287,
        shift_lower_mm=-0.253,
    ),
    canal=CanalShape(
        width_mm=21.996,
        depth_mm=21.56,
        centre_y_mm=-18.059,
        lean=-0.16,
        squareness=1.866,
        taper=0.352,
        flare=0.053,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (7.74, -13.03, 5.28, 6.17, 11.4),
                (17.78, -15.54, 3.29, 8.05, 4.08),
                (13.8, -27.46, 6.74, 10.14, 4.18),
            ),
            (0.16, 0.44, 0.88),
            2.7,
        ),
        superior_process=Limb(
            (
                (14.43, -27.99, 9.15, 10.77, 3.87),
                (15.27, -27.78, 9.98, 3.66, 2.09),
                (12.55, -26.11, 19.71, 6.17, 2.09),
            ),
            (0.74, -0.12, 0.02),
            1.92,
        ),
        mammillary=Limb(
            (
                (20.28, -34.89, 4.65, 3.87, 4.6),
                (17.78, -37.82, 13.02, 3.66, 2.09),
            ),
            (0.21, -0.97, -0.05),
            1.87,
        ),
        inferior_process=Limb(
            (
                (8.57, -27.26, 5.91, 2.09, 3.24),
                (9.2, -35.93, -14.59, 5.02, 3.03),
                (9.62, -34.78, -18.25, 4.29, 2.3),
            ),
            (0.75, -0.59, -0.11),
            1.8,
        ),
        lamina=Limb(
            (
                (10.04, -29.97, -1.41, 3.35, 2.09),
                (5.12, -34.16, -6.33, 12.34, 2.4),
                (0.0, -38.55, -5.91, 9.93, 4.29),
            ),
            (-0.28, 0.24, 0.93),
            3.58,
        ),
        transverse_process=Limb(
            (
                (17.36, -27.36, 3.61, 4.71, 3.35),
                (20.08, -28.51, 4.34, 3.97, 2.09),
                (21.85, -24.85, 3.08, 3.35, 2.09),
            ),
            (0.04, 0.12, 1.0),
            1.8,
        ),
        spinous_process=Limb(
            (
                (0.0, -35.41, -3.19, 5.02, 2.09),
                (0.0, -49.74, -9.15, 8.89, 2.4),
                (0.0, -49.95, -12.08, 10.35, 2.72),
            ),
            (0.0, 0.09, 1.0),
            2.67,
        ),
        spinous_end=Limb(
            (
                (0.0, -56.22, -6.85, 2.09, 3.14),
                (0.0, -55.38, -16.05, 3.45, 3.35),
            ),
            (0.0, 1.0, 0.0),
            1.85,
        ),
        fillet_mm=4.9,
        joint_mm=1.2,
    ),
    body_fillet_mm=7.7,
    canal_edge_mm=2.5,
)
