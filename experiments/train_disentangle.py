"""Train A3DSegNet or an ablation of it on unpaired slices.

    python experiments/train_disentangle.py --workdir=OUT --data=DIR \
        --config=experiments/configs/disentangle.py:small,m4

Sizes and models: see the config; DIR is what `spine-jax dataset make` writes. OUT gets
metrics.jsonl, evaluation.jsonl and tensorboard; checkpoints, which `spine-jax segment`
and `translate` take; pictures/STEP.png; and evaluations/STEP.json by held-out volume.
The same command goes on with an interrupted run.
"""

import contextlib
import dataclasses
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
from absl import app, flags, logging
from matplotlib.figure import Figure
from ml_collections import config_flags
from rich.console import Console
from rich.progress import Progress, TextColumn

from spine_jax.core import InputError, spacing_mm
from spine_jax.core.cache import user_cache_folder
from spine_jax.data import (
    Dataset,
    UnpairedStream,
    bone_slices,
    held_out_volumes,
    open_dataset,
    phantom_dataset,
    read_image,
)
from spine_jax.disentangle import (
    DisentangleConfig,
    Params,
    TrainState,
    decode,
    init_state,
    segment,
    train_step,
    translate,
    variant_config,
)
from spine_jax.io.atomic import atomic_path, write_json_atomic
from spine_jax.metrics.overlap import dice
from spine_jax.metrics.surface import surface_scores
from spine_jax.pipeline.cbct_files import image_space
from spine_jax.training.interrupt import Interrupted
from spine_jax.training.loop import Diverged, Plan, run_training
from spine_jax.training.wrappers import StepRunner, jit_step, sharded_step

Row = dict[str, float | None]
Settings = Any  # ConfigDict, whose fields no type checker knows

SHOWN_LOSSES = ("generator_loss", "segmentation", "discriminator_h")
LINE_EVERY_S = 10.0
"""Seconds between the lines that replace the bar where there is no terminal."""
PICTURED = 4
COLUMNS = {
    "x_l": "CBCT",
    "x_lh": "CBCT to CT",
    "m_l": "attention",
    "y_lh": "mask of it",
    "x_h": "CT",
    "x_hl": "CT to CBCT",
    "m_h": "attention",
    "y_h": "mask of the CT",
}


def main(argv: list[str]) -> None:
    del argv
    flag = flags.FLAGS
    # Orbax tells of every file it writes.
    logging.set_verbosity(logging.WARNING)
    jax.config.update("jax_compilation_cache_dir", str(user_cache_folder() / "xla"))
    try:
        data = Path(flag.data) if flag.data else None
        train(flag.config, Path(flag.workdir), data, quiet=flag.quiet)
    except InputError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except Diverged as error:
        print(f"error[DIVERGED] {error}", file=sys.stderr)
        sys.exit(1)
    except Interrupted as stop:
        print(f"{stop}; the same command goes on", file=sys.stderr)
        sys.exit(stop.exit_code)


def train(
    config: Settings,
    workdir: Path,
    data: Path | None = None,
    *,
    quiet: bool = False,
) -> TrainState:
    """Train to the end, or on from where a run in the folder stopped.

    Raises:
        InputError, Interrupted, Diverged: as `run_training`; data that do not fit.
    """
    jax.config.update("jax_disable_most_optimizations", config.quick_compilation)
    dataset = open_data(config, data)
    model = model_config(config)
    shrink = shrink_to(model, dataset)
    stream = UnpairedStream(dataset, config.batch_size, config.seed, shrink=shrink)
    low, high = picture_slices(dataset, shrink)

    def on_evaluation(step: int, state: TrainState) -> Row:
        rows = evaluate(state.params, dataset, shrink, config.evaluated_volumes)
        write_json_atomic(workdir / "evaluations" / f"{step:07d}.json", rows)
        draw(workdir / "pictures" / f"{step:07d}.png", state.params, low, high)
        return mean_row(rows)

    plan = Plan(**config.plan)
    with progress(plan.n_steps, quiet=quiet) as show:
        return run_training(
            init_state(jax.random.key(config.seed), model),
            runner_of(config),
            stream.iterate,
            plan,
            folder=workdir,
            settings={
                "model": dataclasses.asdict(model),
                "images": dataclasses.asdict(image_space(dataset, shrink)),
                "seed": config.seed,
                "batch_size": config.batch_size,
            },
            on_metrics=show,
            on_evaluation=on_evaluation,
        )


def model_config(config: Settings) -> DisentangleConfig:
    """The method's settings."""
    side, base = config.image_size, config.base_channels
    return dataclasses.replace(
        variant_config(config.model, base_channels=base, image_size=(side, side)),
        compute_dtype=config.compute_dtype,
        learning_rate=config.learning_rate,
        **config.changes,
    )


def open_data(config: Settings, data: Path | None) -> Dataset:
    """The data set asked for, or a phantom."""
    if data is not None:
        return open_dataset(data)
    if config.phantom_seed is None:
        raise InputError(
            "NO-DATA",
            "--data",
            "no data set",
            "--data=DIR for this config",
            "spine-jax dataset make, or the config's smoke variant",
        )
    return phantom_dataset(config.phantom_seed)


def shrink_to(model: DisentangleConfig, dataset: Dataset) -> int:
    """Pixels of the data set along a side of a pixel of the model.

    Raises:
        InputError: where that is no whole number.
    """
    sides, wanted = dataset.field_of_view.shape, model.image_size
    shrink = sides[0] // wanted[0]
    if tuple(shrink * side for side in wanted) != sides:
        raise InputError(
            "IMAGE-SIZE",
            "--data",
            f"slices of {sides[0]} x {sides[1]} pixels",
            f"a multiple of the config's {wanted[0]} x {wanted[1]}",
            "--config.image_size, or another data set",
        )
    return shrink


