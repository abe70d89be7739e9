"""Body centres out of binary masks of phantom spines whose poses are known."""

import functools

import numpy as np
import pytest
from scipy import ndimage

from spine_jax.core import InputError, mm_to_vox, vox_to_mm
from spine_jax.io.mask_centroids import centroids_from_labels
from spine_jax.io.nifti import load_labels
from spine_jax.pipeline.find_vertebrae import find_vertebrae
from tests.simulation.label_maps import column_labels

LUMBAR = (20, 21, 22, 23, 24)
SPACING_MM = 1.5


@functools.cache
def column():
    labels, bones = column_labels(4, LUMBAR, SPACING_MM)
    centres_mm = np.array([bone.body_centre_mm() for bone in bones])
    return np.asarray(labels.array) > 0, labels.affine_vox_to_mm, centres_mm


def errors_mm(found, centres_mm):
    points = found.centroids.points_mm
    assert points.shape == centres_mm.shape
    return np.linalg.norm(points - centres_mm, axis=1)


def offsets_mm(mask, affine, centre_mm):
    """Right, forward and up of a point, of every voxel; the axes are the world's."""
    axes = [
        affine[k, 3] + affine[k, k] * np.arange(n) for k, n in enumerate(mask.shape)
    ]
    return np.ix_(*(axis - at for axis, at in zip(axes, centre_mm)))


def ball(mask, affine, centre_mm, radius_mm):
    x, y, z = offsets_mm(mask, affine, centre_mm)
    return x**2 + y**2 + z**2 <= radius_mm**2


def test_finds_every_body_of_a_lumbar_column():
    mask, affine, centres = column()
    found = find_vertebrae(mask, affine, top=20)
    assert found.centroids.labels == LUMBAR
    distance = errors_mm(found, centres)
    # The lowest body leans most against the line, which ends there.
    assert distance[:-1].max() < 2.5 and distance[-1] < 5.0
    assert all(each.whole and each.confidence > 0.8 for each in found.vertebrae)
    assert found.left_out == () and found.tops == {20: 1.0}


def test_storage_order_spacing_and_obliqueness_do_not_matter():
    mask, affine, _ = column()
    plain = find_vertebrae(mask, affine, top=20).centroids.points_mm
    n = mask.shape
    turned = mask[::-1, :, ::-1].transpose(2, 0, 1)
    # New voxel (i, j, k) is old voxel (n - 1 - j, k, n - 1 - i).
    turn = np.array(
        [[0, -1, 0, n[0] - 1], [0, 0, 1, 0], [-1, 0, 0, n[2] - 1], [0, 0, 0, 1]]
    )
    other = find_vertebrae(turned, affine @ turn, top=20).centroids.points_mm
    np.testing.assert_allclose(other, plain, atol=0.3)
    angle = np.radians(12.0)
    lean = np.eye(4)
    lean[:3, :3] = [
        [1, 0, 0],
        [0, np.cos(angle), -np.sin(angle)],
        [0, np.sin(angle), np.cos(angle)],
    ]
    leaning = find_vertebrae(
        mask[:, :, ::2], lean @ affine @ np.diag([1, 1, 2, 1]), top=20
    )
    expected = vox_to_mm(lean, plain)
    assert np.linalg.norm(leaning.centroids.points_mm - expected, axis=1).max() < 2.5


def test_touching_neighbours_are_told_apart():
    mask, affine, centres = column()
    thick = ndimage.distance_transform_edt(~mask, sampling=SPACING_MM) <= 2.5
    assert ndimage.label(thick)[1] == 1
    found = find_vertebrae(thick, affine, top=20)
    assert errors_mm(found, centres).max() < 5.0


