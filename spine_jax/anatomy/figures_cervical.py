"""Tables of vertebra sizes, C1 to C7, mm and degrees; `morphometry` reads them.

Medians and interquartile ranges over 6 to 10 vertebrae a level of the label maps that
`figures` rests on, supine adults. Frame and meaning are those of `morphometry`, with
these differences.

C1 has no body. Its origin is the centre of mass of the ring, the measured centre of its
hole being 3.2 mm behind and 0.4 mm below; `body_*` and `height_*` are those of the
anterior arch, `pedicle_*` of the lateral mass, `lamina_*` and `spinous_mid_*` of the
posterior arch, `spinous_tip` is the posterior tubercle.
C2's origin is the centroid of body and dens, its z axis their long axis;
`height_central` is their whole height, the other heights are those of the body alone.

Published instead of measured: posterior height of the body of C2 and its pedicle width
(Gosavi and Swamy 2012, Kaur 2017, dry bones), pedicle widths of C3-C7 (CT of 54
patients, 4.9 mm at C3 to 6.6 mm at C7, linear between), since label maps of 1 to 3 mm
show them 2-5 mm too wide. Read off the calibrated shapes, since the maps did not give
them: widths and upper depth of C1 and C2, anterior height of C2, their superior facets,
z of the posterior tubercle, the inferior facets of C1 and C3-C7 (the maps gave the
laminae's lowest points). The waist of C6 and C7, measured with roots of the transverse
processes, is the upper width times the ratio of C5; x of C6's pedicle (17.4) is put
between its neighbours. Ranges without a measurement are typical of the region, and
scattered ones (pedicles, inferior facets, tips) are cut.

Known faults: heights are 1.5-3 mm large and pedicle heights 2-3 mm; widths leave the
uncinate processes out; the wedge is an artefact of them.
"""

CERVICAL_MEDIANS = (
    """
figure                       C1    C2    C3    C4    C5    C6    C7
body_width_upper_mm        29.2  23.5  22.6  23.9  24.8  27.2  25.6
body_width_mid_mm          22.5  21.2  21.2  22.0  23.4  25.7  24.2
body_width_lower_mm        26.6  16.8  20.9  21.2  22.9  26.9  30.2
body_depth_upper_mm        11.6  14.8  17.1  17.4  16.8  17.6  19.1
body_depth_mid_mm           9.2  13.6  18.0  18.1  17.6  19.2  19.2
body_depth_lower_mm        10.7  18.0  20.0  19.2  19.6  21.6  20.0
height_anterior_mm         14.8  27.9  14.0  14.8  14.4  14.4  16.0
height_central_mm          14.8  37.2  14.4  14.4  14.4  14.4  15.2
height_posterior_mm        14.8  16.0  16.4  16.0  15.6  15.2  16.8
concavity_upper_mm          0.0   0.0  -0.2   0.4  -0.2  -0.2   0.6
concavity_lower_mm          0.0   1.0   1.2   0.8   1.3   1.2   1.0
wedge_from_heights_deg      0.0   0.0 -12.2  -8.5 -10.8  -3.5  -2.7
body_posterior_wall_y_mm   12.0  -7.5  -7.3  -7.4  -7.6  -8.4  -8.0
body_front_y_mm            21.2   9.8  12.1  11.5  11.8  12.4  12.1
canal_width_mm             29.6  26.0  24.6  26.8  26.0  26.4  25.2
canal_depth_mm             33.2  18.0  14.8  14.6  14.4  15.2  14.2
canal_centre_y_mm          -3.2 -16.3 -14.3 -14.2 -14.8 -15.2 -15.0
canal_back_y_mm           -19.8 -25.2 -21.5 -21.5 -22.0 -22.7 -22.2
pedicle_width_mm           12.0   8.8   4.9   5.3   5.7   6.2   6.6
pedicle_height_mm          20.2  10.0  10.1   9.5   8.8  11.0  10.6
pedicle_isthmus_x_mm       22.0  18.2  15.3  15.0  15.2  15.6  16.2
pedicle_isthmus_y_mm        8.2 -11.3  -7.2  -7.0  -8.4  -8.2  -8.3
pedicle_isthmus_z_mm       -0.4  -4.0  -1.2   1.3   2.2   1.3   2.7
transverse_span_mm         88.0  62.0  58.4  60.0  59.6  64.0  73.6
transverse_tip_y_mm         2.6  -5.6  -3.1  -3.4  -6.3  -5.5  -6.8
transverse_tip_z_mm        -3.6  -9.8  -2.8  -3.5  -1.8   0.8   3.1
spinous_tip_y_mm          -29.6 -46.2 -35.0 -33.9 -36.0 -43.1 -50.5
spinous_tip_z_mm           -5.8 -10.2 -16.1 -18.1 -14.3 -12.1 -17.0
spinous_lowest_z_mm       -11.0 -15.3 -20.3 -22.8 -18.0 -17.1 -22.0
spinous_mid_height_mm      12.0  14.8  12.4  12.4  10.0  10.4  12.0
spinous_mid_thickness_mm    8.4  11.2   7.0   7.0   7.2   5.6   6.4
lamina_thickness_mm         8.4   8.5   6.3   4.9   4.7   5.7   8.0
lamina_height_mm           12.0  16.2  15.8  16.0  17.2  15.6  19.0
superior_process_tip_x_mm  23.2  20.3  20.9  21.3  21.1  21.6  22.7
superior_process_tip_y_mm   4.6  -1.8 -12.1 -10.9 -11.8 -12.9 -12.7
superior_process_tip_z_mm  12.5   2.7   9.7  10.8  11.7  11.6  14.6
inferior_process_tip_x_mm  23.2  16.0  20.2  21.5  22.0  21.7  20.0
inferior_process_tip_y_mm   4.6 -23.6 -13.0 -13.0 -13.5 -14.0 -17.0
inferior_process_tip_z_mm  -9.6 -17.3 -10.0 -10.0  -9.0  -8.5 -12.0
""",
)

