"""Train A3DSegNet or an ablation of it on unpaired slices.

    python -m experiments.train_disentangle --workdir=OUT --data=DIR \
        --config=experiments/configs/disentangle.py:small,m4

Sizes and models: see the config; DIR is what `spine-jax dataset make` writes. OUT gets
metrics.jsonl, evaluation.jsonl and tensorboard; checkpoints, which `spine-jax segment`
and `translate` take; pictures/STEP.png; and evaluations/STEP.json by held-out volume.
The same command goes on with an interrupted run.
"""

import dataclasses
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.harness.images import picture_slices
from experiments.harness.method import Columns, Method, Prediction
from experiments.harness.program import run_on_data
from experiments.harness.run import train
from spine_jax.data import Dataset
from spine_jax.disentangle import (
    DisentangleConfig,
    Params,
    decode,
    init_state,
    predict,
    train_step,
    variant_config,
)

Settings = Any  # ConfigDict, whose fields no type checker knows

COLUMNS = {
    "x_l": "CBCT",
    "x_lh": "CBCT to CT",
    "m_l": "attention",
    "y_lh": "mask of it",
    "x_h": "CT",
    "x_hl": "CT to CBCT",
    "m_h": "attention of CT",
    "y_h": "mask of CT",
}


def work(config: Settings, workdir: Path, dataset: Dataset, *, quiet: bool) -> None:
    """Train what a config asks for."""
    train(a3dsegnet(config), config, workdir, dataset, quiet=quiet)


def a3dsegnet(config: Settings) -> Method:
    """The model a config asks for, as the harness takes it."""
    model = model_config(config)
    return Method(
        image_size=model.image_size,
        settings={"model": dataclasses.asdict(model)},
        init_state=partial(init_state, jax.random.key(config.seed), model),
        train_step=train_step,
        trained=attrgetter("trained"),
        predict=_predict,
        picture=_picture,
        shown_losses=("generator_loss", "segmentation", "discriminator_h"),
    )


def model_config(config: Settings) -> DisentangleConfig:
    """The method's settings."""
    side, base = config.image_size, config.base_channels
    model = variant_config(config.model, base_channels=base, image_size=(side, side))
    weights = dataclasses.replace(
        model.weights,
        identity=config.identity_weight,
        attention_hl=config.attention_hl_weight if model.attends else 0.0,
    )
    return dataclasses.replace(
        model,
        weights=weights,
        identity_steps=config.identity_steps,
        compute_dtype=config.compute_dtype,
        learning_rate=config.learning_rate,
        averaging=config.averaging,
        **config.changes,
    )


def _predict(params: Params, x_l: np.ndarray) -> Prediction:
    made = predict(params, x_l)
    return Prediction(made.x_lh, made.y_lh)


def _picture(params: Params, dataset: Dataset, shrink: int) -> Columns:
    x_l, x_h = picture_slices(dataset, shrink)
    images = {"x_l": x_l, "x_h": x_h} | vars(decode(params, x_l, x_h))
    return {
        title: list(np.asarray(images[name]))
        for name, title in COLUMNS.items()
        if images[name] is not None
    }


if __name__ == "__main__":
    run_on_data(work, config="disentangle")