def test_screws_out_of_the_mask_and_blobs_beside_it_change_little():
    mask, affine, centres = column()
    hurt = mask.copy()
    for centre in centres[1:3]:
        for side in (-14.0, 14.0):
            x, y, z = offsets_mm(mask, affine, centre + [side, 0.0, 3.0])
            hurt &= ~((x**2 + z**2 <= 4.0**2) & (np.abs(y + 12.0) <= 22.0))
    hurt |= ball(mask, affine, centres[2] + [48.0, -10.0, 0.0], 9.0)
    hurt |= ball(mask, affine, centres[0] + [0.0, 42.0, 5.0], 6.0)
    found = find_vertebrae(hurt, affine, top=20)
    assert errors_mm(found, centres).max() < 5.0


def test_what_the_image_cuts_is_flagged_or_left_out():
    mask, affine, centres = column()
    heights = mm_to_vox(affine, centres)[:, 2]
    # From 8 mm below the middle of L5 to 2 mm below that of L1.
    low, high = int(heights[4] - 8 / SPACING_MM), int(heights[0] - 2 / SPACING_MM)
    cut = affine.copy()
    cut[:3, 3] = vox_to_mm(affine, np.array([0, 0, low]))
    found = find_vertebrae(mask[:, :, low:high], cut, bottom=24)
    assert found.centroids.labels == (21, 22, 23, 24)
    assert [each.whole for each in found.vertebrae] == [True, True, True, False]
    assert 0.4 < found.vertebrae[-1].visible < 0.9
    distance = errors_mm(found, centres[1:])
    assert distance[:-1].max() < 2.5 and distance[-1] < 9.0
    ((name, reason),) = found.left_out
    assert name == "L1" and "outside" in reason
    assert found.vertebrae[-1].confidence < min(
        v.confidence for v in found.vertebrae[:3]
    )


def test_levels_are_counted_from_the_named_one():
    mask, affine, _ = column()
    assert find_vertebrae(mask, affine, top=19).centroids.labels == (19, 20, 21, 22, 23)
    assert find_vertebrae(mask, affine, top=28).centroids.labels == (28, 20, 21, 22, 23)
    assert find_vertebrae(mask, affine, bottom=25).centroids.labels[0] == 21
    with pytest.raises(InputError, match="5 vertebrae.*C1 to L6"):
        find_vertebrae(mask, affine, top=23)


def test_names_by_size_are_a_probability():
    mask, affine, _ = column()
    found = find_vertebrae(mask, affine)
    assert found.named_by == "anatomy"
    assert sum(found.tops.values()) == pytest.approx(1.0)
    assert 20 in list(found.tops)[:2]
    assert list(found.tops)[0] == found.vertebrae[0].label
    assert found.vertebrae[0].level_probability == max(found.tops.values()) < 0.99


def test_a_mask_of_nothing_is_refused():
    nothing = np.zeros((20, 20, 20), bool)
    with pytest.raises(InputError, match="EMPTY-MASK"):
        find_vertebrae(nothing, np.eye(4))
    nothing[3:6, 3:6, 3:6] = True
    with pytest.raises(InputError, match="EMPTY-MASK"):
        find_vertebrae(nothing, np.eye(4))
    # 40 x 40 x 5 mm: a plate.
    nothing[:, :, 8:13] = True
    with pytest.raises(InputError, match="NO-SPINE"):
        find_vertebrae(nothing, np.diag([2.0, 2.0, 1.0, 1.0]))


@pytest.mark.parametrize(
    "name", ["verse010/sub-verse010_seg-vert_msk", "auto/verse023_seg"]
)
@pytest.mark.filterwarnings("ignore:.*body centres estimated")
def test_real_spines(shared_data, name):
    labels = load_labels(shared_data / "masks" / f"{name}.nii.gz")
    truth = centroids_from_labels(labels, name)
    found = find_vertebrae(
        np.asarray(labels.array) > 0, labels.affine_vox_to_mm, bottom=truth.labels[-1]
    )
    # The mask is all there is; the truth knows which voxel is whose.
    assert found.centroids.labels == truth.labels
    distance = errors_mm(found, truth.points_mm)
    assert distance.mean() < 2.0 and distance.max() < 6.0
