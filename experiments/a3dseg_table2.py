"""A3DSegNet and its competitors on the same data, for the same steps: Table 2.

    python -m experiments.a3dseg_table2 --data=DIR --workdir=OUT \
        [--size=small] [--steps=N] [--methods=sifa,a3dsegnet,...]

(a) Vertebrae in held-out CBCTs, (b) CBCTs translated to CT, judged by a U-Net that saw
CT alone ("source-only", the evaluator). Two rows are not in the paper, and whoever
claims a gain has to beat them: that U-Net on the CBCT as it is, and one trained on
simulated CBCTs of the CT patients ("simulation-only"; it needs a data set made with
--simulate-ct). Each method trains under OUT/METHOD, goes on where it was stopped and is
scored after its last step. OUT gets METHOD/scores.json, table2.md and panel.png.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from absl import app, flags

from experiments.configs import baselines, disentangle
from experiments.harness.images import open_data, picture_slices, shrink_to
from experiments.harness.method import Method, Prediction
from experiments.harness.program import as_program
from experiments.harness.run import draw, train
from experiments.harness.scores import as_text, evaluate, mean_row, stored_figures
from experiments.train_baseline import baseline
from experiments.train_disentangle import a3dsegnet
from spine_jax.core import InputError
from spine_jax.data import Dataset, UnpairedStream, read_image
from spine_jax.io.atomic import atomic_path, write_json_atomic

EVALUATOR, SIMULATION, OURS = "source-only", "simulation-only", "a3dsegnet"
SEGMENTING = ("adaptsegnet", "sifa", EVALUATOR, SIMULATION, OURS)
TRANSLATING = ("cyclegan", "drit", "adn", OURS)
# The evaluator first: the others are judged by it.
METHODS = (EVALUATOR, SIMULATION, "adaptsegnet", "sifa", *TRANSLATING)

# Dice and ASD in mm, on real CBCT.
PAPER_A = {
    "adaptsegnet": (0.508, 5.06),
    "sifa": (0.825, 1.93),
    OURS: (0.847, 1.54),
}
PAPER_B = {
    "cyclegan": (0.828, 2.02),
    "drit": (0.659, 3.79),
    "adn": (0.739, 2.89),
    OURS: (0.846, 1.72),
}

Settings = Any  # ConfigDict, whose fields no type checker knows
Predict = Callable[[np.ndarray], Prediction]
Scores = dict[str, list[dict]]
"""Figures by volume: "segmentation", "translation" and, of the evaluator, "ct"."""


def main(argv: list[str]) -> None:
    del argv
    flag = flags.FLAGS

    def work() -> None:
        config: Settings = baselines.get_config(flag.size)
        dataset = open_data(config, flag.data and Path(flag.data))
        methods, workdir = tuple(flag.methods), Path(flag.workdir)
        steps = flag.steps or config.plan.n_steps
        table = make_tables(
            flag.size, steps, methods, workdir, dataset, quiet=flag.quiet
        )
        print(table)

    as_program(work)


def make_tables(
    size: str,
    n_steps: int,
    methods: tuple[str, ...],
    workdir: Path,
    dataset: Dataset,
    *,
    quiet: bool = False,
) -> str:
    """Train and score what is not there yet; returns both tables, in Markdown.

    Args:
        size: Of `configs.slices`.
        n_steps: Of every method.
        methods: Of `METHODS`; the evaluator is always among them.
        workdir: Of the runs and the results.
        dataset: With labels for the held-out CBCTs.
        quiet: No progress.

    Raises:
        InputError: unknown method, or data that do not fit.
        Interrupted: on a signal; the same call goes on.
    """
    if unknown := sorted(set(methods) - set(METHODS)):
        raise InputError(
            "UNKNOWN-METHOD",
            "--methods",
            ", ".join(unknown),
            ", ".join(METHODS),
            "cyclegan,a3dsegnet",
        )
    wanted = [name for name in METHODS if name in methods or name == EVALUATOR]
    predictions: dict[str, Predict] = {}
    scored: dict[str, Scores] = {}
    for name in wanted:
        method, config = method_of(name, size, n_steps)
        shrink = shrink_to(method.image_size, dataset)
        batches = None
        if name == SIMULATION:
            stream = UnpairedStream(
                dataset, config.batch_size, config.seed, shrink=shrink, low="simulated"
            )
            batches = stream.iterate
        folder = workdir / name
        state = train(method, config, folder, dataset, batches=batches, quiet=quiet)
        predictions[name] = _predictor(method, method.trained(state))
        kept = folder / "scores.json"
        if not kept.is_file():
            judge = predictions[EVALUATOR]
            write_json_atomic(
                kept, score(name, predictions[name], judge, dataset, shrink)
            )
        scored[name] = json.loads(kept.read_text())
    table = as_markdown(scored, n_steps)
    with atomic_path(workdir / "table2.md") as temporary:
        temporary.write_text(table)
    _draw_panel(workdir / "panel.png", predictions, dataset, shrink)
    return table


def method_of(name: str, size: str, n_steps: int) -> tuple[Method, Settings]:
    """A method of the table and the settings it is trained with."""
    config: Settings
    if name in (OURS, "adn"):
        variant = "m4" if name == OURS else "adn"
        config = disentangle.get_config(f"{size},{variant}")
        config.plan.n_steps = n_steps
        return a3dsegnet(config), config
    config = baselines.get_config(size)
    config.plan.n_steps = n_steps
    if name == SIMULATION:
        return baseline("unet", config, domain="l"), config
    return baseline("unet" if name == EVALUATOR else name, config), config


def score(
    name: str, predict: Predict, judge: Predict, dataset: Dataset, shrink: int
) -> Scores:
    """Figures of a method on every held-out volume with labels."""
    scores: Scores = {}
    if name in SEGMENTING:
        scores["segmentation"] = evaluate(predict, dataset, shrink)
    if name in TRANSLATING:

        def judged(x_l: np.ndarray) -> Prediction:
            x_lh = predict(x_l).x_lh
            assert x_lh is not None
            return Prediction(x_lh, judge(x_lh).y_l)

        scores["translation"] = evaluate(judged, dataset, shrink)
    if name == EVALUATOR:
        scores["ct"] = [
            _figures_of_ct(volume, predict, dataset, shrink)
            for volume in dataset.select("ct", "test")
        ]
    return scores


def as_markdown(scored: dict[str, Scores], n_steps: int) -> str:
    """Both tables, the paper's figures beside ours."""
    parts = [
        f"After {n_steps} steps of every method, on simulated CBCT of real anatomy.",
        "",
        "(a) Segmentation of CBCT",
        "",
        "| method | Dice of slices | Dice | ASD mm | paper |",
        "|---|---|---|---|---|",
    ]
    keys = ("dice_of_slices", "dice", "assd_mm")
    for name in SEGMENTING:
        if rows := scored.get(name, {}).get("segmentation"):
            parts.append(_line(name, rows, keys, PAPER_A.get(name)))
    parts += [
        "",
        "(b) CBCT translated to CT, segmented by the evaluator",
        "",
        "| method | Dice of slices | Dice | ASD mm | PSNR dB | SSIM | paper |",
        "|---|---|---|---|---|---|---|",
    ]
    keys = (*keys, "psnr", "ssim")
    for name in TRANSLATING:
        if rows := scored.get(name, {}).get("translation"):
            parts.append(_line(name, rows, keys, PAPER_B.get(name)))
    for title, rows in _bounds(scored):
        parts.append(_line(title, rows, keys, None))
    return "\n".join(parts) + "\n"


