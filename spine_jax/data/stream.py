"""Unpaired batches: which slices, in which order and flipped how follows from the seed
and the step alone, so a run that resumes at a step sees what it would have seen."""

from collections.abc import Iterator

import grain
import numpy as np

from spine_jax.core import InputError
from spine_jax.data.read import read_image, read_mask
from spine_jax.data.store import Dataset, Domain, StoredVolume

Batch = dict[str, np.ndarray]

_SEED_STEP = 2
_THREADS, _AHEAD = 2, 8


class UnpairedStream:
    """Batches of training CBCT and labelled CT that have nothing to do with each other.

    `stream[step]` is a dict of float32 arrays: `x_l` CBCT and `x_h` CT in [-1, 1],
    `y_h` the vertebrae of x_h, 0 or 1, and `x_lh` or `y_l` where every CBCT of the
    batch has a translation, or labels that may be seen. In 2D they are [B, H, W, 1],
    in 3D [B, D, H, W, 1]. Each domain runs through its slices (in 3D: its volumes, at
    random heights) in an order of its own, another one in each epoch, and is flipped
    left to right by a coin of its own. CT slices without a vertebra occur, with an
    empty mask: CBCT has them too, and nobody could leave them out there.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        seed: int,
        *,
        depth: int | None = None,
        shrink: int = 1,
        low: Domain = "cbct",
        share: tuple[int, int] = (0, 1),
    ) -> None:
        """Prepare a stream.

        Args:
            dataset: With training volumes of both domains.
            batch_size: Pairs per step, over all processes.
            seed: Decides order and flips.
            depth: Slices of a 3D patch; None for single slices.
            shrink: Pixels along a side that are averaged into one.
            low: Domain of x_l. "simulated" gives labelled CBCT, with `y_l`.
            share: Index of this process and number of processes: each gets its rows
                of the same batch.

        Raises:
            InputError: for a domain without training data, or a batch that the
                processes cannot share.
        """
        index, count = share
        if batch_size % count:
            raise InputError(
                "BATCH-SIZE",
                "batch_size",
                f"{batch_size} for {count} processes",
                "a multiple of the number of processes",
                "another batch size",
            )
        rows = batch_size // count
        self._batch_size = batch_size
        self._rows = range(index * rows, (index + 1) * rows)
        domains: tuple[Domain, Domain] = (low, "ct")
        self._low, self._high = (
            _examples(_Pieces(dataset, domain, depth, shrink), _SEED_STEP * seed + k)
            for k, domain in enumerate(domains)
        )

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step."""
        first = int(step) * self._batch_size
        low, high = (
            [_get(examples, first + row) for row in self._rows]
            for examples in (self._low, self._high)
        )
        batch = {
            "x_l": np.stack([example["image"] for example in low]),
            "x_h": np.stack([example["image"] for example in high]),
            "y_h": np.stack([example["mask"] for example in high]),
        }
        for name, part in (("x_lh", "translated"), ("y_l", "mask")):
            if all(part in example for example in low):
                batch[name] = np.stack([example[part] for example in low])
        return batch

    def __len__(self) -> int:
        """Steps until grain's indices end; there is no other end."""
        return len(self._low) // self._batch_size

    def iterate(self, start: int = 0) -> Iterator[Batch]:
        """Batches from a step on, read ahead by threads."""
        options = grain.ReadOptions(num_threads=_THREADS, prefetch_buffer_size=_AHEAD)
        steps = grain.MapDataset.range(len(self)).map(self.__getitem__)
        batches = iter(steps.to_iter_dataset(options))
        batches.set_state({"next_index": start})
        return batches


class _Pieces:
    """The slices or stacks of a domain's training volumes, as a grain source."""

    def __init__(
        self, dataset: Dataset, domain: Domain, depth: int | None, shrink: int
    ) -> None:
        self.dataset, self.depth, self.shrink = dataset, depth, shrink
        volumes = dataset.select(domain, "train")
        if depth is None:
            self.pieces = [(v, k) for v in volumes for k in range(len(v.image))]
        else:
            self.pieces = [(v, 0) for v in volumes if len(v.image) >= depth]
        if not self.pieces:
            raise InputError(
                "NO-TRAINING-DATA",
                domain,
                f"{len(volumes)} training volumes"
                + (f", none of {depth} slices" if depth and volumes else ""),
                "at least one",
                "a data set with more patients" + (", or less depth" if depth else ""),
            )

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: int) -> tuple["_Pieces", StoredVolume, int]:
        return (self, *self.pieces[index])


def _examples(pieces: _Pieces, seed: int) -> grain.MapDataset:
    """Endless examples of a domain: `image`, and `mask` where it is CT."""
    source = grain.MapDataset.source(pieces).seed(seed)
    return source.shuffle().repeat().random_map(_example)


def _get(examples: grain.MapDataset, index: int) -> dict[str, np.ndarray]:
    example = examples[index]
    assert example is not None, "nothing is filtered"
    return example


def _example(
    piece: tuple[_Pieces, StoredVolume, int], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    pieces, volume, first = piece
    flipped = rng.random() < 0.5
    slices: int | slice = first
    if pieces.depth is not None:
        first = int(rng.integers(len(volume.image) - pieces.depth + 1))
        slices = slice(first, first + pieces.depth)
    example = {"image": read_image(pieces.dataset, volume, slices, pieces.shrink)}
    # The truth of a CBCT is for evaluation only.
    if volume.domain != "cbct":
        example["mask"] = read_mask(volume, slices, pieces.shrink)
    elif volume.translated is not None:
        example["translated"] = np.asarray(volume.translated[slices])[..., None]
    if flipped:
        example = {name: array[..., ::-1, :] for name, array in example.items()}
    return example
