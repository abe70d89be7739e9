"""The `default` preset with one ingredient changed at a time, on real cases.

    python -m experiments.ablation_fit --cases DIR --workdir OUT [--only NAME,...]

Every row of the table is the preset but for the named change; case folders are as for
diffam_table1. Scores are of the vertebrae that lie in the image whole, with L1 to L4
apart, since below L5 the sacrum is not modelled. Finished (case, change) pairs are kept
in the work folder. A minute per row and case of five vertebrae on 2 CPU cores at most.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
from absl import app, flags
from rich.progress import track

from experiments.diffam_table1.cases import CaseFiles, find_cases
from experiments.diffam_table1.score import fit_and_score
from spine_jax.fitting import PRESETS, FitConfig
from spine_jax.io.atomic import write_json_atomic, write_text_atomic
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import check_same_grid, load_labels, load_volume

FLAGS = flags.FLAGS

DEFAULT = "default"
CHANGES: dict[str, dict] = {
    DEFAULT: {},
    "L3's template for every level": {"level_templates": False},
    "centroids' curve as given": {"curve_smoothing": 0.0},
    "no mean tilt by level": {"anatomical_pose": False},
    "no pose search": {"pose_search": False},
    "the paper's normal term": {"signed_normal": False, "weight_normal": 0.1},
    "neighbours tied": {"weight_variance": 0.02},
    "no pull towards similarities": {"weight_similarity": 0.0},
    "image weighed once": {"weight_image": 1.0},
    "samples at one distance": {"sigmas_mm": (9.6,)},
    # Not 0: the pose search goes on with the blurred image.
    "image blurred in the first step only": {"blur_until": 1e-3},
    "image sharp from 80 %": {"blur_until": 0.8},
    "all modes": {"n_modes": 10_000},
    "last exponent 0.4": {"alpha_end": 0.4},
    "rate held": {"decay_from": 1.0},
    "last iterate, no mean": {"average_from": 1.0},
    "twice the iterations": {"iterations": 2 * PRESETS[DEFAULT].iterations},
}
"""What differs from the preset, by row."""
L1_TO_L4 = ("L1", "L2", "L3", "L4")


def main(argv: list[str]) -> None:
    del argv
    workdir = Path(FLAGS.workdir)
    cases = find_cases(Path(FLAGS.cases))
    if FLAGS.only is not None:
        cases = [case for case in cases if case.name in FLAGS.only]
    tables = []
    for case in cases:
        scores = {}
        for index, name in enumerate(track(CHANGES, case.name)):
            path = workdir / "cases" / f"{case.name}_{index:02}.json"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                result = run_case(case, changed(name, FLAGS.iterations), FLAGS.seed)
                write_json_atomic(path, {"change": name, "vertebrae": result})
            stored = json.loads(path.read_text())
            assert stored["change"] == name, "the rows have changed: another workdir"
            scores[name] = stored["vertebrae"]
        tables.append(f"{case.name}\n\n{ablation_table(scores)}\n")
    write_text_atomic(workdir / "tables.md", "\n".join(tables))
    print("\n".join(tables), end="")


def changed(name: str, iterations: int = 0) -> FitConfig:
    """The preset with the change of a row; with other iterations where not 0."""
    config = dataclasses.replace(PRESETS[DEFAULT], **CHANGES[name])
    return dataclasses.replace(config, iterations=iterations or config.iterations)


def run_case(
    case: CaseFiles, fit_config: FitConfig, seed: int
) -> dict[str, dict[str, float]]:
    """Dice and ASSD of every whole vertebra."""
    volume, truth = load_volume(case.image), load_labels(case.truth)
    check_same_grid(volume, truth, case.image, case.truth)
    centroids = load_centroids(case.centroids, volume=volume)
    scores = fit_and_score(volume, truth, centroids, fit_config, seed)
    whole = {name: row for name, row in scores.items() if row["fully_visible"]}
    # A crop may cut every vertebra; then all count.
    return {
        name: {"dice": row["dice"], "assd_mm": row["assd_mm"]}
        for name, row in (whole or scores).items()
    }


def ablation_table(scores: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: mean Dice, its difference to the first row, Dice of L1-L4, ASSD.

    Args:
        scores: Figures of each vertebra by name, by row.
    """
    lines = ["| change | mean Dice | difference | L1-L4 | ASSD, mm |"]
    lines.append("|---" * 5 + "|")
    first = None
    for name, vertebrae in scores.items():
        dice = np.mean([row["dice"] for row in vertebrae.values()])
        assd = np.mean([row["assd_mm"] for row in vertebrae.values()])
        upper = [row["dice"] for key, row in vertebrae.items() if key in L1_TO_L4]
        first = dice if first is None else first
        cells = [name, f"{dice:.3f}", f"{dice - first:+.3f}"]
        cells += [f"{np.mean(upper):.3f}" if upper else "-", f"{assd:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    flags.DEFINE_string("cases", None, "Folder of cases.", required=True)
    flags.DEFINE_string("workdir", None, "Folder for the results.", required=True)
    flags.DEFINE_list("only", None, "Names of cases; all by default.")
    flags.DEFINE_integer("seed", 0, "Of the fits.")
    flags.DEFINE_integer("iterations", 0, "In place of the preset's, for a quick look.")
    app.run(main)
