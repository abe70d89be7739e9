"""From a CT and its centroids to labels, meshes and figures, in memory."""

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from spine_jax.anatomy.landmarks import landmark_points_mm
from spine_jax.anatomy.template import GROUPS, TemplateMesh
from spine_jax.core import Centroids, InputError, LabelVolume, Mesh, Volume
from spine_jax.core.labels import label_name, label_number
from spine_jax.fitting import (
    PRESETS,
    FitConfig,
    FitProblem,
    FitState,
    FitSummary,
    Pose,
    build_groups,
    build_problem,
    init_fit,
    meshes_mm,
    pose_from_centroids,
    run_fit,
    search_pose,
    summarise,
)
from spine_jax.geometry import voxelise
from spine_jax.io.centroids import load_centroids
from spine_jax.io.nifti import load_volume
from spine_jax.pipeline.statistics import vertebra_statistics
from spine_jax.pipeline.template_cache import cached_level_template
from spine_jax.pipeline.template_files import load_template

Path_ = str | os.PathLike
L3 = 22


@dataclasses.dataclass(frozen=True)
class FitResult:
    """What a fit gives.

    Attributes:
        labels: On the CT's own grid.
        meshes: One per vertebra by name (`"L3"`), RAS+ mm; vertex i means the same
            place on all that share their faces: C3 to C7, and T1 down.
        landmarks_mm: Named places [3] of every mesh (see `anatomy.landmarks`), by name
            of the vertebra, RAS+ mm; none where the template's are not known.
        statistics: One row per vertebra: volume, mean HU, centroid, visibility, losses.
        history: Each term of the loss over the iterations, [iterations].
        summary: The learned appearance curve and samples of the image beside it.
    """

    labels: LabelVolume
    meshes: dict[str, Mesh]
    landmarks_mm: dict[str, dict[str, np.ndarray]]
    statistics: list[dict]
    history: dict[str, np.ndarray]
    summary: FitSummary


@dataclasses.dataclass(frozen=True)
class FitCase:
    """A case ready to run: the problem, its settings, and how to read its result.

    `landmarks` holds for every vertebra the mesh vertices [K] of each known landmark.
    """

    volume: Volume
    labels: tuple[int, ...]
    landmarks: tuple[Mapping[str, np.ndarray], ...]
    origin_mm: np.ndarray
    problem: FitProblem
    config: FitConfig


def fit(
    volume: Volume | Path_,
    centroids: Centroids | Path_,
    *,
    preset: str = "default",
    template: TemplateMesh | Path_ | None = None,
    vertebrae: list[str] | None = None,
    seed: int = 0,
    iterations: int | None = None,
    centroid_format: str | None = None,
    on_chunk: Callable[[FitState], None] = lambda state: None,
) -> FitResult:
    """Fit the deformable template to every vertebra that has a centroid.

    Args:
        volume: CT, or the path of a NIfTI file.
        centroids: One point per vertebral body, or the path of a centroid file.
        preset: `"default"` (measures best), `"paper"` (as published) or `"fast"`.
        template: A template, or the path of a mesh beside its JSON; None takes ours,
            by level where the preset says so.
        vertebrae: Names to fit (`["L1", "L2"]`); None fits all. The others still help
            to place the first guess.
        seed: Same seed, same result, to the bit on one machine.
        iterations: In place of the preset's.
        centroid_format: For centroid files that do not tell their own convention.
        on_chunk: Called with the state every 25 iterations.

    Raises:
        InputError: for input that cannot be used, in one sentence.
    """
    if not isinstance(volume, Volume):
        volume = load_volume(Path(volume))
    if not isinstance(centroids, Centroids):
        centroids = load_centroids(
            Path(centroids), volume=volume, centroid_format=centroid_format
        )
    case = prepare_case(volume, centroids, preset, template, vertebrae, iterations)
    state = init_fit(case.problem, case.config, seed)
    return finish_case(case, run_fit(case.problem, case.config, state, on_chunk))


