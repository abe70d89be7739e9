"""Poses and parts found in label maps, against a phantom that knows them."""

import numpy as np
import pytest
from scipy import ndimage

from spine_jax.core import mm_to_vox
from spine_jax.simulation.label_column import label_column
from spine_jax.simulation.label_sites import find_sites
from spine_jax.simulation.level_figures import level_of
from tests.simulation.label_maps import column_labels

SPACING = np.full(3, 1.5)


@pytest.fixture(scope="module")
def column():
    """Label map and the bones in it."""
    return column_labels(4, (21, 22, 23), SPACING[0])


@pytest.fixture(scope="module")
def labels(column):
    return column[0].array


@pytest.fixture(scope="module")
def bones(column):
    return column[1]


@pytest.fixture(scope="module")
def centres_mm(column):
    """True body centres [3, 3], mm from the first voxel."""
    points = [bone.body_centre_mm() for bone in column[1]]
    return mm_to_vox(column[0].affine_vox_to_mm, np.array(points)) * SPACING


def test_body_centres_and_axes(labels, bones, centres_mm):
    sites = find_sites(labels, SPACING)
    assert [site.label for site in sites] == [21, 22, 23]
    for site, bone, centre in zip(sites, bones, centres_mm):
        assert np.linalg.norm(site.frame.origin_mm - centre) < 2.5
        cosines = np.sum(site.frame.rotation * bone.frame.rotation, axis=0)
        assert np.degrees(np.arccos(cosines.min())) < 9.0
        np.testing.assert_allclose(
            site.frame.rotation.T @ site.frame.rotation, np.eye(3), atol=1e-9
        )


def enclosed(labels):
    """Background with bone on all four sides in its slice, within 20 mm."""
    solid = labels > 0
    reach = int(20 / SPACING[0])
    surrounded = ~solid
    for axis in (0, 1):
        for origin in (-(reach // 2), reach // 2):
            surrounded &= ndimage.maximum_filter1d(
                solid, reach, axis=axis, origin=origin
            )
    return surrounded


def test_parts_of_the_vertebra(labels, bones):
    for site, bone in zip(find_sites(labels, SPACING), bones):
        scale = bone.frame.scale
        width, depth = scale * np.array(bone.body_half_mm)
        assert site.body_half_mm[0] == pytest.approx(width, abs=5.0)
        # The figure of the shape is its rim's, which rays near the middle miss.
        assert site.body_half_mm[1] == pytest.approx(depth, abs=6.0)
        # The shape's canal is partly taken by body and lamina.
        assert 4.0 < site.canal_half_mm[1] < scale * bone.canal_half_mm[1] + 1.0
        x, y, z = np.round(site.frame.to_world(site.canal_centre_mm) / SPACING).astype(
            int
        )
        assert enclosed(labels)[x, y, z]
        left, right = site.transverse_tips_mm
        assert left[0] < -30.0 < 30.0 < right[0]
        assert site.spinous_tip_mm[1] < -50.0


def test_column_goes_on_beyond_the_labels(labels):
    rng = np.random.default_rng(0)
    pieces, others = label_column(rng, labels, SPACING)
    numbers = [piece.site.label for piece in pieces]
    labelled = [piece.site.label for piece in pieces if piece.labelled]
    assert labelled == [21, 22, 23]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] <= 20 and numbers[-1] >= 24
    assert others == []
    heights = [piece.site.frame.origin_mm[2] for piece in pieces]
    assert np.all(np.diff(heights) < -20.0)


def test_vertebra_cut_at_the_end_gets_its_pose_from_the_others(labels, centres_mm):
    cut = labels[:, :, : int(centres_mm[0, 2] / SPACING[2]) - 4]
    assert [site.label for site in find_sites(cut, SPACING)] == [22, 23]
    pieces, _ = label_column(np.random.default_rng(0), cut, SPACING)
    piece = next(piece for piece in pieces if piece.site.label == 21)
    assert piece.labelled
    assert np.linalg.norm(piece.site.frame.origin_mm - centres_mm[0]) < 8.0


def test_missing_vertebra_is_filled_in_without_a_label(labels, centres_mm):
    gap = np.where(labels == 22, 0, labels)
    pieces, _ = label_column(np.random.default_rng(0), gap, SPACING)
    places = {piece.site.label: piece for piece in pieces}
    assert not places[22].labelled and places[21].labelled and places[23].labelled
    found = places[22].site.frame.origin_mm
    assert np.linalg.norm(found - centres_mm[1]) < 6.0
    assert np.linalg.norm(places[22].mesh.vertices_mm.mean(axis=0) - found) < 25.0


def test_thirteenth_thoracic_lies_between_the_twelfth_and_the_first_lumbar():
    assert level_of(19) < level_of(28) < level_of(20)
