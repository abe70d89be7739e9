"""Dice against the error of the centroids.

    python -m experiments.centroid_noise --cases DIR [--noise_mm 0,2,4] [--seeds 10]

Every centroid is moved by a random vector whose length is `noise_mm` on average (each
coordinate Gaussian); ten draws by default, of which 0 mm needs one. One line per noise,
with the mean, the worst draw and the worst vertebra of each case.
"""

from pathlib import Path

import numpy as np
from absl import app, flags

from experiments.diffam_table1.cases import CaseFiles, find_cases
from experiments.diffam_table1.score import fit_and_score
from spine_jax.core import Centroids
from spine_jax.fitting import PRESETS, FitConfig
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import load_labels, load_volume

FLAGS = flags.FLAGS

MEAN_LENGTH = np.sqrt(8 / np.pi)
"""Of a vector with three standard normal coordinates."""


def main(argv: list[str]) -> None:
    del argv
    fit_config = PRESETS[FLAGS.preset]
    for case in find_cases(Path(FLAGS.cases)):
        print(case.name)
        for noise_mm in map(float, FLAGS.noise_mm):
            draws = range(FLAGS.seeds if noise_mm else 1)
            dice = [noisy_dice(case, fit_config, noise_mm, seed) for seed in draws]
            print(f"  {noise_mm:g} mm: {summary(dice)}", flush=True)


def noisy_dice(
    case: CaseFiles, fit_config: FitConfig, noise_mm: float, seed: int
) -> dict[str, float]:
    """Dice of every vertebra of the truth after a fit from displaced centroids."""
    volume, truth = load_volume(case.image), load_labels(case.truth)
    centroids = displaced(load_centroids(case.centroids, volume=volume), noise_mm, seed)
    scores = fit_and_score(volume, truth, centroids, fit_config, seed)
    return {name: row["dice"] for name, row in scores.items()}


def displaced(centroids: Centroids, noise_mm: float, seed: int) -> Centroids:
    """Centroids moved by random vectors of a mean length."""
    rng = np.random.default_rng([seed, 0])
    points_mm = np.asarray(centroids.points_mm)
    noise = noise_mm / MEAN_LENGTH * rng.normal(size=points_mm.shape)
    return Centroids(points_mm + noise, centroids.labels)


def summary(draws: list[dict[str, float]]) -> str:
    """Mean Dice by vertebra and overall, the worst draw and the worst vertebra."""
    names = list(draws[0])
    table = np.array([[draw[name] for name in names] for draw in draws])
    by_name = " ".join(f"{n} {d:.3f}" for n, d in zip(names, table.mean(axis=0)))
    worst_draw = table.mean(axis=1).min()
    return (
        f"{by_name} | mean {table.mean():.3f}, worst draw {worst_draw:.3f}, "
        f"worst vertebra {table.min():.3f}"
    )


if __name__ == "__main__":
    flags.DEFINE_string("cases", None, "Folder of cases.", required=True)
    flags.DEFINE_enum("preset", "default", list(PRESETS), "Settings of the fit.")
    flags.DEFINE_list("noise_mm", ["0", "2", "4"], "Mean displacements of a centroid.")
    flags.DEFINE_integer("seeds", 10, "Draws per displacement.")
    app.run(main)
