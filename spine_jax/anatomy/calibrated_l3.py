"""Calibrated parameters of L3.

Sizes of the body are the median figures (`morphometry`), the rims a little larger as
`levels` explains. The rest started from those figures and plain anatomy and was then
fitted by least squares over points near the surface: the smoothed inside/outside
function of this shape against that of the mean L3 of 87 patients (Clouthier et al.
2023), under a free similarity transform and with a pull towards the start. The origin
is the centroid of the body.
"""

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

L3 = VertebraShape(
    body=BodyShape(
        width_upper_mm=50.9,
        width_mid_mm=43.6,
        width_lower_mm=52.4,
        depth_upper_mm=35.9,
        depth_mid_mm=32.7,
        depth_lower_mm=35.9,
        height_anterior_mm=29.6,
        height_posterior_mm=29.1,
        concavity_upper_mm=1.8,
        concavity_lower_mm=2.0,
        posterior_wall_y_mm=-15.4,
        centre_z_mm=0.06,
        front_exponent=2.22,
        back_exponent=2.1,
        widest_fraction=0.31,
        back_hollow_mm=2.6,
        back_hollow_width_mm=8.52,
        waist_exponent=1.9,
        waist_back_fraction=0.3,
        edge_mm=5.14,
        hollow_radius=0.72,
        hollow_shift_mm=1.95,
        shift_lower_mm=0.14,
    ),
    canal=CanalShape(
        width_mm=22.408,
        depth_mm=17.79,
        centre_y_mm=-21.053,
        lean=-0.171,
        squareness=1.9,
        taper=0.393,
        flare=-0.117,
    ),
    arch=ArchShape(
        pedicle=Limb(
            (
                (9.9, -11.7, 7.2, 5.3, 10.8),
                (17.4, -16.7, 5.0, 7.1, 3.7),
                (13.6, -27.3, 5.1, 9.1, 5.5),
            ),
            (-0.02, 0.4, 0.92),
            2.31,
        ),
        superior_process=Limb(
            (
                (18.6, -27.7, 6.1, 10.1, 5.3),
                (17.7, -30.3, 11.6, 4.5, 3.5),
                (15.1, -30.9, 17.9, 6.6, 3.1),
            ),
            (0.64, -0.77, 0.02),
            2.06,
        ),
        mammillary=Limb(
            ((19.0, -36.8, 8.0, 5.3, 4.1), (19.5, -40.4, 14.5, 5.6, 3.3)),
            (0.23, -0.97, -0.03),
            1.9,
        ),
        inferior_process=Limb(
            (
                (10.8, -28.4, 2.9, 3.2, 2.0),
                (11.5, -35.8, -16.1, 6.8, 4.8),
                (12.2, -35.8, -23.8, 5.7, 3.5),
            ),
            (0.75, -0.66, -0.03),
            1.9,
        ),
        lamina=Limb(
            (
                (10.9, -28.3, -2.9, 4.4, 2.5),
                (5.4, -33.9, -6.3, 14.5, 3.2),
                (0.0, -40.1, -4.9, 11.3, 4.1),
            ),
            (-0.2, 0.37, 0.91),
            3.44,
        ),
        transverse_process=Limb(
            (
                (18.9, -25.1, 2.9, 6.0, 4.4),
                (32.4, -30.1, 4.2, 5.7, 2.7),
                (43.4, -34.1, 4.6, 5.3, 2.2),
            ),
            (0.0, -0.01, 1.0),
            1.9,
        ),
        spinous_process=Limb(
            (
                (0.0, -37.9, -0.9, 5.6, 1.6),
                (0.0, -53.0, -7.6, 12.2, 3.1),
                (0.0, -61.1, -10.7, 12.5, 3.4),
            ),
            (0.0, 0.1, 1.0),
            2.69,
        ),
        spinous_end=Limb(
            ((0.0, -67.6, -6.0, 2.4, 1.7), (0.0, -63.1, -15.8, 3.8, 3.3)),
            (0.0, 1.0, 0.0),
            1.98,
        ),
        fillet_mm=4.7,
        joint_mm=1.0,
    ),
    body_fillet_mm=6.3,
    canal_edge_mm=2.3,
)
