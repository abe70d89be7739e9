"""Which vertebrae of a label map are taken, and the mean of those."""

import numpy as np
import pytest

from spine_jax.anatomy.body_centre import body_centre_from_mesh
from spine_jax.anatomy.implicit import body_centre_of_shape, vertebra_distance
from spine_jax.anatomy.landmarks import landmarks_on_mesh
from spine_jax.core import InputError, LabelVolume
from spine_jax.pipeline.template_build import build_average_template
from spine_jax.pipeline.template_build_surfaces import vertebra_surfaces
from spine_jax.pipeline.template_cache import cached_level_template
from tests.pipeline.template_masks import L3, STEP_MM, individual, label_map

USUAL = {L3: 60_000.0}


@pytest.fixture(scope="module")
def whole():
    return label_map(1)


def reason(labels, usual=USUAL):
    surfaces, left_out = vertebra_surfaces(labels, "map", usual)
    assert not surfaces and len(left_out) == 1
    assert (left_out[0].source, left_out[0].label) == ("map", L3)
    return left_out[0].reason


def with_array(labels, array):
    return LabelVolume(np.ascontiguousarray(array), labels.affine_vox_to_mm)


@pytest.mark.parametrize("codes", ["RAS", "LPI"])
def test_surface_lies_in_the_vertebras_frame(codes):
    labels = label_map(1, codes=codes)
    (surface,), left_out = vertebra_surfaces(labels, "map", USUAL)
    assert (surface.source, surface.label, left_out) == ("map", L3, [])
    shape = individual(1)
    points = surface.mesh.vertices_mm + body_centre_of_shape(shape)
    # The frame is read off the voxels: a few degrees and mm.
    assert np.abs(vertebra_distance(points, shape)).mean() < 2.0


def test_a_level_that_is_not_there(whole):
    surfaces, (left_out,) = vertebra_surfaces(whole, "map", {21: 60_000.0})
    assert not surfaces and left_out.label == 21
    assert left_out.reason == "not in the label map"


def test_cut_by_the_border(whole):
    tip = int(np.argwhere(whole.array).min(axis=0)[1])
    assert "border" in reason(with_array(whole, whole.array[:, tip:]))


def test_implausible_volume(whole):
    assert "volume" in reason(whole, {L3: 400_000.0})


def test_in_pieces(whole):
    array = whole.array.copy()
    array[:, array.shape[1] // 2] = 0
    assert "pieces" in reason(with_array(whole, array))


def test_thick_slices(whole):
    affine = whole.affine_vox_to_mm @ np.diag([1, 1, 3.0, 1])
    thick = LabelVolume(np.ascontiguousarray(whole.array[:, :, ::3]), affine)
    padded = np.pad(thick.array, 1)
    assert f"slices of {3 * STEP_MM} mm" in reason(LabelVolume(padded, affine))


def test_too_few_vertebrae(whole):
    cut = with_array(whole, whole.array[:, 30:])
    with pytest.raises(InputError, match="only one L3.*cut: cut by the border"):
        build_average_template([("whole", whole), ("cut", cut)], L3)
    with pytest.raises(InputError, match="no L1.*whole: not in the label map"):
        build_average_template([("whole", whole)], 20)


@pytest.fixture(scope="module")
def average(whole):
    maps = [("a", whole), ("b", label_map(2, codes="LPS"))]
    return build_average_template(maps, L3, n_modes=3)


def test_every_vertebra_is_met(average):
    assert [each.source for each in average.used] == ["a", "b"]
    for each in average.used:
        assert each.mean_mm < 0.4 and each.mean_mm < each.p95_mm < 1.2
    scales = [each.scale for each in average.used]
    assert np.prod(scales) == pytest.approx(1.0)


def test_mean_is_a_sound_template_of_our_topology(average):
    ours = cached_level_template(L3).mesh
    mesh = average.template.mesh
    np.testing.assert_array_equal(mesh.faces, ours.faces)
    assert average.checks.closed and average.checks.outward
    assert average.checks.genus == 1
    assert average.template.name == "L3"
    # A vertex still means the same place; vertebrae differ by some mm.
    landmarks = landmarks_on_mesh(mesh.vertices_mm, L3)
    for name, place in landmarks_on_mesh(ours.vertices_mm, L3).items():
        assert np.linalg.norm(landmarks[name] - place) < 6.0, name


def test_origin_is_the_centre_of_the_body(average):
    centre = body_centre_from_mesh(average.template.mesh)
    ours = body_centre_from_mesh(cached_level_template(L3).mesh)
    np.testing.assert_allclose(centre, ours, atol=1.0)


def test_mean_lies_between_the_two(average):
    sizes = [
        np.linalg.norm(u.vertices_mm - u.vertices_mm.mean(0)) for u in average.used
    ]
    vertices = average.template.mesh.vertices_mm
    size = np.linalg.norm(vertices - vertices.mean(0))
    assert size == pytest.approx(np.sqrt(np.prod(sizes)), rel=0.01)
    assert average.model.modes.shape[0] == 1
    np.testing.assert_allclose(average.model.mean_mm, vertices)
