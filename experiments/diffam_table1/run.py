"""Ours and the -I, -N, -E ablations over a folder of cases, beside the paper's figures.

See config.py for the command. Finished (case, method) pairs are kept in the work
folder, so an interrupted run goes on where it stopped.
"""

import dataclasses
import json
from pathlib import Path

from absl import app, flags, logging
from ml_collections import config_flags

from experiments.diffam_table1.cases import CaseFiles, find_cases
from experiments.diffam_table1.paper import TABLE_1
from experiments.diffam_table1.score import fit_and_score
from experiments.diffam_table1.tables import level_figure, level_table, segment_table
from spine_jax.fitting import PRESETS
from spine_jax.io.atomic import atomic_path, write_json_atomic, write_text_atomic
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import check_same_grid, load_labels, load_volume

FLAGS = flags.FLAGS


def main(argv: list[str]) -> None:
    del argv
    config, workdir = FLAGS.config, Path(FLAGS.workdir)
    # A ConfigDict sorts its keys; the paper's column order is Ours, -I, -N, -E.
    settings = {
        name: dataclasses.replace(
            PRESETS[config.preset], iterations=config.iterations, **config.methods[name]
        )
        for name in TABLE_1["total"]
    }
    if config.with_default_preset:
        settings["default"] = PRESETS["default"]

    rows = []
    for case in find_cases(Path(FLAGS.cases)):
        for method, fit_config in settings.items():
            path = workdir / "cases" / f"{case.name}_{method}.json"
            if not path.exists():
                logging.info("%s: %s", case.name, method)
                result = run_case(case, fit_config, config.seed, FLAGS.template)
                path.parent.mkdir(parents=True, exist_ok=True)
                write_json_atomic(path, result)
            for vertebra, figures in json.loads(path.read_text()).items():
                rows.append(
                    {"case": case.name, "method": method, "vertebra": vertebra}
                    | figures
                )

    methods = list(settings)
    tables = segment_table(rows, methods) + "\n\n" + level_table(rows, methods) + "\n"
    write_text_atomic(workdir / "tables.md", tables)
    write_json_atomic(workdir / "rows.json", rows)
    for method in methods:
        name = method.replace("-", "no_").lower()
        with atomic_path(workdir / f"levels_{name}.png") as path:
            level_figure(rows, method).savefig(path, dpi=120)
    print("Mean Dice in percent, the paper's in brackets (its own 775 vertebrae).\n")
    print(tables, end="")


def run_case(case: CaseFiles, fit_config, seed: int, template: str | None) -> dict:
    """Fit one case; Dice and ASSD by vertebra, for those the truth holds."""
    volume, truth = load_volume(case.image), load_labels(case.truth)
    check_same_grid(volume, truth, case.image, case.truth)
    centroids = load_centroids(case.centroids, volume=volume)
    scores = fit_and_score(volume, truth, centroids, fit_config, seed, template)
    return {
        name: {"dice": row["dice"], "assd_mm": row["assd_mm"]}
        for name, row in scores.items()
    }


if __name__ == "__main__":
    flags.DEFINE_string("cases", None, "Folder of cases.", required=True)
    flags.DEFINE_string("workdir", None, "Folder for the results.", required=True)
    flags.DEFINE_string("template", None, "Template mesh in place of our lumbar one.")
    config_flags.DEFINE_config_file(
        "config", "experiments/diffam_table1/config.py:small"
    )
    app.run(main)
