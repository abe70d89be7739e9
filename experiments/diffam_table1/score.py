"""A fit under given settings, and its scores: what every study of the fit repeats."""

from spine_jax.anatomy.template import TemplateMesh
from spine_jax.core import Centroids, LabelVolume, Volume
from spine_jax.fitting import FitConfig, init_fit, run_fit
from spine_jax.metrics.report import evaluate_labels
from spine_jax.pipeline.fit import finish_case, prepare_case


def fit_and_score(
    volume: Volume,
    truth: LabelVolume,
    centroids: Centroids,
    fit_config: FitConfig,
    seed: int,
    template: TemplateMesh | str | None = None,
) -> dict[str, dict]:
    """Fit a case; the row of `evaluate_labels` for every vertebra of the truth."""
    case = prepare_case(volume, centroids, template=template, config=fit_config)
    state = run_fit(case.problem, fit_config, init_fit(case.problem, fit_config, seed))
    return evaluate_labels(finish_case(case, state).labels, truth)["per_label"]