def _bounds(scored: dict[str, Scores]) -> list[tuple[str, list[dict]]]:
    """What the evaluator makes of CBCTs as they are, and of real CT."""
    evaluator = scored.get(EVALUATOR, {})
    # Whoever translates is compared with the CBCT itself.
    beside = (scored.get(name, {}).get("translation", []) for name in TRANSLATING)
    of_cbct = {
        row["volume"]: {k: row.get(f"{k}_of_cbct") for k in ("psnr", "ssim")}
        for rows in beside
        for row in rows
    }
    as_they_are = [
        row | of_cbct.get(row["volume"], {})
        for row in evaluator.get("segmentation", [])
    ]
    rows = [("CBCT as it is", as_they_are), ("real CT", evaluator.get("ct", []))]
    return [(title, each) for title, each in rows if each]


def _line(title: str, rows: list[dict], keys: tuple[str, ...], paper) -> str:
    cells = as_text(mean_row(rows), dict.fromkeys(keys, ".3f"))
    cells.append("{:.3f} / {:.2f}".format(*paper) if paper else "")
    return f"| {title} | " + " | ".join(cells) + " |"


def _predictor(method: Method, params) -> Predict:
    return lambda x_l: method.predict(params, x_l)


def _figures_of_ct(volume, predict: Predict, dataset: Dataset, shrink: int) -> dict:
    found = predict(read_image(dataset, volume, slice(None), shrink)).y_l
    assert found is not None
    return stored_figures(volume, found, shrink)


def _draw_panel(
    path: Path, predictions: dict[str, Predict], dataset: Dataset, shrink: int
) -> None:
    """Held-out CBCT slices, translated and segmented by every method."""
    x_l, _ = picture_slices(dataset, shrink)
    columns = {"CBCT": list(x_l)}
    for name, predict in predictions.items():
        made = predict(x_l)
        if name in TRANSLATING and made.x_lh is not None:
            columns[f"{name}, CT"] = list(made.x_lh)
        if name in SEGMENTING and made.y_l is not None:
            columns[f"{name}, mask"] = list(made.y_l)
    draw(path, columns)


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "Folder for the runs.", required=True)
    flags.DEFINE_string("data", None, "Data set from `spine-jax dataset make`.")
    flags.DEFINE_enum("size", "small", ["smoke", "small", "paper"], "Of the config.")
    flags.DEFINE_integer("steps", None, "Of every method, in place of the size's.")
    flags.DEFINE_list("methods", list(METHODS), "What to train.")
    flags.DEFINE_bool("quiet", False, "No progress.")
    app.run(main)
