"""Train a method on unpaired slices, with figures and pictures on the way."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jax
from matplotlib.figure import Figure

from experiments.harness.images import shrink_to
from experiments.harness.method import Columns, Method
from experiments.harness.progress import progress
from experiments.harness.scores import Row, evaluate, mean_row
from spine_jax.data import Dataset, UnpairedStream
from spine_jax.io.atomic import atomic_path, write_json_atomic
from spine_jax.pipeline.cbct_models import image_space
from spine_jax.training.loop import Plan, run_training
from spine_jax.training.wrappers import StepRunner, jit_step, sharded_step

Batches = Callable[[int], Iterator[Any]]
Settings = Any  # ConfigDict, whose fields no type checker knows


def train(
    method: Method,
    config: Settings,
    workdir: Path,
    dataset: Dataset,
    *,
    batches: Batches | None = None,
    quiet: bool = False,
) -> Any:
    """Train to the end, or on from where a run in the folder stopped.

    Args:
        method: What to train.
        config: batch_size, devices, evaluated_volumes, plan (of `Plan`),
            quick_compilation and seed.
        workdir: Gets metrics.jsonl, evaluation.jsonl, tensorboard, checkpoints,
            pictures/STEP.png and evaluations/STEP.json by held-out volume.
        dataset: With a training and a test split.
        batches: From a number of steps done to what comes next; slices of the data set
            in pairs by default.
        quiet: No progress.

    Returns:
        The state after the last step.

    Raises:
        InputError, Interrupted, Diverged: as `run_training`; data that do not fit.
    """
    jax.config.update("jax_disable_most_optimizations", config.quick_compilation)
    shrink = shrink_to(method.image_size, dataset)
    if batches is None:
        stream = UnpairedStream(dataset, config.batch_size, config.seed, shrink=shrink)
        batches = stream.iterate

    def on_evaluation(step: int, state: Any) -> Row:
        params = method.trained(state)
        predict = lambda x_l: method.predict(params, x_l)  # noqa: E731
        rows = evaluate(predict, dataset, shrink, config.evaluated_volumes)
        write_json_atomic(workdir / "evaluations" / f"{step:07d}.json", rows)
        columns = method.picture(params, dataset, shrink)
        draw(workdir / "pictures" / f"{step:07d}.png", columns)
        return mean_row(rows)

    plan = Plan(**config.plan)
    with progress(plan.n_steps, method.shown_losses, quiet=quiet) as show:
        return run_training(
            method.init_state(),
            _runner(method, config.devices),
            batches,
            plan,
            folder=workdir,
            settings=method.settings
            | {
                "images": dataclasses.asdict(image_space(dataset, shrink)),
                "seed": config.seed,
                "batch_size": config.batch_size,
            },
            on_metrics=show,
            on_evaluation=on_evaluation,
        )


def draw(path: Path, columns: Columns) -> None:
    """A picture of columns of images under their titles.

    Grey values reach from -1 to 1; where nothing is negative, from 0 to 1.
    """
    n = len(next(iter(columns.values())))
    figure = Figure((1.8 * len(columns), 1.9 * n), layout="constrained")
    axes = figure.subplots(n, len(columns), squeeze=False)
    for k, (title, images) in enumerate(columns.items()):
        low = min(0 if image.min() >= 0 else -1 for image in images)
        for row, image in enumerate(images):
            axes[row, k].imshow(image[..., 0], cmap="gray", vmin=low, vmax=1)
            axes[row, k].set_axis_off()
        axes[0, k].set_title(title, fontsize=8)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)


def _runner(method: Method, devices: int) -> StepRunner:
    """The step on as many devices as the config says."""
    if devices == 1:
        return jit_step(method.train_step)
    return sharded_step(method.train_step, jax.devices()[:devices])
