"""A data set on disk: written, opened, read by slices, damaged."""

import dataclasses
import json
import pickle
import resource
import tracemalloc

import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.data import Scale, bone_slices, open_dataset, read_image
from spine_jax.data.mapped import MappedArray
from spine_jax.data.stacks import Stack
from spine_jax.data.store import (
    has_volume,
    read_volume,
    stored,
    write_index,
    write_volume,
)
from tests.data.toy import SIZE, toy_dataset, volume


def write_toy(folder):
    dataset = toy_dataset(cbct_scale=Scale(-7.0, 9.0))
    for each in dataset.volumes:
        write_volume(folder, each)
    write_index(
        folder,
        [each.name for each in dataset.volumes],
        dataset.cbct_scale,
        dataset.field_of_view,
        dataset.spacing_mm,
        {"settings": {"seed": 3}},
    )
    return dataset


def test_comes_back_as_it_was(tmp_path):
    written = write_toy(tmp_path)
    found = open_dataset(tmp_path)
    assert found.cbct_scale == written.cbct_scale
    assert found.spacing_mm == written.spacing_mm
    np.testing.assert_array_equal(found.field_of_view, written.field_of_view)
    for a, b in zip(written.volumes, found.volumes, strict=True):
        assert (a.name, a.patient, a.domain, a.split) == (
            b.name, b.patient, b.domain, b.split,
        )  # fmt: skip
        np.testing.assert_array_equal(a.affine_vox_to_mm, b.affine_vox_to_mm)
        for part in ("image", "labels", "clean"):
            first, second = getattr(a, part), getattr(b, part)
            assert (first is None) == (second is None)
            if first is not None:
                np.testing.assert_array_equal(first, second)
    index = json.loads((tmp_path / "index.json").read_text())
    assert index["volumes"][0]["bone_slices"] == [1, 2, 3, 4]
    assert index["volumes"][0]["intensity_range"] == [100, 1500]
    assert index["volumes"][3]["bone_slices"] is None


def test_a_slice_is_read_without_its_volume(tmp_path):
    image = np.zeros((64, 256, 256), np.int16)  # 8 MiB
    large = dataclasses.replace(volume(1, "ct", "train"), image=image, labels=None)
    write_volume(tmp_path, large)
    del image, large
    dataset = toy_dataset(field_of_view=np.ones((256, 256), bool))
    tracemalloc.start()
    found = read_volume(tmp_path, "v1")
    read_image(dataset, found, 40)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(found.image, MappedArray)
    # A slice is 0.25 MiB as float32, and passes through a few steps.
    assert peak < 3 * 2**20


def test_mapped_arrays_are_indexed_and_pickled_like_arrays(tmp_path):
    array = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    np.save(tmp_path / "a.npy", array)
    mapped = MappedArray(tmp_path / "a.npy")
    assert mapped.shape == (2, 3, 4) and len(mapped) == 2 and mapped.dtype == np.int16
    for key in (1, slice(0, 1), np.s_[:, [0, 2], ::2]):
        np.testing.assert_array_equal(mapped[key], array[key])
        assert type(mapped[key]) is np.ndarray
    np.testing.assert_array_equal(np.asarray(mapped, np.float32), array)
    pickled = pickle.dumps(mapped)
    assert len(pickled) < 1000
    np.testing.assert_array_equal(pickle.loads(pickled)[1], array[1])


def test_more_volumes_than_a_process_may_open(tmp_path):
    small = volume(1, "ct", "train")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        write_volume(tmp_path, small)
        kept = [read_volume(tmp_path, "v1") for _ in range(120)]
        assert sum(int(each.image[0, 0, 0]) for each in kept) == 120 * 1500
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_intensities_are_rounded_and_kept_in_range():
    image = np.full((2, SIZE, SIZE), 0.6, np.float32)
    image[0, 0, 0], image[0, 0, 1] = 1e6, -1e6
    kept = stored(Stack(image, np.eye(4)), "a", "a", "cbct", "train").image
    assert kept.dtype == np.int16
    assert (kept[0, 0, 0], kept[0, 0, 1], kept[1, 1, 1]) == (32767, -32768, 1)


def test_bone_slices_of_a_volume_without_any():
    empty = dataclasses.replace(
        volume(1, "ct", "train"), labels=np.zeros((5, SIZE, SIZE), np.uint8)
    )
    assert bone_slices(empty) == []


def test_an_unfinished_data_set_is_not_opened(tmp_path):
    write_toy(tmp_path)
    (tmp_path / "index.json").unlink()
    with pytest.raises(InputError, match="no index.json"):
        open_dataset(tmp_path)


def test_another_format_is_refused(tmp_path):
    write_toy(tmp_path)
    path = tmp_path / "index.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(InputError, match="format 99"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("harm", ["missing", "cut", "another shape"])
def test_a_damaged_volume_is_named(tmp_path, harm):
    write_toy(tmp_path)
    path = tmp_path / "volumes" / "v2" / "image.npy"
    if harm == "missing":
        path.unlink()
    elif harm == "cut":
        path.write_bytes(path.read_bytes()[:-10])
    else:
        np.save(path, np.zeros((3, SIZE, SIZE), np.int16))
    with pytest.raises(InputError, match="v2"):
        open_dataset(tmp_path)


def test_a_volume_is_complete_only_with_its_last_file(tmp_path):
    write_volume(tmp_path, volume(1, "ct", "train"))
    assert has_volume(tmp_path, "v1")
    (tmp_path / "volumes" / "v1" / "about.json").unlink()
    assert not has_volume(tmp_path, "v1")
