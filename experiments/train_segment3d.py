"""Train the 3D stage of A3DSegNet on volumes, with a trained 2D model as translator.

    python -m experiments.train_segment3d --workdir=OUT --data=DIR --translator=RUN2D \
        --config=experiments/configs/segment3d.py:small

RUN2D is the --workdir of `train_disentangle`. Files and resuming as there; OUT also
gets translator/, a copy of the 2D model's checkpoints, so that OUT alone is what
`spine-jax translate`, `segment` and `reconstruct` take, and translated/, the training
CBCTs' translations.
"""

import dataclasses
import os
import shutil
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from absl import flags

from experiments.harness.images import shrink_to
from experiments.harness.method import Columns, Method, Prediction
from experiments.harness.program import run_on_data
from experiments.harness.run import train
from experiments.harness.translations import TranslatedPatches, with_translations
from spine_jax.core import InputError
from spine_jax.data import Dataset, UnpairedStream, held_out_volumes
from spine_jax.disentangle.segment3d import (
    Segment3DConfig,
    Segment3DParams,
    Segment3DState,
    init_state,
    segment_low,
    train_step,
)
from spine_jax.pipeline.cbct_models import (
    TRANSLATOR,
    TrainedModel,
    as_trained,
    load_model,
)
from spine_jax.training.loop import newest_checkpoint

Settings = Any  # ConfigDict, whose fields no type checker knows

PICTURED = 3


def work(config: Settings, workdir: Path, dataset: Dataset, *, quiet: bool) -> None:
    """Train with the translator asked for."""
    translator = Path(flags.FLAGS.translator)
    train_volumes(config, workdir, dataset, translator, quiet=quiet)


def train_volumes(
    config: Settings,
    workdir: Path,
    dataset: Dataset,
    translator_run: Path,
    *,
    quiet: bool = False,
) -> Segment3DState:
    """Train to the end, or on from where a run in the folder stopped.

    Raises:
        InputError, Interrupted, Diverged: as `harness.train`; a 2D model that is not
            there or of another size.
    """
    model = model_config(config)
    translator = keep_translator(translator_run, workdir)
    dataset = as_trained(dataset, translator.images)
    shrink = shrink_to(model.patch_size[1:], dataset) // config.plane_shrink
    _check_translator(translator, dataset, shrink)
    translated = with_translations(
        dataset, translator.params, shrink, workdir / "translated", quiet=quiet
    )
    stream = UnpairedStream(
        translated,
        config.batch_size,
        config.seed,
        depth=model.patch_size[0],
        shrink=shrink,
    )
    patches = TranslatedPatches(stream, translator.params, config.plane_shrink)
    slices = _segmentors(translator) if config.start_from_slices else None
    method = Method(
        image_size=model.patch_size[1:],
        settings={
            "segment3d": dataclasses.asdict(model),
            "translator_step": translator.step,
            "start_from_slices": config.start_from_slices,
        },
        init_state=partial(init_state, jax.random.key(config.seed), model, slices),
        train_step=train_step,
        trained=attrgetter("params"),
        predict=_predict,
        picture=_picture,
        shown_losses=("segmentation", "anatomy"),
    )
    return train(method, config, workdir, dataset, batches=patches.iterate, quiet=quiet)


def model_config(config: Settings) -> Segment3DConfig:
    """The 3D stage's settings."""
    return Segment3DConfig(
        patch_size=tuple(config.patch_size),
        unet_channels=config.unet_channels,
        unet_depth=config.unet_depth,
        learning_rate=config.learning_rate,
        falling_steps=config.plan.n_steps if config.falling_rate else 0,
        compute_dtype=config.compute_dtype,
    )


def keep_translator(run: Path, workdir: Path) -> TrainedModel:
    """The 2D model, from its copy in the folder, which is made first if need be."""
    copy = workdir / TRANSLATOR
    if newest_checkpoint(copy) is None:
        load_model(run)  # tells what is wrong with the folder
        temporary = workdir / f".{TRANSLATOR}"
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(run / "checkpoints", temporary / "checkpoints")
        shutil.rmtree(copy, ignore_errors=True)
        os.replace(temporary, copy)
    return load_model(copy)


def _segmentors(model: TrainedModel) -> tuple[dict, dict]:
    """Parameters of S_l and S_h of a 2D model."""
    if not model.params.config.segments:
        raise InputError(
            "TRANSLATOR",
            "--translator",
            "a model without segmentors",
            "S_l and S_h, where the 3D ones start from them",
            "a model such as m4, or --config.start_from_slices=False",
        )
    return model.params.generators["s_l"], model.params.generators["s_h"]


def _check_translator(model: TrainedModel, dataset: Dataset, shrink: int) -> None:
    pixel_mm = dataset.spacing_mm[1] * shrink
    if not np.isclose(model.images.spacing_mm[1], pixel_mm):
        raise InputError(
            "TRANSLATOR",
            "--translator",
            f"a model of pixels of {model.images.spacing_mm[1]:g} mm",
            f"{pixel_mm:g} mm, from the data set, patch_size and plane_shrink",
            "a 2D model trained on the same data set at the same size",
        )


def _predict(params: Segment3DParams, x_l: np.ndarray) -> Prediction:
    return Prediction(y_l=segment_low(params, x_l))


def _picture(params: Segment3DParams, dataset: Dataset, shrink: int) -> Columns:
    """Sagittal cuts of held-out CBCTs where vertebrae are thickest."""
    columns: dict[str, list] = {"CBCT": [], "mask": [], "truth": []}
    for volume in list(held_out_volumes(dataset, shrink))[:PICTURED]:
        mask = segment_low(params, volume.x_l)
        truth = np.zeros_like(mask) if volume.y_l is None else volume.y_l
        cut = int((mask + truth).sum(axis=(0, 1, 3)).argmax())
        for title, image in zip(columns, (volume.x_l, mask, truth)):
            columns[title].append(image[::-1, :, cut])
    return dict(columns)


if __name__ == "__main__":
    flags.DEFINE_string("translator", None, "Run of the 2D model.", required=True)
    run_on_data(work, config="segment3d")
