"""Stacks lie where their affine says, on scans that are ramps of the world."""

import numpy as np
import pytest

from spine_jax.core import InputError, LabelVolume, Volume, transform_points
from spine_jax.data import phantom as phantom_module
from spine_jax.data.framing import field_of_view
from spine_jax.data.phantom import TINY, phantom_dataset
from spine_jax.data.stacks import frame_ct, frame_real_cbct
from tests.pipeline.phantoms import phantom
from tests.simulation.label_maps import column_labels

SLOPE = np.array([1.0, 2.0, 3.0])


def ramp(shape, affine):
    """A scan whose value is SLOPE times the place in the world."""
    index = np.moveaxis(np.indices(shape), 0, -1)
    return Volume((transform_points(affine, index) @ SLOPE).astype(np.float32), affine)


def values_told_by(stack, indices):
    return transform_points(stack.affine_vox_to_mm, indices.astype(float)) @ SLOPE


@pytest.fixture(scope="module")
def spine():
    labels, _ = column_labels(3, (21, 22, 23), 2.0)
    return labels


@pytest.mark.parametrize("turned", [False, True])
def test_a_ct_is_where_it_was(spine, turned):
    labels = spine
    if turned:  # axes down, left, forwards
        affine = labels.affine_vox_to_mm @ np.array(
            [
                [0, -1, 0, labels.array.shape[0] - 1],
                [0, 0, 1, 0],
                [-1, 0, 0, labels.array.shape[2] - 1],
                [0, 0, 0, 1.0],
            ]
        )
        array = labels.array[::-1, :, ::-1].transpose(2, 0, 1)
        labels = LabelVolume(np.ascontiguousarray(array), affine)
    stack = frame_ct(ramp(labels.array.shape, labels.affine_vox_to_mm), labels, 1, TINY)
    inside = np.argwhere(stack.labels > 0)
    assert len(inside) > 100
    found = stack.image[tuple(inside.T)]
    # Blurring before sampling bends a ramp only at the border of the scan.
    assert np.abs(found - values_told_by(stack, inside)).max() < 3.0
    at = transform_points(
        np.linalg.inv(labels.affine_vox_to_mm) @ stack.affine_vox_to_mm,
        inside.astype(float),
    )
    there = labels.array[tuple(np.rint(at).astype(int).T)]
    assert np.mean(there == stack.labels[tuple(inside.T)]) > 0.97


def test_rows_run_to_the_back_columns_to_the_left_and_slices_up(spine):
    stack = frame_ct(ramp(spine.array.shape, spine.affine_vox_to_mm), spine, 1, TINY)
    up, back, left = (stack.affine_vox_to_mm[:3, i] / 4.0 for i in range(3))
    # Tilts of up to 10 degrees about each axis.
    assert up[2] > 0.95 and back[1] < -0.95 and left[0] < -0.95


def test_labels_are_vertebrae_in_view_only(spine):
    array = spine.array.copy()
    array[:5, :5] = 26
    labels = LabelVolume(array, spine.affine_vox_to_mm)
    stack = frame_ct(ramp(array.shape, spine.affine_vox_to_mm), labels, 1, TINY)
    assert stack.labels.dtype == np.uint8
    assert set(np.unique(stack.labels)) <= {0, 21, 22, 23}
    assert not stack.labels[:, ~field_of_view(TINY)].any()


def test_bone_cut_by_the_side_of_a_scan_does_not_go_on_beside_it(spine):
    half = spine.array.shape[0] // 2
    labels = LabelVolume(spine.array[:half], spine.affine_vox_to_mm)
    assert labels.array[-1].any()
    stack = frame_ct(ramp(labels.array.shape, spine.affine_vox_to_mm), labels, 1, TINY)
    to_map = np.linalg.inv(spine.affine_vox_to_mm) @ stack.affine_vox_to_mm
    inside = np.argwhere(stack.labels > 0).astype(float)
    assert transform_points(to_map, inside)[:, 0].max() <= half - 0.5


def test_same_seed_same_frame_and_another_seed_another(spine):
    ct = ramp(spine.array.shape, spine.affine_vox_to_mm)
    first, again, other = (frame_ct(ct, spine, seed, TINY) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.image, again.image)
    assert not np.allclose(first.affine_vox_to_mm, other.affine_vox_to_mm)


def test_a_real_cbct_is_cut_around_its_middle():
    affine = np.array([[0, 0, -2.0, 90], [-2.0, 0, 0, 20], [0, -2.0, 0, 70], [0] * 4])
    affine[3, 3] = 1
    stack = frame_real_cbct(ramp((64, 70, 66), affine), TINY)
    assert stack.image.shape == (24, 32, 32) and stack.labels is None
    middle = np.stack(np.meshgrid(*[np.arange(10, 14)] * 3), axis=-1).reshape(-1, 3)
    found = stack.image[tuple(middle.T)]
    np.testing.assert_allclose(found, values_told_by(stack, middle), atol=1e-2)
    centre = stack.affine_vox_to_mm @ [11.5, 15.5, 15.5, 1]
    np.testing.assert_allclose(centre, affine @ [31.5, 34.5, 32.5, 1], atol=1e-9)


def test_a_real_cbct_smaller_than_the_view_is_refused():
    with pytest.raises(InputError, match="SMALL-VOLUME"):
        frame_real_cbct(ramp((10, 64, 64), np.diag([2.0, 2, 2, 1])), TINY)


def test_a_phantom_data_set_has_all_that_training_needs(monkeypatch):
    # Drawing a phantom takes seconds; one for all patients will do here.
    monkeypatch.setattr(phantom_module, "lumbar_phantom", lambda *a, **k: phantom())
    dataset = phantom_dataset(0, held_out=0)
    (ct,), (cbct,) = (dataset.select(d, "train") for d in ("ct", "cbct"))
    assert ct.patient != cbct.patient
    for volume in (ct, cbct):
        assert volume.image.shape[1:] == (32, 32) and len(volume.image) >= 8
        assert volume.labels.any(axis=(1, 2)).mean() > 0.9
        bone, rest = volume.labels > 0, (volume.labels == 0) & dataset.field_of_view
        assert volume.image[bone].mean() > volume.image[rest].mean()
    assert cbct.clean is not None and ct.clean is None
    assert dataset.cbct_scale.high > dataset.cbct_scale.low
