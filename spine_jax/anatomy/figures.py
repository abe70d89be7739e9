"""Tables of vertebra sizes, T1 to L6, mm and degrees; `morphometry` reads them.

Medians and interquartile ranges over 276 vertebrae of 28 VerSe label maps, of which
these levels have 6 to 20 vertebrae each. T13 had none and is the mean of T12 and L1; L6
had two and is half-way between their mean and L5, with the ranges of L5. What the
figures mean, and in which frame, is said in `morphometry`.

Corrected: the waist (`body_width_mid_mm`) of L5 and L6 is that of L4 scaled by the
upper width, because the measured ones (54.4 and 62.5) include roots of the transverse
processes. The inferior processes of T1-T10 end in front of the lowest points of the
laminae, which is what was measured: their x and y are set to 9 mm and 5.5 mm behind the
canal, about those of T11. Known faults: widths of T1-T2 include the rib facets, and
pedicle widths of T1-T10 are 1-3 mm large (partial volume; dry bones have 4-5 mm at
T4-T5).
"""

MEDIANS = (
    """
figure                       T1    T2    T3    T4    T5    T6    T7    T8    T9   T10
body_width_upper_mm        33.6  30.4  28.8  28.8  29.2  30.5  32.0  33.6  35.4  38.4
body_width_mid_mm          33.2  30.4  27.2  26.4  26.8  28.0  30.4  32.0  32.8  35.2
body_width_lower_mm        34.0  33.4  32.0  30.6  31.5  32.0  32.8  36.4  38.4  41.6
body_depth_upper_mm        18.6  20.2  23.2  24.4  26.4  29.0  29.6  31.9  31.3  32.8
body_depth_mid_mm          17.8  18.8  21.2  22.3  24.8  26.8  28.0  29.6  30.2  29.6
body_depth_lower_mm        19.0  21.6  23.2  24.6  26.4  28.8  30.0  31.4  32.1  32.8
height_anterior_mm         16.8  19.2  19.2  19.6  20.4  19.6  18.8  20.0  20.8  22.4
height_central_mm          16.8  18.0  18.4  18.8  19.2  18.4  17.6  18.8  18.8  20.0
height_posterior_mm        19.2  19.6  20.0  20.8  21.6  21.6  22.4  22.4  21.6  23.2
concavity_upper_mm          0.8   1.2   1.6   1.2   1.2   1.6   1.6   1.5   1.6   1.6
concavity_lower_mm          1.0   1.2   0.8   0.8   1.2   0.8   1.2   1.0   1.4   1.2
wedge_from_heights_deg     -7.4  -2.9  -2.3  -1.3  -2.5  -4.3  -5.9  -4.9  -2.1   0.0
body_posterior_wall_y_mm   -7.0  -8.4  -9.2  -9.6 -10.8 -11.5 -12.3 -13.1 -13.2 -13.2
body_front_y_mm            11.6  12.2  13.9  14.4  15.3  17.7  17.8  18.1  18.1  18.8
canal_width_mm             22.8  18.8  17.6  16.8  16.0  16.8  16.0  16.8  16.8  18.4
canal_depth_mm             15.2  15.2  15.6  15.8  16.0  15.2  16.0  15.2  14.8  15.2
canal_centre_y_mm         -14.9 -16.0 -17.0 -17.8 -18.9 -19.3 -20.2 -20.9 -20.9 -21.2
canal_back_y_mm           -22.9 -23.4 -24.7 -25.8 -27.1 -27.3 -28.3 -28.4 -28.2 -29.0
pedicle_width_mm           12.2   9.9   7.8   7.6   8.0   7.5   8.0   8.4   9.1  10.4
pedicle_height_mm          14.0  13.6  14.2  14.2  15.2  14.1  15.5  15.5  14.4  17.8
pedicle_isthmus_x_mm       14.2  13.4  11.0  10.5  10.4  10.7  11.0  10.9  11.2  11.8
pedicle_isthmus_y_mm      -10.4 -12.8 -13.0 -14.1 -15.4 -16.1 -17.4 -18.0 -18.1 -18.0
pedicle_isthmus_z_mm        4.0   6.2   4.8   4.2   4.3   4.3   4.5   4.9   4.9   5.0
transverse_span_mm         80.0  75.6  68.8  66.0  67.2  68.4  68.0  68.0  64.8  59.2
transverse_tip_y_mm       -21.4 -27.2 -29.5 -32.6 -34.0 -34.7 -35.6 -36.6 -36.0 -36.1
transverse_tip_z_mm         7.7   9.8   7.3   5.3   5.7   4.3   3.7   3.9   2.4   2.7
spinous_tip_y_mm          -54.5 -53.8 -52.5 -52.8 -50.7 -49.2 -52.5 -55.0 -57.1 -57.2
spinous_tip_z_mm          -15.2 -17.5 -19.1 -20.4 -25.4 -30.7 -30.7 -27.3 -22.7 -16.6
spinous_lowest_z_mm       -21.6 -23.6 -26.7 -32.8 -37.2 -41.2 -38.9 -33.2 -29.9 -22.1
spinous_mid_height_mm      15.2  14.0  15.2  18.4  19.2  22.4  20.8  17.2  17.2  16.8
spinous_mid_thickness_mm    6.4   5.4   4.8   5.2   5.6   6.0   5.6   5.6   5.6   5.6
lamina_thickness_mm         9.3   8.8   8.8   9.1   8.1   8.1   8.0   7.8   8.6   9.0
lamina_height_mm           22.2  20.4  23.6  32.6  30.0  33.8  37.6  31.4  33.2  34.4
superior_process_tip_x_mm  22.6  18.4  13.4  12.5  11.2  10.7  10.5  11.1  11.6  12.8
superior_process_tip_y_mm -14.5 -16.6 -17.6 -19.4 -20.7 -21.7 -23.2 -24.2 -24.6 -24.5
superior_process_tip_z_mm  16.5  19.0  18.5  18.6  19.6  20.8  20.8  20.4  19.9  21.1
inferior_process_tip_x_mm   9.0   9.0   9.0   9.0   9.0   9.0   9.0   9.0   9.0   9.0
inferior_process_tip_y_mm -28.4 -28.9 -30.2 -31.3 -32.6 -32.8 -33.8 -33.9 -33.7 -34.5
inferior_process_tip_z_mm -18.6 -16.5 -18.0 -20.5 -20.3 -24.0 -21.2 -19.4 -23.0 -19.4
""",
    """
figure                      T11   T12   T13    L1    L2    L3    L4    L5    L6
body_width_upper_mm        40.8  45.0  45.7  46.4  48.0  50.4  52.4  57.6  59.2
body_width_mid_mm          37.6  39.2  39.9  40.6  42.4  43.6  45.6  50.2  51.6
body_width_lower_mm        44.0  45.8  47.4  49.0  51.2  52.4  53.6  57.7  59.5
body_depth_upper_mm        33.0  33.6  34.0  34.5  34.4  35.2  36.4  34.5  36.7
body_depth_mid_mm          30.4  30.1  30.6  31.1  30.4  32.7  33.9  33.6  35.2
body_depth_lower_mm        33.6  34.4  34.5  34.6  35.2  35.2  36.4  36.0  37.6
height_anterior_mm         24.0  25.6  25.4  25.2  28.0  29.6  29.6  29.6  30.2
height_central_mm          22.4  23.2  22.8  22.4  24.8  25.6  25.6  25.6  25.8
height_posterior_mm        25.2  27.2  26.8  26.4  28.0  28.4  28.0  25.6  25.0
concavity_upper_mm          1.6   1.6   1.8   2.0   1.6   1.8   1.2   1.2   0.4
concavity_lower_mm          1.6   1.4   1.8   2.2   1.8   2.0   2.0   1.6   2.1
wedge_from_heights_deg     -3.3  -3.7  -3.7  -3.8   1.7   3.4   4.1   8.9  11.0
body_posterior_wall_y_mm  -13.1 -13.3 -13.6 -13.9 -14.0 -14.5 -15.3 -14.4 -15.6
body_front_y_mm            19.7  19.4  19.6  19.7  19.6  19.5  20.3  20.5  21.1
canal_width_mm             20.4  23.2  23.7  24.2  24.0  24.6  26.8  32.0  34.2
canal_depth_mm             16.0  17.6  17.6  17.6  17.6  16.8  16.8  17.2  17.0
canal_centre_y_mm         -21.5 -21.8 -22.1 -22.5 -22.7 -23.1 -23.7 -23.5 -23.7
canal_back_y_mm           -29.3 -30.7 -30.9 -31.2 -30.9 -31.3 -32.3 -31.6 -32.0
pedicle_width_mm           10.0  10.8   9.9   9.0  10.2  13.5  16.2  17.5  19.9
pedicle_height_mm          19.2  19.0  16.9  14.8  14.8  15.9  14.2  14.2  14.2
pedicle_isthmus_x_mm       13.7  15.5  15.6  15.7  15.7  16.9  19.3  22.1  23.0
pedicle_isthmus_y_mm      -19.5 -21.4 -20.9 -20.4 -19.9 -20.1 -20.4 -15.8 -16.2
pedicle_isthmus_z_mm        5.0   5.0   5.0   4.9   4.9   4.4   2.8   3.8   3.5
transverse_span_mm         54.4  51.2  62.0  72.8  80.8  89.2  88.0  94.4  95.2
transverse_tip_y_mm       -34.6 -23.2 -28.0 -32.8 -33.2 -34.2 -29.8 -25.3 -25.0
transverse_tip_z_mm         2.3   3.9   3.5   3.2   5.0   5.0   4.2   2.5   3.1
spinous_tip_y_mm          -56.3 -59.3 -61.7 -64.1 -68.6 -70.3 -70.3 -64.4 -65.8
spinous_tip_z_mm          -14.3 -11.9 -11.3 -10.6  -8.7 -11.0 -11.8 -12.1 -12.9
spinous_lowest_z_mm       -21.3 -22.0 -22.4 -22.8 -24.4 -24.1 -23.7 -23.7 -23.4
spinous_mid_height_mm      16.8  17.6  18.4  19.2  22.4  23.2  22.4  17.6  18.0
spinous_mid_thickness_mm    6.4   5.6   5.6   5.6   5.6   6.4   6.4   6.4   7.6
lamina_thickness_mm         8.1   8.4   8.8   9.2   9.9  10.4   9.9   8.0   8.7
lamina_height_mm           36.4  34.4  33.7  33.0  35.2  36.8  31.8  25.6  28.8
superior_process_tip_x_mm  12.7  13.9  14.2  14.6  15.3  16.2  17.0  18.8  19.7
superior_process_tip_y_mm -24.8 -27.6 -29.0 -30.4 -32.1 -32.8 -31.7 -28.3 -29.7
superior_process_tip_z_mm  21.2  22.7  22.0  21.3  22.0  21.3  20.2  20.4  19.8
inferior_process_tip_x_mm   9.4  10.4  10.7  11.0  12.1  13.0  15.1  18.8  20.1
inferior_process_tip_y_mm -35.0 -34.8 -34.7 -34.7 -36.2 -37.2 -35.3 -33.2 -33.2
inferior_process_tip_z_mm -22.4 -23.3 -25.1 -26.9 -27.7 -29.2 -26.6 -24.4 -24.5
""",
)

