"""The table is keyed by VerSe numbers, and its signs mean what the docstring says."""

import dataclasses

import pytest

from spine_jax.anatomy import morphometry as m
from spine_jax.core.labels import ANATOMICAL_ORDER


def test_figures_of_l3():
    l3 = m.level_morphometry(22)
    assert l3.body_width_upper_mm == 50.4
    assert l3.transverse_span_mm == 89.2
    assert m.level_spread(22).body_width_upper_mm == 3.9


def test_figures_of_thoracic_levels_and_those_derived():
    assert m.level_morphometry(8).canal_width_mm == 22.8
    assert m.level_morphometry(13).spinous_tip_z_mm == -30.7
    assert m.level_spread(19).body_depth_upper_mm == 3.3
    # T13 is the mean of T12 (45.0) and L1 (46.4); L6 the mean of L5 (57.6) and 60.8.
    assert m.level_morphometry(28).body_width_upper_mm == 45.7
    assert m.level_morphometry(25).body_width_upper_mm == 59.2


def test_figures_of_cervical_levels_and_those_derived():
    assert m.level_morphometry(3).canal_width_mm == 24.6
    assert m.level_morphometry(7).spinous_tip_y_mm == -50.5
    assert m.level_spread(4).transverse_span_mm == 4.0
    # C6: upper width 27.2, waist of C5 23.4 over its upper width 24.8.
    assert m.level_morphometry(6).body_width_mid_mm == 25.7
    # C1: measured from the centre of its hole, 3.2 mm behind the centre of mass.
    assert m.level_morphometry(1).body_front_y_mm == pytest.approx(24.4 - 3.2)
    assert m.level_morphometry(1).transverse_span_mm == 88.0


def test_neighbour_figures_for_every_level():
    for label in ANATOMICAL_ORDER:
        assert 15.0 < m.spacing_to_next_mm(label) < 36.0
        assert abs(m.next_centre_y_mm(label)) < 16.0
    assert m.spacing_to_next_mm(22) == 34.8
    assert m.next_centre_y_mm(28) == 1.7
    assert m.sagittal_angle_to_next_deg(23) == -15.2  # lordotic, hence negative
    assert m.sagittal_angle_to_next_deg(13) == 6.5  # kyphotic


def test_levels_without_figures_are_named():
    with pytest.raises(KeyError, match="26"):
        m.spacing_to_next_mm(26)
    with pytest.raises(KeyError, match="27"):
        m.level_morphometry(27)


def test_signs_follow_the_frame():
    for label in (*range(2, 26), 28):
        row = m.level_morphometry(label)
        assert row.body_front_y_mm > 0 > row.body_posterior_wall_y_mm
        assert row.spinous_tip_y_mm < row.canal_back_y_mm < row.canal_centre_y_mm
        assert row.superior_process_tip_z_mm > 0 > row.inferior_process_tip_z_mm
        assert all(value is not None for value in dataclasses.astuple(row))
