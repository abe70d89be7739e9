"""The ablation of A3DSegNet, Table 1 of its paper: which part helps which map.

    python -m experiments.a3dseg_table1 --data=DIR --workdir=OUT \
        [--config=experiments/configs/disentangle.py:small] [--models=m1,m2,m3,m4]

Trains each model under OUT/MODEL as `train_disentangle` does, goes on where it was
stopped, and scores every map on the held-out patients: those of CBCT slices m_l, y_l,
y_ll = S_l(x_ll) and y_lh = S_h(x_lh), those of CT slices likewise. OUT/MODEL gets
columns.json by volume, OUT gets table1.md beside the paper's figures. "source-only" is
S_h trained on CT alone and given the CBCT as it is; it trains for as many steps.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from absl import flags

from experiments.harness.images import shrink_to
from experiments.harness.program import run_on_data
from experiments.harness.run import train
from experiments.harness.scores import as_text, mean_row, stored_figures
from experiments.train_baseline import baseline
from experiments.train_disentangle import a3dsegnet
from spine_jax.baselines.unet import segment as segment_alike
from spine_jax.core import InputError
from spine_jax.data import Dataset, read_image
from spine_jax.data.store import Domain
from spine_jax.disentangle import Params, decode
from spine_jax.io.atomic import atomic_path, write_json_atomic
from spine_jax.layers.batching import in_batches

COLUMNS: dict[Domain, tuple[str, ...]] = {
    "cbct": ("m_l", "y_l", "y_ll", "y_lh"),
    "ct": ("m_h", "y_h", "y_hh", "y_hl"),
}
TITLES = {
    "m_l": "m_l",
    "y_l": "y_l",
    "y_ll": "y_l→l",
    "y_lh": "y_l→h",
    "m_h": "m_h",
    "y_h": "y_h",
    "y_hh": "y_h→h",
    "y_hl": "y_h→l",
}
OWN_MAP: dict[Domain, str] = {"cbct": "y_l", "ct": "y_h"}
MODELS = ("m1", "m2", "m3", "m4")
SOURCE_ONLY = "source-only"
BATCH = 8

# Dice and ASD in mm, of 12 CBCTs and the CTs beside them.
PAPER: dict[str, dict[str, tuple[float, float]]] = {
    "m1": {
        "y_l": (0.802, 2.16),
        "y_ll": (0.801, 2.17),
        "y_lh": (0.806, 2.12),
        "y_h": (0.925, 0.89),
        "y_hh": (0.918, 0.98),
        "y_hl": (0.911, 1.11),
    },
    "m2": {
        "y_l": (0.806, 1.94),
        "y_ll": (0.805, 1.96),
        "y_lh": (0.806, 2.04),
        "y_h": (0.930, 0.80),
        "y_hh": (0.928, 0.83),
        "y_hl": (0.923, 0.89),
    },
    "m3": {
        "m_l": (0.774, 2.58),
        "y_l": (0.828, 1.68),
        "y_ll": (0.828, 1.69),
        "y_lh": (0.836, 1.64),
        "m_h": (0.918, 1.14),
        "y_h": (0.930, 0.79),
        "y_hh": (0.929, 0.80),
        "y_hl": (0.923, 1.00),
    },
    "m4": {
        "m_l": (0.829, 2.01),
        "y_l": (0.843, 1.57),
        "y_ll": (0.843, 1.56),
        "y_lh": (0.847, 1.54),
        "m_h": (0.915, 1.18),
        "y_h": (0.932, 0.79),
        "y_hh": (0.932, 0.79),
        "y_hl": (0.925, 0.94),
    },
}

Columns = dict[str, list[dict]]
"""Figures by volume, by the name of the map."""


def work(config: Any, workdir: Path, dataset: Dataset, *, quiet: bool) -> None:
    """Print the table of the models asked for."""
    models = tuple(flags.FLAGS.models)
    print(make_table(config, models, workdir, dataset, quiet=quiet))


def make_table(
    config: Any,
    models: tuple[str, ...],
    workdir: Path,
    dataset: Dataset,
    *,
    quiet: bool = False,
) -> str:
    """Train and score what is not there yet; returns the table, in Markdown.

    Args:
        config: Of `configs.disentangle`; its model does not matter, but adn's config
            lacks what `small` gives the others.
        models: Of `MODELS` and `SOURCE_ONLY`.
        workdir: Of the runs and the results.
        dataset: With labels for the held-out CBCTs.
        quiet: No progress.

    Raises:
        InputError: unknown model, or data that do not fit.
        Interrupted: on a signal; the same call goes on.
    """
    if unknown := sorted(set(models) - {*MODELS, SOURCE_ONLY}):
        expected = ", ".join((*MODELS, SOURCE_ONLY))
        raise InputError(
            "UNKNOWN-MODEL", "--models", ", ".join(unknown), expected, "m2,m4"
        )
    scored: dict[str, Columns] = {}
    for name in models:
        kept = workdir / name / "columns.json"
        if not kept.is_file():
            columns = _train_and_score(name, config, dataset, workdir / name, quiet)
            write_json_atomic(kept, columns)
        scored[name] = json.loads(kept.read_text())
    table = as_markdown(scored, config.plan.n_steps)
    with atomic_path(workdir / "table1.md") as temporary:
        temporary.write_text(table)
    return table


def _train_and_score(
    name: str, config: Any, dataset: Dataset, folder: Path, quiet: bool
) -> Columns:
    own = config.copy_and_resolve_references()
    own.model = name
    source_only = name == SOURCE_ONLY
    method = baseline("unet", own) if source_only else a3dsegnet(own)
    params = method.trained(train(method, own, folder, dataset, quiet=quiet))
    shrink = shrink_to(method.image_size, dataset)
    columns: Columns = {}
    for domain in ("cbct", "ct"):
        other = _some_slices(dataset, "ct" if domain == "cbct" else "cbct", shrink)
        for volume in dataset.select(domain, "test"):
            if volume.labels is None:
                continue
            images = read_image(dataset, volume, slice(None), shrink)
            if source_only:
                maps = {OWN_MAP[domain]: segment_alike(params, images)}
            else:
                maps = maps_of(params, images, other, domain)
            for column, found in maps.items():
                row = stored_figures(volume, found, shrink)
                columns.setdefault(column, []).append(row)
    return columns


def maps_of(
    params: Params, images: np.ndarray, partners: np.ndarray, domain: Domain
) -> dict[str, np.ndarray]:
    """Every map that a model makes of the slices of one domain.

    Args:
        params: Trained.
        images: [Z, H, W, 1].
        partners: Slices of the other domain, [N, H, W, 1], taken in turn: artifacts are
            put on CT slices from somewhere, and slices come in pairs.
        domain: Of the images.
    """
    names = COLUMNS[domain]

    def run(pair):
        x_l, x_h = pair[..., :1], pair[..., 1:]
        made = decode(params, x_l, x_h)
        return {name: getattr(made, name) for name in names}

    partner = np.take(partners, np.arange(len(images)), axis=0, mode="wrap")
    pairs = (images, partner) if domain == "cbct" else (partner, images)
    maps = in_batches(run, np.concatenate(pairs, axis=-1), BATCH)
    return {name: found for name, found in maps.items() if found is not None}


def as_markdown(scored: dict[str, Columns], n_steps: int) -> str:
    """Our figures above the paper's, for Dice by slice, Dice and ASD by volume."""
    lines = [
        f"Table 1 after {n_steps} steps, simulated CBCT of real anatomy. Ours: mean "
        "Dice of slices / Dice of volumes / ASD of volumes in mm. Paper (real CBCT): "
        "Dice / ASD in mm.",
        "",
        "| model | " + " | ".join(TITLES.values()) + " |",
        "|---" * (len(TITLES) + 1) + "|",
    ]
    for model, columns in scored.items():
        ours = [_told(columns.get(name)) for name in TITLES]
        lines.append(f"| {model} | " + " | ".join(ours) + " |")
        if model in PAPER:
            theirs = [PAPER[model].get(name) for name in TITLES]
            told = [f"{each[0]:.3f} / {each[1]:.2f}" if each else "" for each in theirs]
            lines.append("| paper | " + " | ".join(told) + " |")
    return "\n".join(lines) + "\n"


def _told(rows: list[dict] | None) -> str:
    if not rows:
        return ""
    forms = {"dice_of_slices": ".3f", "dice": ".3f", "assd_mm": ".2f"}
    return " / ".join(as_text(mean_row(rows), forms))


def _some_slices(dataset: Dataset, domain: Domain, shrink: int) -> np.ndarray:
    """Every tenth held-out slice of a domain."""
    every = slice(None, None, 10)
    volumes = dataset.select(domain, "test") or dataset.select(domain, "train")
    return np.concatenate([read_image(dataset, v, every, shrink) for v in volumes])


if __name__ == "__main__":
    flags.DEFINE_list("models", [SOURCE_ONLY, *MODELS], "What to train.")
    run_on_data(work, config="disentangle")