RANGES = (
    """
figure                       T1    T2    T3    T4    T5    T6    T7    T8    T9   T10
body_width_upper_mm         3.4   1.1   4.4   2.2   1.5   2.5   3.3   4.6   3.6   4.5
body_width_mid_mm           4.2   2.6   4.0   3.0   0.6   2.2   2.0   3.2   3.5   2.4
body_width_lower_mm         4.6   3.6   4.0   4.5   3.2   3.0   4.4   3.0   3.8   3.2
body_depth_upper_mm         1.3   1.8   3.2   2.6   2.3   3.2   2.8   3.3   2.0   2.6
body_depth_mid_mm           1.9   2.6   2.0   2.1   0.5   3.6   2.9   2.5   1.8   1.6
body_depth_lower_mm         2.5   1.0   4.0   2.7   3.2   2.4   3.6   4.1   2.0   3.2
height_anterior_mm          1.2   3.6   3.2   3.0   2.4   1.8   5.2   1.6   3.0   2.4
height_central_mm           0.0   2.9   2.4   2.2   2.4   2.6   4.8   2.2   3.6   0.8
height_posterior_mm         1.2   1.6   1.6   1.8   1.6   2.0   4.0   0.8   1.2   1.6
concavity_upper_mm          0.3   0.4   0.8   0.7   0.8   0.8   0.6   0.7   1.0   0.4
concavity_lower_mm          0.7   0.4   0.4   0.4   0.8   0.6   1.1   0.7   0.4   0.8
wedge_from_heights_deg      6.0   4.8   2.8   3.7   2.9   4.7   4.4   4.5   3.8   2.0
body_posterior_wall_y_mm    0.8   0.4   0.7   1.1   0.7   1.0   1.1   1.3   1.1   1.5
body_front_y_mm             0.6   1.5   1.6   1.3   2.7   2.4   1.8   1.9   1.8   1.8
canal_width_mm              2.3   1.0   1.6   1.2   0.8   1.0   0.8   1.6   2.4   2.0
canal_depth_mm              1.2   1.6   0.8   0.7   1.2   0.8   0.8   0.8   1.8   1.6
canal_centre_y_mm           1.6   1.0   0.3   1.1   0.8   0.9   0.6   1.3   1.0   1.1
canal_back_y_mm             2.2   1.8   0.2   1.3   0.9   1.2   0.9   1.4   1.3   1.1
pedicle_width_mm            4.2   2.2   5.4   4.1   3.0   2.7   4.8   3.4   2.2   3.1
pedicle_height_mm           3.1   4.9   5.0   2.0   2.5   2.7   2.2   2.0   2.7   0.8
pedicle_isthmus_x_mm        2.7   3.5   1.2   0.3   0.5   0.6   0.6   0.8   0.9   0.8
pedicle_isthmus_y_mm        0.8   3.3   1.3   1.0   0.9   1.1   1.2   0.3   1.1   1.3
pedicle_isthmus_z_mm        1.3   5.4   1.9   0.6   1.2   1.1   0.8   1.1   1.2   1.2
transverse_span_mm          6.2   4.0   1.6   1.4   2.4   3.6   4.8   4.0   4.6  11.2
transverse_tip_y_mm         1.2   1.6   2.9   3.0   2.4   3.2   2.4   2.8   3.1   2.8
transverse_tip_z_mm         3.0   3.1   2.7   1.8   2.5   2.2   1.7   0.8   1.6   1.4
spinous_tip_y_mm            4.1   6.2   6.1   6.2   3.9   3.6   3.2   4.6   4.2   6.1
spinous_tip_z_mm            3.6   1.7   3.5   3.7   9.1   6.8   6.3   2.1   2.8   6.9
spinous_lowest_z_mm         2.1   1.5   5.7   6.2  10.5   8.3   8.8   4.4   2.1   9.4
spinous_mid_height_mm       1.8   2.0   1.6   3.6   3.2   3.0   4.0   2.0   2.0   2.4
spinous_mid_thickness_mm    1.8   1.0   1.6   1.1   2.0   1.3   1.2   0.6   2.1   0.8
lamina_thickness_mm         1.5   1.7   1.3   1.7   1.0   1.1   1.2   0.9   1.0   1.6
lamina_height_mm            2.0   3.2   4.8   4.9   5.2  10.2   6.4   6.4   4.7   4.0
superior_process_tip_x_mm   1.4   5.2   1.6   0.5   0.9   1.5   1.3   1.8   1.0   2.4
superior_process_tip_y_mm   3.1   3.2   1.5   1.1   0.7   0.6   0.8   1.2   1.8   1.8
superior_process_tip_z_mm   2.5   2.2   2.0   1.0   0.8   0.7   2.2   2.2   2.2   2.2
inferior_process_tip_x_mm   3.5   3.5   3.5   3.5   3.5   3.5   3.5   3.5   3.5   3.5
inferior_process_tip_y_mm   3.4   3.4   3.4   3.4   3.4   3.4   3.4   3.4   3.4   3.4
inferior_process_tip_z_mm   2.9   2.7   2.2   6.7  10.8  10.3   3.7   3.2   2.1   6.4
""",
    """
figure                      T11   T12   T13    L1    L2    L3    L4    L5    L6
body_width_upper_mm         3.4   5.9   4.6   3.2   4.0   3.9   4.1   4.0   4.0
body_width_mid_mm           1.2   3.2   3.7   4.2   4.8   4.6   5.6   4.2   4.2
body_width_lower_mm         4.4   3.8   4.0   4.2   4.3   4.4   5.8   4.4   4.4
body_depth_upper_mm         3.9   3.3   2.8   2.3   4.6   4.4   4.9   3.9   3.9
body_depth_mid_mm           2.1   1.3   2.7   4.1   4.2   3.1   4.4   2.6   2.6
body_depth_lower_mm         2.7   1.4   2.3   3.2   6.4   3.2   4.2   4.1   4.1
height_anterior_mm          4.2   1.6   4.3   7.0   2.6   2.2   2.0   4.0   4.0
height_central_mm           2.8   2.4   5.1   7.8   3.2   2.8   1.8   2.4   2.4
height_posterior_mm         2.4   3.2   3.7   4.2   2.8   1.4   1.8   3.2   3.2
concavity_upper_mm          0.4   0.8   1.4   2.0   1.1   1.1   1.2   1.6   1.6
concavity_lower_mm          0.6   0.8   1.2   1.6   1.0   1.5   1.7   2.0   2.0
wedge_from_heights_deg      4.8   5.4   5.3   5.2   4.3   3.5   5.1   5.1   5.1
body_posterior_wall_y_mm    1.1   1.2   1.1   0.9   1.7   2.3   2.1   2.5   2.5
body_front_y_mm             2.9   2.3   2.6   2.9   4.0   2.3   2.1   2.3   2.3
canal_width_mm              2.8   1.6   2.8   4.0   4.4   4.0   2.8   3.6   3.6
canal_depth_mm              1.0   1.6   2.0   2.4   2.8   1.3   1.8   3.2   3.2
canal_centre_y_mm           1.4   1.8   1.6   1.3   2.2   3.2   2.8   2.7   2.7
canal_back_y_mm             2.1   1.7   2.0   2.2   2.9   4.1   3.9   4.9   4.9
pedicle_width_mm            4.8   2.0   2.9   3.7   4.0   4.1   2.4   3.5   3.5
pedicle_height_mm           3.5   4.2   4.2   4.1   2.8   4.4   2.3   2.2   2.2
pedicle_isthmus_x_mm        1.6   1.7   1.6   1.5   1.6   1.3   2.4   2.0   2.0
pedicle_isthmus_y_mm        1.5   2.3   2.4   2.4   2.8   3.5   2.7   2.4   2.4
pedicle_isthmus_z_mm        1.4   1.2   1.6   1.9   1.9   1.0   1.7   1.7   1.7
transverse_span_mm          8.8   5.6   6.6   7.6   8.8   5.0  10.0  10.0  10.0
transverse_tip_y_mm         3.4   8.6   6.0   3.3   3.3   4.1   7.1   6.5   6.5
transverse_tip_z_mm         2.4   4.4   4.1   3.8   2.5   2.8   2.8   2.5   2.5
spinous_tip_y_mm            5.4   6.4   5.6   4.8   6.6   7.5   7.5   8.5   8.5
spinous_tip_z_mm            7.5   5.5   4.9   4.2   4.2   4.1   6.7   8.0   8.0
spinous_lowest_z_mm         5.5   4.0   3.0   2.0   3.8   5.3   5.7   6.5   6.5
spinous_mid_height_mm       3.6   3.2   3.4   3.6   5.2   3.2   4.4   3.2   3.2
spinous_mid_thickness_mm    1.8   1.6   1.1   0.6   1.2   1.4   1.6   1.6   1.6
lamina_thickness_mm         1.4   0.8   0.9   0.9   1.4   2.4   1.5   0.9   0.9
lamina_height_mm            5.8   5.6   5.9   6.1   7.2   6.7   8.7   6.8   6.8
superior_process_tip_x_mm   2.3   2.3   2.0   1.6   0.4   1.3   0.9   4.6   4.6
superior_process_tip_y_mm   1.8   3.9   4.1   4.2   2.9   3.4   4.9   6.8   6.8
superior_process_tip_z_mm   2.5   1.7   2.1   2.4   3.1   2.7   2.4   2.8   2.8
inferior_process_tip_x_mm   3.5   1.5   1.6   1.7   2.0   2.4   3.4   2.7   2.7
inferior_process_tip_y_mm   3.4   3.7   3.2   2.7   3.2   3.7   2.8   8.5   8.5
inferior_process_tip_z_mm   2.4   2.4   3.2   3.9   1.7   3.1   1.7   4.0   4.0
""",
)
"""Interquartile ranges."""
