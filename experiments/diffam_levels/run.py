"""Fit made-up CT of real anatomy, level by level; see config.py for the command.

Simulated images and finished (map, method) pairs are kept in the work folder, so that
an interrupted run goes on where it stopped.
"""

import dataclasses
import json
from pathlib import Path

import jax
from absl import app, flags, logging
from ml_collections import config_flags

from experiments.diffam_levels.simulated import find_masks, simulated_case
from experiments.diffam_levels.tables import box_plot, level_table, segment_table
from experiments.diffam_table1.score import fit_and_score
from spine_jax.fitting import PRESETS, FitConfig
from spine_jax.io.atomic import atomic_path, write_json_atomic, write_text_atomic
from spine_jax.io.mask_centroids import centroids_from_labels

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    del argv
    config, workdir = FLAGS.config, Path(FLAGS.workdir)
    settings = {name: _settings(wish) for name, wish in config.methods.items()}
    rows = []
    for mask in find_masks(Path(FLAGS.masks)):
        name = mask.name.removesuffix(".nii.gz")
        for method, fit_config in settings.items():
            path = workdir / "cases" / f"{name}_{method}.json"
            if not path.exists():
                logging.info("%s: %s", name, method)
                result = run_case(mask, workdir / "images", fit_config, config.seed)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_json_atomic(path, result)
            for vertebra, figures in json.loads(path.read_text()).items():
                own = {"case": name, "method": method, "vertebra": vertebra}
                rows.append(own | figures)
        # Images of each size have programs of their own. After dozens of them a
        # compilation failed with a segmentation fault.
        jax.clear_caches()
    report(rows, list(settings), workdir)


def run_case(mask: Path, images: Path, fit_config: FitConfig, seed: int) -> dict:
    """Simulate and fit one label map; scores of the vertebrae that are whole."""
    volume, truth = simulated_case(mask, images, seed)
    centroids = centroids_from_labels(truth, mask)
    scores = fit_and_score(volume, truth, centroids, fit_config, seed)
    return {
        name: {"dice": row["dice"], "assd_mm": row["assd_mm"]}
        for name, row in scores.items()
        if row["fully_visible"]
    }


def report(rows: list[dict], methods: list[str], workdir: Path) -> None:
    """Write and print the tables, and draw the box plots."""
    tables = segment_table(rows, methods) + "\n\n" + level_table(rows, methods) + "\n"
    write_text_atomic(workdir / "tables.md", tables)
    write_json_atomic(workdir / "rows.json", rows)
    for method in methods:
        with atomic_path(workdir / f"levels_{method}.png") as path:
            box_plot(rows, method).savefig(path, dpi=120)
    print("Dice in percent, mean / median, of whole vertebrae; real anatomy, simulated")
    print("images. The paper's are of other, real CT.\n")
    print(tables, end="")


def _settings(wish) -> FitConfig:
    preset = PRESETS[wish.preset]
    iterations = wish.iterations or preset.iterations
    return dataclasses.replace(preset, iterations=iterations)


if __name__ == "__main__":
    flags.DEFINE_string("masks", None, "Folder of label maps.", required=True)
    flags.DEFINE_string("workdir", None, "Folder for the results.", required=True)
    config_flags.DEFINE_config_file(
        "config", "experiments/diffam_levels/config.py:small"
    )
    app.run(main)