def runner_of(config: Settings) -> StepRunner:
    """The step on as many devices as the config says."""
    if config.devices == 1:
        return jit_step(train_step)
    return sharded_step(train_step, jax.devices()[: config.devices])


def evaluate(params: Params, dataset: Dataset, shrink: int, count: int) -> list[dict]:
    """Figures of held-out CBCTs, one row each; a model's view of [Z, H, W] slices."""
    view = dataset.field_of_view[shrink // 2 :: shrink, shrink // 2 :: shrink]
    rows = []
    for volume in itertools.islice(held_out_volumes(dataset, shrink), count):
        row: dict = {"volume": volume.name}
        if volume.clean is not None:
            x_lh = translate(params, volume.x_l).x_lh
            for name, image in (("psnr", x_lh), ("psnr_of_cbct", volume.x_l)):
                error = (image - volume.clean)[:, view]
                # Images lie in [-1, 1].
                row[name] = float(10 * np.log10(4 / np.mean(error**2)))
        if volume.y_l is not None and params.config.segments:
            found = segment(params, volume.x_l) > 0.5
            row |= mask_figures(found, volume.y_l > 0.5, volume.affine_vox_to_mm)
        rows.append(row)
    return rows


def mask_figures(found: np.ndarray, truth: np.ndarray, affine_vox_to_mm) -> Row:
    """Dice of the volume, mean Dice of slices that hold or are given a vertebra, and
    surface distance of the volume, of masks [Z, H, W, 1] bool."""
    mask, truth = found[..., 0], truth[..., 0]
    of_slices = [dice(a, b) for a, b in zip(mask, truth) if a.any() or b.any()]
    scores = surface_scores(mask, truth, spacing_mm=spacing_mm(affine_vox_to_mm))
    return {
        "dice": dice(mask, truth),
        "dice_of_slices": float(np.mean(of_slices)) if of_slices else None,
        "assd_mm": scores.assd_mm,
    }


def mean_row(rows: list[dict]) -> Row:
    """Mean of each figure over the rows that have it."""
    names = sorted({name for row in rows for name in row} - {"volume"})
    values = {k: [row[k] for row in rows if row.get(k) is not None] for k in names}
    return {k: float(np.mean(each)) for k, each in values.items() if each}


def picture_slices(dataset: Dataset, shrink: int) -> tuple[np.ndarray, np.ndarray]:
    """Held-out slices to draw, [N, H, W, 1] of CBCTs and of CTs: the middle ones."""

    def slices(domain) -> list[np.ndarray]:
        drawn = []
        volumes = dataset.select(domain, "test") or dataset.select(domain, "train")
        for volume in volumes[:PICTURED]:
            known = volume.labels is not None
            of = bone_slices(volume) if known else range(len(volume.image))
            drawn.append(read_image(dataset, volume, of[len(of) // 2], shrink))
        return drawn

    low, high = slices("cbct"), slices("ct")
    count = min(len(low), len(high))
    return np.stack(low[:count]), np.stack(high[:count])


def draw(path: Path, params: Params, x_l: np.ndarray, x_h: np.ndarray) -> None:
    """One row per pair of slices: both images, their translations and maps."""
    made = decode(params, x_l, x_h)
    images = {"x_l": x_l, "x_h": x_h} | dict(vars(made).items())
    shown = [name for name in COLUMNS if images[name] is not None]
    figure = Figure((1.8 * len(shown), 1.9 * len(x_l)), layout="constrained")
    axes = figure.subplots(len(x_l), len(shown), squeeze=False)
    for row in range(len(x_l)):
        for axis, name in zip(axes[row], shown):
            low = -1 if name.startswith("x") else 0
            axis.imshow(images[name][row, ..., 0], cmap="gray", vmin=low, vmax=1)
            axis.set_axis_off()
            if row == 0:
                axis.set_title(COLUMNS[name], fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)


@contextlib.contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[int, dict], None]]:
    """Yield a function that shows steps done, speed and losses: a bar on a terminal, a
    line now and then elsewhere. Goes to standard error."""
    console = Console(stderr=True, highlight=False)
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[told]}"))
    as_bar, shown_at = console.is_terminal and not quiet, 0.0
    with Progress(*columns, console=console, disable=not as_bar) as bar:
        task = bar.add_task("training", total=total, told="compiling")

        def show(step: int, metrics: dict) -> None:
            nonlocal shown_at
            bar.update(task, completed=step, told=_told(metrics))
            due = step == total or time.monotonic() - shown_at > LINE_EVERY_S
            if due and not as_bar and not quiet:
                console.print(f"step {step}/{total}  {_told(metrics)}")
                shown_at = time.monotonic()

        yield show


def _told(metrics: dict) -> str:
    losses = [f"{k} {metrics[k]:.3f}" for k in SHOWN_LOSSES if k in metrics]
    return "  ".join([f"{metrics['seconds_per_step']:.2f} s/step", *losses])


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "Folder for the run.", required=True)
    flags.DEFINE_string("data", None, "Data set from `spine-jax dataset make`.")
    flags.DEFINE_bool("quiet", False, "No progress.")
    config_flags.DEFINE_config_file("config", "experiments/configs/disentangle.py")
    app.run(main)
