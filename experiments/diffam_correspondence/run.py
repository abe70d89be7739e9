"""Fit made-up and real vertebrae whose places are known; see config.py for the command.

Simulated images and finished (case, method) pairs are kept in the work folder, so that
an interrupted run goes on where it stopped.
"""

import dataclasses
import json
from pathlib import Path

import jax
import numpy as np
from absl import app, flags
from ml_collections import config_flags
from rich.progress import track

from experiments.diffam_correspondence.errors import column_errors
from experiments.diffam_correspondence.individuals import TrueColumn, true_column
from experiments.diffam_correspondence.real_shapes import (
    fit_shape,
    landmark_rows,
    load_shapes,
)
from experiments.diffam_correspondence.tables import (
    box_plot,
    error_table,
    landmark_table,
)
from spine_jax.core import Volume
from spine_jax.fitting import PRESETS, FitConfig
from spine_jax.io.atomic import atomic_path, write_json_atomic, write_text_atomic
from spine_jax.io.nifti import load_volume, save_volume
from spine_jax.simulation.label_ct import ct_from_labels

FLAGS = flags.FLAGS
SHARES_L3 = 8
"""From this VerSe number down, vertebrae share their vertices with L3."""


def main(argv: list[str]) -> None:
    del argv
    config, workdir = FLAGS.config, Path(FLAGS.workdir)
    settings = {name: _settings(wish) for name, wish in config.methods.items()}
    cases = [
        (part, seed, method)
        for seed in range(config.n_individuals)
        for part, numbers in config.parts.items()
        for method, fit_config in settings.items()
        if fit_config.level_templates or numbers[0] >= SHARES_L3
    ]
    rows = []
    for part, seed, method in track(cases, "columns"):
        name = f"{part}_{seed}"
        path = workdir / "cases" / f"{name}_{method}.json"
        if not path.exists():
            truth = true_column(config.parts[part], seed, config.spacing_mm)
            volume = _image(truth, workdir / "images" / f"{name}_ct.nii.gz", seed)
            errors = column_errors(volume, truth, settings[method], seed)
            _write(path, errors)
            # Programs of many sizes at once once brought a compilation down.
            jax.clear_caches()
        for vertebra, figures in json.loads(path.read_text()).items():
            own = {"case": name, "method": method, "vertebra": vertebra}
            rows.append(own | figures)
    landmarks = _real_shapes(config, settings["default"], workdir)
    report(rows, landmarks, list(settings), workdir)


def _image(truth: TrueColumn, path: Path, seed: int) -> Volume:
    """The CT of a column, made once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_volume(path, ct_from_labels(truth.labels, seed))
    return load_volume(path)


def _real_shapes(config, fit_config: FitConfig, workdir: Path) -> list[dict]:
    """Errors of landmarks on the real surfaces, if there are any."""
    if FLAGS.shapes is None:
        return []
    shapes = load_shapes(Path(FLAGS.shapes))
    fitted_mm = {}
    for name, (mesh, _) in track(shapes.items(), "real shapes"):
        path = workdir / "cases" / f"{name}.json"
        if not path.exists():
            vertices = fit_shape(mesh, fit_config, config.spacing_mm, seed=0)
            _write(path, {"vertices_mm": vertices})
        fitted_mm[name] = np.array(json.loads(path.read_text())["vertices_mm"])
    landmarks_mm = {name: landmarks for name, (_, landmarks) in shapes.items()}
    return landmark_rows(fitted_mm, landmarks_mm)


def report(
    rows: list[dict], landmarks: list[dict], methods: list[str], workdir: Path
) -> None:
    """Write and print the tables, and draw the box plots."""
    tables = [error_table(rows, methods, by) for by in ("segment", "level")]
    if landmarks:
        tables.append(landmark_table(landmarks))
    write_text_atomic(workdir / "tables.md", "\n\n".join(tables) + "\n")
    write_json_atomic(workdir / "rows.json", {"columns": rows, "landmarks": landmarks})
    for method in methods:
        with atomic_path(workdir / f"correspondence_{method}.png") as path:
            box_plot(rows, method).savefig(path, dpi=120)
    print("Distance of fitted vertices from their true places, mean in mm.")
    print("Made-up individuals, simulated CT; the paper gives colours of 0 to 10 mm.\n")
    print("\n\n".join(tables))


def _write(path: Path, content: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json_atomic(path, content)


def _settings(wish) -> FitConfig:
    preset = PRESETS[wish.preset]
    iterations = wish.iterations or preset.iterations
    return dataclasses.replace(preset, iterations=iterations)


if __name__ == "__main__":
    flags.DEFINE_string("workdir", None, "Folder for the results.", required=True)
    flags.DEFINE_string("shapes", None, "Folder of real L1 surfaces with landmarks.")
    config_flags.DEFINE_config_file(
        "config", "experiments/diffam_correspondence/config.py:small"
    )
    app.run(main)