def prepare_case(
    volume: Volume,
    centroids: Centroids,
    preset: str = "default",
    template: TemplateMesh | Path_ | None = None,
    vertebrae: list[str] | None = None,
    iterations: int | None = None,
    config: FitConfig | None = None,
) -> FitCase:
    """Pose the template at every vertebra and lay the case out as arrays.

    Args:
        config: Settings in place of a preset, for experiments.

    Raises:
        InputError: for an unknown preset or vertebra, or too few iterations.
    """
    config = config or _preset(preset)
    if iterations is not None:
        if iterations < 1:
            raise InputError(
                "ITERATIONS",
                "--iterations",
                f"{iterations}",
                "at least 1",
                "leaving it out takes the preset's number",
            )
        config = dataclasses.replace(config, iterations=iterations)
    templates = _templates(template, centroids.labels, config.level_templates)
    pose = pose_from_centroids(
        centroids,
        [label_number(each.name) for each in templates],
        anatomical=config.anatomical_pose,
        smoothing=config.curve_smoothing,
    )
    keep = _selected(centroids, vertebrae)
    pose = Pose(pose.rotation[keep], pose.scale[keep], pose.centre_mm[keep])
    labels = tuple(centroids.labels[i] for i in keep)
    groups = build_groups([templates[i].mesh for i in keep], config.n_modes)
    problem = build_problem(volume, pose, groups, config.blur_mm)
    if config.pose_search:
        problem = search_pose(problem, config.normal_scale)
    landmarks = tuple(_landmarks(templates[i], centroids.labels[i]) for i in keep)
    origin_mm = pose.centre_mm.mean(axis=0)
    return FitCase(volume, labels, landmarks, origin_mm, problem, config)


def finish_case(case: FitCase, state: FitState) -> FitResult:
    """Voxelise and measure a finished fit."""
    fitted = meshes_mm(state.average, case.problem, case.origin_mm)
    affine = case.volume.affine_vox_to_mm
    array = voxelise(fitted, case.volume.array.shape, affine, case.labels)
    labels = LabelVolume(array, affine)
    meshes = {
        label_name(label): Mesh(vertices, np.asarray(hierarchy.faces))
        for label, (vertices, hierarchy) in zip(case.labels, fitted, strict=True)
    }
    landmarks_mm = {
        name: landmark_points_mm(mesh.vertices_mm, landmarks)
        for (name, mesh), landmarks in zip(meshes.items(), case.landmarks, strict=True)
        if landmarks
    }
    summary = summarise(state, case.problem, case.config)
    steps = case.config.iterations
    return FitResult(
        labels=labels,
        meshes=meshes,
        landmarks_mm=landmarks_mm,
        statistics=vertebra_statistics(case.volume, labels, meshes, summary.vertebrae),
        history={name: np.asarray(h)[:steps] for name, h in state.history.items()},
        summary=summary,
    )


def _preset(name: str) -> FitConfig:
    if name not in PRESETS:
        raise InputError(
            "PRESET", "--preset", name, f"one of {', '.join(PRESETS)}", "default"
        )
    return PRESETS[name]


def _templates(
    template: TemplateMesh | Path_ | None, labels: tuple[int, ...], by_level: bool
) -> list[TemplateMesh]:
    """The template of each vertebra: the one given, its level's, or L3's for all."""
    if template is not None and not isinstance(template, TemplateMesh):
        template = load_template(Path(template))
    if template is None and not by_level:
        template = cached_level_template(L3)
    if template is not None:
        return [template] * len(labels)
    made = {label: cached_level_template(label) for label in set(labels)}
    return [made[label] for label in labels]


def _landmarks(template: TemplateMesh, label: int) -> Mapping[str, np.ndarray]:
    """A template's landmarks, where the vertebra has them: an atlas has no end-plates.

    They do not depend on the level within a group of one topology.
    """
    shown = label_number(template.name)
    alike = any(shown in group and label in group for group in GROUPS.values())
    return template.landmarks if alike else {}


def _selected(centroids: Centroids, vertebrae: list[str] | None) -> list[int]:
    """Indices of the vertebrae asked for, in the order of the centroids."""
    if vertebrae is None:
        return list(range(len(centroids.labels)))
    present = [label_name(label) for label in centroids.labels]
    asked = set()
    for name in vertebrae:
        try:
            number = label_number(name)
        except KeyError:
            number = None
        if number not in centroids.labels:
            raise InputError(
                "VERTEBRA",
                "--vertebrae",
                f"{name} has no centroid",
                f"some of {' '.join(present)}",
                "check the centroid file",
            )
        asked.add(number)
    return [i for i, label in enumerate(centroids.labels) if label in asked]
