"""Settings of a fit, and the three presets."""

import dataclasses
from typing import Any

import jax


def _static(default: Any) -> Any:
    """A field that shapes the compiled program, rather than being an input to it."""
    return dataclasses.field(default=default, metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitConfig:
    """Everything that decides what a fit does.

    A pytree: only what changes array shapes or the choice of terms is static, so that
    runs with other weights, rates or lengths share one compiled program.

    Lengths are millimetres here; the optimiser works in units of 64 mm.

    Attributes:
        iterations: Optimiser steps.
        n_points: Image samples per step (N of the paper).
        n_surface: Surface samples per step for the normal term (M).
        sigmas_mm: Standard deviations of the samples' distance from the surface; each
            takes an equal share of the points.
        blur_mm: Gaussian blur of the image at the start.
        blur_until: Fraction of the run at which the blur has fallen to zero.
        n_modes: Spectral modes kept, at most the template's vertices.
        learning_rate: Of appearance, affine and spectral steps.
        translation_rate: Learning rate of a separate translation per vertebra; 0 leaves
            translation to the constant spectral mode, as the paper.
        betas: Decay rates of both Adam moments.
        alpha_start, alpha_end: Exponent of Eq. 1, linear over the run.
        decay_from: Fraction of the run from which the learning rate falls linearly to
            a tenth; 1 keeps it.
        average_from: Fraction of the run from which shape parameters are averaged into
            the result; 1 takes the last iterate.
        pose_until: Fraction of the run in which only pose and appearance move.
        weight_image, weight_edge, weight_normal, weight_overlap, weight_variance: Of
            the paper's five losses.
        weight_similarity: Of a pull of each affine map towards a similarity.
        signed_normal: Use the signed, unsaturated normal term in place of the paper's.
        normal_scale: Intensity per mm at which the signed term bends.
        anatomical_pose: Correct the curve's direction by each level's mean tilt.
        level_templates: Start each vertebra from its own level's shape, where no
            template is given.
        curve_smoothing: Strength of the smoothing of the centroids' curve; 0 takes the
            centroids as they are.
        pose_search: Try poses around the first guess before the fit.
    """

    iterations: int = 3000
    n_points: int = _static(10_000)
    n_surface: int = _static(10_000)
    sigmas_mm: tuple[float, ...] = (9.6,)
    blur_mm: float = 2.56
    blur_until: float = 0.8
    n_modes: int = _static(10_000)
    learning_rate: float = 0.01
    translation_rate: float = 0.0
    betas: tuple[float, float] = _static((0.9, 0.9))
    alpha_start: float = 1.0
    alpha_end: float = 0.4
    decay_from: float = 1.0
    average_from: float = 1.0
    pose_until: float = 0.0
    weight_image: float = 1.0
    weight_edge: float = 0.02
    weight_normal: float = 0.1
    weight_overlap: float = 1.0
    weight_variance: float = 0.02
    weight_similarity: float = 0.0
    signed_normal: bool = _static(False)
    normal_scale: float = 0.1
    anatomical_pose: bool = _static(False)
    level_templates: bool = _static(False)
    curve_smoothing: float = _static(0.0)
    pose_search: bool = _static(False)


_DEFAULT = FitConfig(
    iterations=300,
    sigmas_mm=(1.5, 4.0, 9.6),
    blur_until=1.0,
    n_modes=500,
    alpha_end=0.3,
    decay_from=0.7,
    average_from=0.9,
    weight_image=2.0,
    weight_normal=1.0,
    weight_variance=0.0,
    weight_similarity=0.1,
    signed_normal=True,
    anatomical_pose=True,
    level_templates=True,
    curve_smoothing=3.0,
    pose_search=True,
)

PRESETS: dict[str, FitConfig] = {
    "paper": FitConfig(),
    "default": _DEFAULT,
    "fast": dataclasses.replace(
        _DEFAULT, iterations=150, n_points=5000, n_surface=5000, n_modes=300
    ),
}
"""`paper`: the published settings. `default`: what measures best. `fast`: a look."""
