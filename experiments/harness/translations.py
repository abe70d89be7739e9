"""Volumes and their translations by a frozen 2D model: what the 3D stage learns."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from spine_jax.data import Dataset, UnpairedStream, read_image
from spine_jax.data.contrast import with_bone_contrast
from spine_jax.data.mapped import MappedArray
from spine_jax.data.stream import Batch
from spine_jax.data.turning import turned
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


@dataclasses.dataclass(frozen=True)
class Variation:
    """What is varied of each patient in a patch, evenly within its range; by default
    nothing.

    Attributes:
        bone_spread: Contrast of bone, from 1 - spread to 1 + spread times what it is.
        turn_deg: Turn within the slices, to either side.
        zoom: Largest enlargement within the slices.
        seed: With the step it decides everything.
    """

    bone_spread: float = 0.0
    turn_deg: float = 0.0
    zoom: float = 1.0
    seed: int = 0


class TranslatedPatches:
    """Batches for the 3D stage: patches of unpaired volumes with both translations.

    x_lh comes from the data set. x_hl is made here, since its artifacts are those of
    whatever CBCT the batch pairs with the CT: slice by slice, each slice of the CT with
    one slice of the CBCT, so that artifacts go through the slices as they do there.
    """

    def __init__(
        self,
        stream: UnpairedStream,
        translator: Params,
        plane_shrink: int,
        variation: Variation = Variation(),
    ) -> None:
        """Prepare.

        Args:
            stream: Of patches, of a data set `with_translations`.
            translator: Trained 2D model.
            plane_shrink: Pixels of the 2D model along a side of a voxel.
            variation: Of what is there.
        """
        self._stream, self._translator = stream, translator
        self._plane_shrink, self._variation = plane_shrink, variation

    def iterate(self, start: int = 0) -> Iterator[Batch]:
        """Batches from a step on."""
        for step, batch in enumerate(self._stream.iterate(start), start):
            x_l, x_h = (
                batch[name].reshape(-1, *batch[name].shape[2:])
                for name in ("x_l", "x_h")
            )
            x_hl = translate_pairs(self._translator, x_l, x_h)
            batch = batch | {"x_hl": x_hl.reshape(batch["x_h"].shape)}
            shrunk = {k: shrunk_planes(v, self._plane_shrink) for k, v in batch.items()}
            shrunk["y_h"] = (shrunk["y_h"] >= 0.5).astype(np.float32)
            yield varied(shrunk, self._variation, step)


def varied(batch: Batch, variation: Variation, step: int) -> Batch:
    """The batch with other patients: a patch, its translation and its mask alike.

    Args:
        batch: As `TranslatedPatches` gives it.
        variation: Of it.
        step: Of the training.
    """
    if variation == Variation(seed=variation.seed):
        return batch
    rng = np.random.default_rng((variation.seed, step))
    made = {name: np.empty(array.shape, np.float32) for name, array in batch.items()}
    for row in range(len(batch["x_l"])):
        for names in (("x_l", "x_lh"), ("x_h", "x_hl", "y_h")):
            gain = 1 + variation.bone_spread * rng.uniform(-1, 1)
            angle_deg = variation.turn_deg * rng.uniform(-1, 1)
            zoom = rng.uniform(1, variation.zoom)
            for name in names:
                is_mask = name == "y_h"
                patch = turned(batch[name][row], angle_deg, zoom, is_mask=is_mask)
                made[name][row] = patch if is_mask else with_bone_contrast(patch, gain)
    return made


def shrunk_planes(volumes: np.ndarray, shrink: int) -> np.ndarray:
    """Means over squares of pixels, [..., H, W, 1]."""
    if shrink == 1:
        return volumes
    *rest, height, width, _ = volumes.shape
    blocks = (*rest, height // shrink, shrink, width // shrink, shrink, 1)
    return volumes.reshape(blocks).mean(axis=(-4, -2), dtype=np.float32)
