"""Batches: a pure function of seed and step, unpaired, each slice once per epoch."""

import collections
import dataclasses
import itertools

import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.data import UnpairedStream
from tests.data.toy import BRIGHT, intensity, toy_dataset, volume

TRAINING_CT = {100 * v + k for v in (1, 2) for k in range(5)}
TRAINING_CBCT = {100 * v + k for v in (4, 5) for k in range(5)}


@pytest.fixture(scope="module")
def dataset():
    return toy_dataset()


def same(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k]) for k in a)


def slices_of(x):
    """The number of each slice [B, H, W, 1], wherever its bright column is."""
    return [int(number) for number in intensity(x[:, 4, 4, 0])]


def is_flipped(x):
    columns = intensity(x[:, 4, :, 0])
    assert np.all((columns[:, 0] == BRIGHT) != (columns[:, -1] == BRIGHT))
    return columns[:, -1] == BRIGHT


def test_shapes_types_and_ranges(dataset):
    batch = UnpairedStream(dataset, 3, 0)[0]
    assert batch.keys() == {"x_l", "x_h", "y_h"}
    for name, array in batch.items():
        assert array.shape == (3, 8, 8, 1) and array.dtype == np.float32, name
    assert np.abs(batch["x_l"]).max() <= 1 and np.abs(batch["x_h"]).max() <= 1
    assert set(np.unique(batch["y_h"])) <= {0.0, 1.0}


def test_a_batch_depends_on_seed_and_step_alone(dataset):
    stream, again = UnpairedStream(dataset, 2, 7), UnpairedStream(dataset, 2, 7)
    forwards = [stream[step] for step in range(12)]
    backwards = [again[step] for step in reversed(range(12))][::-1]
    assert all(map(same, forwards, backwards))
    other = UnpairedStream(dataset, 2, 8)
    assert not all(same(other[step], batch) for step, batch in enumerate(forwards))


@pytest.mark.parametrize("start", [0, 9, 10_000_000])
def test_resumes_anywhere(dataset, start):
    stream = UnpairedStream(dataset, 2, 7)
    resumed = list(itertools.islice(stream.iterate(start), 4))
    assert all(same(batch, stream[start + i]) for i, batch in enumerate(resumed))


def test_every_epoch_sees_each_training_slice_once_in_a_new_order(dataset):
    stream = UnpairedStream(dataset, 5, 3)
    for name, expected in (("x_l", TRAINING_CBCT), ("x_h", TRAINING_CT)):
        epochs = [
            slices_of(stream[2 * e][name]) + slices_of(stream[2 * e + 1][name])
            for e in range(3)
        ]
        for epoch in epochs:
            assert len(epoch) == 10 and set(epoch) == expected
        assert epochs[0] != epochs[1] and epochs[1] != epochs[2]


def test_the_domains_are_unpaired_and_flipped_independently(dataset):
    stream = UnpairedStream(dataset, 4, 1)
    flips, pairs = collections.Counter(), set()
    for step in range(100):
        batch = stream[step]
        flips.update(zip(is_flipped(batch["x_l"]), is_flipped(batch["x_h"])))
        pairs |= set(zip(slices_of(batch["x_l"]), slices_of(batch["x_h"])))
    # Four equally likely outcomes of 400: 100 each, with a deviation of 8.7.
    assert len(flips) == 4 and all(60 < count < 140 for count in flips.values())
    # 100 possible pairs; were the orders the same there would be 10.
    assert len(pairs) > 80


def test_the_mask_is_flipped_with_its_image(dataset):
    stream = UnpairedStream(dataset, 4, 1)
    for step in range(10):
        batch = stream[step]
        for number, flipped, mask in zip(
            slices_of(batch["x_h"]), is_flipped(batch["x_h"]), batch["y_h"][..., 0]
        ):
            expected = np.zeros((8, 8))
            if number % 100 > 0:
                expected[2:4, -2 if flipped else 1] = 1
            np.testing.assert_array_equal(mask, expected)


def test_slices_without_a_vertebra_have_an_empty_mask(dataset):
    stream = UnpairedStream(dataset, 10, 0)
    batch = stream[0]
    empty = [number % 100 == 0 for number in slices_of(batch["x_h"])]
    assert sum(empty) == 2
    np.testing.assert_array_equal(batch["y_h"].sum(axis=(1, 2, 3)) == 0, empty)


def test_processes_share_one_batch(dataset):
    whole = UnpairedStream(dataset, 4, 5)[6]
    parts = [UnpairedStream(dataset, 4, 5, share=(i, 2))[6] for i in range(2)]
    for name in whole:
        joined = np.concatenate([part[name] for part in parts])
        np.testing.assert_array_equal(joined, whole[name])
    with pytest.raises(InputError, match="BATCH-SIZE"):
        UnpairedStream(dataset, 3, 5, share=(0, 2))


def test_patches_are_consecutive_slices_of_one_volume(dataset):
    stream = UnpairedStream(dataset, 2, 0, depth=3)
    starts = set()
    for step in range(20):
        batch = stream[step]
        assert batch["x_h"].shape == batch["y_h"].shape == (2, 3, 8, 8, 1)
        for patch in batch["x_l"]:
            first, second, third = slices_of(patch)
            assert (second, third) == (first + 1, first + 2)
            assert len(set(is_flipped(patch))) == 1
            starts.add(first % 100)
    assert starts == {0, 1, 2}


def test_labels_of_simulated_cbct_may_be_seen():
    volumes = (*toy_dataset().volumes, volume(7, "simulated", "train"))
    stream = UnpairedStream(toy_dataset(volumes=volumes), 2, 0, low="simulated")
    for step in range(4):
        batch = stream[step]
        assert set(slices_of(batch["x_l"])) <= {700 + k for k in range(5)}
        for image, mask in zip(batch["x_l"], batch["y_l"]):
            numbered = slices_of(image[None])[0]
            assert mask.sum() == (0 if numbered == 700 else 2)
    assert "y_l" not in UnpairedStream(toy_dataset(), 2, 0)[0]


def test_translations_come_with_their_slices():
    translated = np.arange(5, dtype=np.float32)[:, None, None] + np.zeros((1, 4, 4))
    volumes = tuple(
        dataclasses.replace(v, translated=100 * int(v.name[1:]) + translated)
        if v.domain == "cbct"
        else v
        for v in toy_dataset().volumes
    )
    batch = UnpairedStream(toy_dataset(volumes=volumes), 2, 0)[3]
    assert batch["x_lh"].shape == (2, 4, 4, 1)
    assert slices_of(batch["x_l"]) == [int(x) for x in batch["x_lh"][:, 0, 0, 0]]
    assert "x_lh" not in UnpairedStream(toy_dataset(), 2, 0)[0]


def test_pixels_can_be_averaged(dataset):
    small = UnpairedStream(dataset, 1, 0, shrink=2)[0]
    large = UnpairedStream(dataset, 1, 0)[0]
    assert small["x_l"].shape == (1, 4, 4, 1)
    corner = large["x_l"][0, :2, :2, 0].mean()
    assert small["x_l"][0, 0, 0, 0] == pytest.approx(corner, abs=1e-6)


def test_a_domain_without_training_data_is_told():
    only_ct = toy_dataset(volumes=(volume(1, "ct", "train"),))
    with pytest.raises(InputError, match="NO-TRAINING-DATA.*cbct"):
        UnpairedStream(only_ct, 1, 0)
    with pytest.raises(InputError, match="none of 6 slices"):
        UnpairedStream(toy_dataset(), 1, 0, depth=6)
