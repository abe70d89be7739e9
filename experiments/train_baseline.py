"""Train a competitor of A3DSegNet on the same unpaired slices.

    python -m experiments.train_baseline --workdir=OUT --data=DIR \
        --config=experiments/configs/baselines.py:small,cyclegan

Methods: adaptsegnet and sifa segment CBCT, cyclegan and drit make CT out of it; unet is
trained on CT alone. Files and resuming as for `train_disentangle`.
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
from spine_jax.baselines import adaptsegnet, cyclegan, drit, sifa, unet
from spine_jax.core import InputError
from spine_jax.data import Dataset

Settings = Any  # ConfigDict, whose fields no type checker knows

METHODS = {
    "adaptsegnet": (adaptsegnet, adaptsegnet.adaptsegnet_config),
    "sifa": (sifa, sifa.sifa_config),
    "cyclegan": (cyclegan, cyclegan.cyclegan_config),
    "drit": (drit, drit.drit_config),
    "unet": (unet, unet.unet_config),
}
"""Module and maker of its settings."""


def work(config: Settings, workdir: Path, dataset: Dataset, *, quiet: bool) -> None:
    """Train what a config asks for."""
    train(baseline(config.method, config), config, workdir, dataset, quiet=quiet)


def baseline(name: str, config: Settings, **options: Any) -> Method:
    """A method at a config's size and length, as the harness takes it.

    Args:
        name: Of `METHODS`.
        config: Of `configs.slices`.
        options: Further settings of the method.

    Raises:
        InputError: there is no such method.
    """
    if name not in METHODS:
        raise InputError(
            "UNKNOWN-METHOD",
            "config",
            repr(name),
            "one of " + ", ".join(METHODS),
            "a3dsegnet is trained by experiments.train_disentangle",
        )
    module, make_config = METHODS[name]
    model = make_config(
        base_channels=config.base_channels,
        image_size=(config.image_size, config.image_size),
        n_steps=config.plan.n_steps,
        **options,
    )
    translates = hasattr(module, "translate")

    def predict(params: Any, x_l: np.ndarray) -> Prediction:
        if translates:
            return Prediction(x_lh=module.translate(params, x_l))
        return Prediction(y_l=module.segment(params, x_l))

    def picture(params: Any, dataset: Dataset, shrink: int) -> Columns:
        x_l, x_h = picture_slices(dataset, shrink)
        made = predict(params, x_l)
        columns = {"CBCT": x_l, "CBCT to CT": made.x_lh, "mask": made.y_l, "a CT": x_h}
        return {title: list(v) for title, v in columns.items() if v is not None}

    return Method(
        image_size=(config.image_size, config.image_size),
        settings={"method": name, "model": dataclasses.asdict(model)},
        init_state=partial(module.init_state, jax.random.key(config.seed), model),
        train_step=module.train_step,
        trained=attrgetter("params"),
        predict=predict,
        picture=picture,
        shown_losses=("generator_loss", "segmentation"),
    )


if __name__ == "__main__":
    run_on_data(work, config="baselines")
