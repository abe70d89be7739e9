"""Volumes and their translations by a frozen 2D model: what the 3D stage learns."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from spine_jax.data import Dataset, UnpairedStream, read_image
from spine_jax.data.mapped import MappedArray
from spine_jax.data.stream import Batch
from spine_jax.disentangle import Params, translate, translate_pairs
from spine_jax.io.atomic import atomic_path


def with_translations(
    dataset: Dataset, translator: Params, shrink: int, folder: Path, *, quiet: bool
) -> Dataset:
    """The data set with x_lh of every training CBCT, kept in a folder.

    Args:
        dataset: With training CBCTs.
        translator: Trained 2D model.
        shrink: Pixels of the data set along a side of one of the model's.
        folder: Gets NAME.npy, [Z, H, W] float32; those that are there are taken.
        quiet: No progress.
    """
    wanted = {volume.name for volume in dataset.select("cbct", "train")}
    volumes = []
    console = Console(stderr=True)
    with Progress(console=console, disable=quiet or not console.is_terminal) as bar:
        for volume in bar.track(dataset.volumes, description="translating"):
            if volume.name in wanted:
                path = folder / f"{volume.name}.npy"
                if not path.is_file():
                    x_l = read_image(dataset, volume, slice(None), shrink)
                    x_lh = translate(translator, x_l).x_lh[..., 0]
                    with atomic_path(path) as temporary, open(temporary, "wb") as file:
                        np.save(file, x_lh)
                volume = dataclasses.replace(volume, translated=MappedArray(path))
            volumes.append(volume)
    return dataclasses.replace(dataset, volumes=tuple(volumes))


class TranslatedPatches:
    """Batches for the 3D stage: patches of unpaired volumes with both translations.

    x_lh comes from the data set. x_hl is made here, since its artifacts are those of
    whatever CBCT the batch pairs with the CT: slice by slice, each slice of the CT with
    one slice of the CBCT, so that artifacts go through the slices as they do there.
    """

    def __init__(
        self, stream: UnpairedStream, translator: Params, plane_shrink: int
    ) -> None:
        """Prepare.

        Args:
            stream: Of patches, of a data set `with_translations`.
            translator: Trained 2D model.
            plane_shrink: Pixels of the 2D model along a side of a voxel.
        """
        self._stream, self._translator = stream, translator
        self._plane_shrink = plane_shrink

    def iterate(self, start: int = 0) -> Iterator[Batch]:
        """Batches from a step on."""
        for batch in self._stream.iterate(start):
            x_l, x_h = (
                batch[name].reshape(-1, *batch[name].shape[2:])
                for name in ("x_l", "x_h")
            )
            x_hl = translate_pairs(self._translator, x_l, x_h)
            batch = batch | {"x_hl": x_hl.reshape(batch["x_h"].shape)}
            shrunk = {k: shrunk_planes(v, self._plane_shrink) for k, v in batch.items()}
            shrunk["y_h"] = (shrunk["y_h"] >= 0.5).astype(np.float32)
            yield shrunk


def shrunk_planes(volumes: np.ndarray, shrink: int) -> np.ndarray:
    """Means over squares of pixels, [..., H, W, 1]."""
    if shrink == 1:
        return volumes
    *rest, height, width, _ = volumes.shape
    blocks = (*rest, height // shrink, shrink, width // shrink, shrink, 1)
    return volumes.reshape(blocks).mean(axis=(-4, -2), dtype=np.float32)
