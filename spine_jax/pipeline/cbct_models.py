"""Trained models of a folder, with the images they take."""

import dataclasses
from pathlib import Path
from typing import Any

import jax
import numpy as np

from spine_jax.core import InputError
from spine_jax.data import Dataset, Scale, read_image
from spine_jax.data.scales import PERCENTILES
from spine_jax.disentangle import (
    DisentangleConfig,
    LossWeights,
    Params,
    init_state,
    segment3d,
)
from spine_jax.pipeline.stored_settings import tupled
from spine_jax.training.checkpoint import load_checkpoint, load_settings
from spine_jax.training.loop import newest_checkpoint

TRANSLATOR = "translator"
"""Folder of the 2D model inside a run of the 3D stage."""
_LOOKED_AT, _EVERY = 16, 8
"""Training volumes, and every so many slices of each, that tell the usual values."""


@dataclasses.dataclass(frozen=True)
class ImageSpace:
    """What a model takes for an image; part of a checkpoint's settings.

    Attributes:
        spacing_mm: Of slices, rows and columns.
        view_radius_mm: Pixels farther from the middle of a slice are empty.
        cbct_scale: Intensities that become -1 and 1.
        usual: Percentiles 5 and 95 of CBCTs in view, after scaling, bright metal
            included.
        brightest: Value above which nothing is told apart, as of `Scale`.
    """

    spacing_mm: tuple[float, float, float]
    view_radius_mm: float
    cbct_scale: tuple[float, float]
    usual: tuple[float, float]
    brightest: float = 1.0

    @property
    def scale(self) -> Scale:
        """What takes intensities of CBCTs to [-1, 1]."""
        return Scale(*self.cbct_scale, self.brightest)


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A model and its images."""

    params: Params
    images: ImageSpace
    step: int


@dataclasses.dataclass(frozen=True)
class TrainedSegment3D:
    """A 3D stage and its images."""

    params: segment3d.Segment3DParams
    images: ImageSpace
    step: int


def image_space(dataset: Dataset, shrink: int = 1) -> ImageSpace:
    """The images of a training on a data set whose pixels are averaged by `shrink`."""
    slice_mm, row_mm, column_mm = dataset.spacing_mm
    seen = np.argwhere(dataset.field_of_view)
    middle = (np.array(dataset.field_of_view.shape) - 1) / 2
    from_axis = np.linalg.norm((seen - middle) * (row_mm, column_mm), axis=1)
    some = slice(None, None, _EVERY)
    uncut = dataset.cut_at(1.0)
    values = [
        read_image(uncut, volume, some)[:, dataset.field_of_view].ravel()
        for volume in dataset.select("cbct", "train")[:_LOOKED_AT]
    ]
    low, high = np.percentile(np.concatenate(values), PERCENTILES)
    return ImageSpace(
        spacing_mm=(slice_mm, row_mm * shrink, column_mm * shrink),
        view_radius_mm=float(from_axis.max()),
        cbct_scale=(dataset.cbct_scale.low, dataset.cbct_scale.high),
        usual=(float(low), float(high)),
        brightest=dataset.cbct_scale.brightest,
    )


def as_trained(dataset: Dataset, images: ImageSpace) -> Dataset:
    """A data set whose CBCTs have the grey values that a model was trained on."""
    return dataclasses.replace(dataset, cbct_scale=images.scale)


def load_model(folder: Path) -> TrainedModel:
    """The 2D model of a training run on slices, or the translator of one on volumes.

    Raises:
        InputError: for a folder without one, or with one of another kind.
    """
    inside = folder / TRANSLATOR
    run = inside if newest_checkpoint(inside) is not None else folder
    step, place, settings = _newest(run)
    try:
        model, images = tupled(settings["model"]), tupled(settings["images"])
        model["weights"] = LossWeights(**model["weights"])
        config, images = DisentangleConfig(**model), ImageSpace(**images)
        if config.ndim != 2:
            raise TypeError("a 3D model")
    except (KeyError, TypeError) as error:
        raise _unusable(place, "slices", error) from None
    state = _restored(place, "slices", init_state(jax.random.key(0), config))
    params = dataclasses.replace(state.trained, discriminators={})
    return TrainedModel(params, images, step)


def is_segment3d(folder: Path) -> bool:
    """Whether a folder holds a run of the 3D stage.

    Raises:
        InputError: it holds no run at all.
    """
    return "segment3d" in _newest(folder)[2]


def load_segment3d(folder: Path) -> TrainedSegment3D:
    """The 3D stage of a training run on volumes.

    Raises:
        InputError: for a folder without one, or with one of another kind.
    """
    step, place, settings = _newest(folder)
    try:
        model = segment3d.Segment3DConfig(**tupled(settings["segment3d"]))
        images = ImageSpace(**tupled(settings["images"]))
    except (KeyError, TypeError) as error:
        raise _unusable(place, "volumes", error) from None
    like = segment3d.init_state(jax.random.key(0), model)
    state = _restored(place, "volumes", like)
    return TrainedSegment3D(state.params, images, step)


def _newest(run: Path) -> tuple[int, Path, dict]:
    """Step, place and settings of a run's newest checkpoint."""
    found = newest_checkpoint(run)
    if found is None:
        missing = "no complete checkpoint" if run.is_dir() else "no such folder"
        expected = "the --workdir of experiments/train_disentangle.py"
        raise InputError("NO-CHECKPOINT", run, missing, expected, "another folder")
    step, place = found
    try:
        return step, place, load_settings(place)
    except KeyError as error:
        raise _unusable(place, "slices or volumes", error) from None


def _restored(place: Path, kind: str, like: Any) -> Any:
    """The state of a checkpoint, for which its settings ask."""
    try:
        return load_checkpoint(place, like=like)
    except ValueError:
        # Orbax tells every array that differs.
        raise _unusable(place, kind, "arrays of another version") from None


_SCRIPTS = {
    "slices": "train_disentangle.py",
    "volumes": "train_segment3d.py",
    "slices or volumes": "train_disentangle.py or train_segment3d.py",
}


def _unusable(place: Path, kind: str, why: Exception | str) -> InputError:
    return InputError(
        "CHECKPOINT",
        place,
        f"no usable model of {kind} ({why!r})",
        f"a run of experiments/{_SCRIPTS[kind]}",
        "another folder, or training again with this version",
    )
