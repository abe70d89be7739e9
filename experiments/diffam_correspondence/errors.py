"""How far fitted vertices are from their true places."""

import numpy as np

from experiments.diffam_correspondence.individuals import TrueColumn
from spine_jax.anatomy.implicit import body_centre_of_shape, parts_distance
from spine_jax.anatomy.landmarks import landmark_points_mm
from spine_jax.anatomy.levels import level_shape
from spine_jax.core import Mesh, Volume
from spine_jax.core.labels import label_name
from spine_jax.fitting import FitConfig, init_fit, meshes_mm, run_fit
from spine_jax.metrics.meshes import correspondence_error_mm, mesh_assd_mm
from spine_jax.pipeline.fit import prepare_case
from spine_jax.pipeline.template_cache import cached_level_template

TIPS = ("spinous_tip", "posterior_tubercle", "transverse_tip_right")
TIPS += ("transverse_tip_left",)


def column_errors(
    volume: Volume, truth: TrueColumn, fit_config: FitConfig, seed: int
) -> dict[str, dict[str, float]]:
    """Fit a column; errors of each vertebra, by name."""
    start, fitted = fitted_vertices_mm(volume, truth.centroids, fit_config, seed)
    errors = {}
    for place, label in enumerate(truth.centroids.labels):
        true_mm = truth.vertices_mm[label]
        errors[label_name(label)] = {
            "start_mm": correspondence_error_mm(start[place], true_mm),
            **vertebra_errors(fitted[place], true_mm, label),
        }
    return errors


def fitted_vertices_mm(volume, centroids, fit_config: FitConfig, seed: int):
    """Vertices [V, 3] of every vertebra, RAS+ mm, at the first guess and at the end."""
    case = prepare_case(volume, centroids, config=fit_config)
    state = init_fit(case.problem, fit_config, seed)
    ends = state.average, run_fit(case.problem, fit_config, state).average
    return tuple(
        [vertices for vertices, _ in meshes_mm(end, case.problem, case.origin_mm)]
        for end in ends
    )


def vertebra_errors(
    fitted_mm: np.ndarray, true_mm: np.ndarray, label: int
) -> dict[str, float]:
    """Errors of one vertebra, mm.

    Returns:
        Mean over vertices as `error_mm`, those of the body as `body_mm` and the others
        as `arch_mm`; mean over the tips of the processes as `tips_mm`; and between the
        surfaces, whatever the vertices, as `surface_mm`.
    """
    template = cached_level_template(label)
    faces, of_body = template.mesh.faces, body_vertices(label)
    tips = {name: v for name, v in template.landmarks.items() if name in TIPS}
    found, wanted = (landmark_points_mm(v, tips) for v in (fitted_mm, true_mm))
    return {
        "error_mm": correspondence_error_mm(fitted_mm, true_mm),
        "body_mm": correspondence_error_mm(fitted_mm[of_body], true_mm[of_body]),
        "arch_mm": correspondence_error_mm(fitted_mm[~of_body], true_mm[~of_body]),
        "tips_mm": float(
            np.mean([np.linalg.norm(found[name] - wanted[name]) for name in tips])
        ),
        "surface_mm": mesh_assd_mm(Mesh(fitted_mm, faces), Mesh(true_mm, faces)),
    }


def body_vertices(label: int) -> np.ndarray:
    """Which vertices of a level's template belong to its body, [V] bool."""
    shape = level_shape(label)
    vertices_mm = cached_level_template(label).mesh.vertices_mm
    body, arch = parts_distance(vertices_mm + body_centre_of_shape(shape), shape)
    return body <= arch
