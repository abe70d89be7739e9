"""Slices that an unlabelled vertebra may reach are left out, on maps of plain boxes.

Voxels of 1 mm in maps of 100 x 100 x 220; the grid has 1 mm too, so that heights in the
grid are heights in the map minus a shift.
"""

import dataclasses

import numpy as np
import pytest

from spine_jax.core import InputError, LabelVolume
from spine_jax.data.framing import FRAMINGS, field_of_view, middle_slices
from spine_jax.data.labelled import check_lumbar, labelled_slices

FRAMING = FRAMINGS["small"]
SHAPE = (140, 140, 220)


def column(boxes, shape=SHAPE):
    """A map of boxes of 30 x 30 voxels: label -> (first, one beyond last) height."""
    array = np.zeros(shape, np.uint8)
    for label, (low, high) in boxes.items():
        array[55:85, 55:85, low:high] = label
    return LabelVolume(array, np.eye(4))


def grid_at(height):
    """A grid of 128 voxels whose index (63.5, 63.5, 63.5) lies at (70, 70, height)."""
    affine = np.eye(4)
    affine[:3, 3] = np.array([70.0, 70.0, height]) - 63.5
    return affine


def kept_heights(labels, height):
    """First and last height in the map of the slices that are kept."""
    kept = labelled_slices(labels, grid_at(height), FRAMING) + height - 63.5
    assert np.all(np.diff(kept) == 1)
    return kept[0], kept[-1]


def test_the_middle_of_the_device_is_kept():
    slices = middle_slices(FRAMING)
    assert (slices[0], slices[-1], len(slices)) == (15, 112, 98)
    carm = middle_slices(FRAMINGS["carm"])
    assert len(carm) == 98 and np.all(np.diff(carm) == 2)
    # 98 slices of 1 mm around the middle of 256 voxels of 0.5 mm.
    assert abs((carm[0] + carm[-1]) / 2 - 127.5) <= 0.5


def test_the_view_is_the_inscribed_circle_at_most():
    seen = field_of_view(FRAMING)
    assert seen.shape == (128, 128)
    assert not seen[0, 0] and seen[64, 64] and seen[64, 5]
    assert seen.mean() == pytest.approx(np.pi / 4, abs=0.05)


def test_limits_lie_a_level_from_the_outermost_vertebrae():
    # L2 120-149, L3 80-109, L4 40-69: 40 mm from level to level.
    labels = column({21: (120, 150), 22: (80, 110), 23: (40, 70)})
    # L1 above would reach down to 160, 2 mm of margin; 49 mm around 160 are looked at.
    assert kept_heights(labels, 140.5) == (92, 158)
    # L5 below would reach up to 29.
    assert kept_heights(labels, 60.5) == (31, 109)


def test_a_process_that_hangs_down_lowers_the_limit():
    labels = column({21: (120, 150), 22: (80, 110), 23: (40, 70)})
    labels.array[70, 30:34, 100:120] = 21
    # Its lowest voxel is at 100; 80 voxels at 109.5 pull the mean of 27000 at 134.5
    # down by 0.07 mm.
    assert kept_heights(labels, 140.5) == (92, 137)
    # The same process out of view does not count.
    labels = column({21: (120, 150), 22: (80, 110), 23: (40, 70)})
    labels.array[70, :4, 100:120] = 21
    assert kept_heights(labels, 140.5)[1] == 157


def test_below_the_last_lumbar_vertebra_only_the_map_ends():
    labels = column({23: (80, 110), 24: (40, 70)})
    assert kept_heights(labels, 48.5) == (0, 97)


def test_a_vertebra_cut_by_the_border_counts_as_unlabelled():
    whole = {22: (120, 150), 23: (80, 110), 24: (40, 70)}
    cut = column({21: (160, 170)} | whole, shape=(140, 140, 170))
    without = column(whole, shape=(140, 140, 170))
    assert kept_heights(cut, 130.5) == kept_heights(without, 130.5) == (82, 158)


def test_the_order_and_direction_of_axes_do_not_matter():
    labels = column({21: (120, 150), 22: (80, 110), 23: (40, 70)})
    affine = np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, -1, 0, 219], [0, 0, 0, 1.0]])
    turned = LabelVolume(labels.array.transpose(1, 2, 0)[:, ::-1], affine)
    assert kept_heights(turned, 140.5) == kept_heights(labels, 140.5)


def test_a_single_vertebra_keeps_its_middle():
    # 29 mm from its first to its last voxel: the next level is taken to be 0.7 of that
    # away, so L2 reaches down to 90 + 20.3 and L4 up to 119 - 20.3; 2 mm of margin.
    labels = column({22: (90, 120)})
    assert kept_heights(labels, 104.5) == (101, 108)


def test_too_few_slices_are_told():
    labels = column({22: (90, 110)})
    with pytest.raises(InputError, match="FEW-SLICES"):
        labelled_slices(labels, grid_at(100), FRAMING)


def test_only_lumbar_scans_are_taken():
    check_lumbar(column({20: (10, 20)}))
    for boxes in ({}, {19: (10, 20)}, {26: (10, 20)}):
        with pytest.raises(InputError, match="NO-LUMBAR"):
            check_lumbar(column(boxes))


def test_coarser_slices_are_a_multiple_of_the_voxel():
    framing = dataclasses.replace(FRAMING, slice_mm=2.0)
    slices = middle_slices(framing)
    assert len(slices) == 49 and np.all(np.diff(slices) == 2)