CERVICAL_RANGES = (
    """
figure                       C1    C2    C3    C4    C5    C6    C7
body_width_upper_mm         2.0   2.0   1.9   2.3   4.4   3.2   3.9
body_width_mid_mm           2.0   2.0   1.4   1.0   2.6   2.6   2.6
body_width_lower_mm         2.0   2.0   0.9   2.1   1.3   2.9   3.5
body_depth_upper_mm         1.5   1.5   2.2   0.7   1.5   3.4   1.4
body_depth_mid_mm           1.5   1.8   1.3   0.7   0.6   1.9   1.9
body_depth_lower_mm         1.5   1.5   0.6   1.4   0.8   2.7   1.9
height_anterior_mm          2.5   2.5   1.4   1.4   3.2   0.8   0.6
height_central_mm           2.5   2.6   1.5   2.2   0.6   0.8   0.8
height_posterior_mm         2.0   2.0   1.4   2.2   2.0   2.4   1.2
concavity_upper_mm          0.4   0.4   0.3   0.6   0.6   0.4   0.4
concavity_lower_mm          0.6   0.6   1.1   0.6   0.9   0.4   0.4
wedge_from_heights_deg      4.0   4.0   5.8   4.2   8.2   3.7   3.5
body_posterior_wall_y_mm    0.8   0.8   0.4   0.7   0.1   1.2   1.2
body_front_y_mm             2.0   1.3   0.3   0.4   0.7   1.1   0.8
canal_width_mm              0.6   2.0   2.7   2.3   1.4   4.0   1.4
canal_depth_mm              2.0   1.7   2.0   1.9   1.8   0.8   0.8
canal_centre_y_mm           1.2   1.2   1.3   1.2   0.3   1.2   1.6
canal_back_y_mm             1.5   2.2   2.4   2.2   0.9   1.5   2.0
pedicle_width_mm            1.2   1.2   1.2   1.2   1.2   1.2   1.2
pedicle_height_mm           1.5   1.5   2.0   2.0   2.0   2.0   2.0
pedicle_isthmus_x_mm        0.9   0.9   1.5   1.2   1.5   1.5   1.5
pedicle_isthmus_y_mm        1.2   1.5   1.5   1.3   1.1   1.5   1.5
pedicle_isthmus_z_mm        0.8   0.8   1.5   1.3   1.5   1.5   1.5
transverse_span_mm          2.4   5.0   5.0   4.0   2.6   4.8   5.0
transverse_tip_y_mm         0.9   1.7   2.2   2.2   2.5   2.5   2.5
transverse_tip_z_mm         0.9   1.4   1.7   0.5   0.9   1.3   2.1
spinous_tip_y_mm            4.0   2.5   1.5   0.7   4.0   3.9   4.0
spinous_tip_z_mm            2.2   2.2   1.6   5.0   2.6   6.3   6.3
spinous_lowest_z_mm         3.0   3.5   3.3   4.6   3.7   6.3   5.5
spinous_mid_height_mm       2.0   2.6   2.6   4.8   3.2   1.6   3.0
spinous_mid_thickness_mm    1.4   1.8   2.5   0.7   0.6   0.4   0.6
lamina_thickness_mm         1.4   1.9   0.8   0.7   0.5   0.7   1.0
lamina_height_mm            1.5   1.0   4.2   5.4   7.2   2.4   3.4
superior_process_tip_x_mm   1.2   1.2   2.0   2.0   2.0   2.0   2.0
superior_process_tip_y_mm   1.2   1.2   1.8   0.7   1.1   1.8   0.7
superior_process_tip_z_mm   1.2   1.2   1.3   1.6   2.2   2.3   1.0
inferior_process_tip_x_mm   2.0   2.0   2.0   2.0   2.0   2.0   2.0
inferior_process_tip_y_mm   2.0   2.0   2.0   2.0   2.0   2.0   2.0
inferior_process_tip_z_mm   2.0   2.0   2.0   2.0   2.0   2.0   2.0
""",
)
"""Interquartile ranges."""
