"""An average template from label maps, in memory."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from spine_jax.anatomy.remesh import remesh
from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.anatomy.template import TemplateMesh
from spine_jax.core import InputError, LabelVolume, Mesh
from spine_jax.core.labels import label_name
from spine_jax.fitting.surface_fit import build_target, fit_surface
from spine_jax.fitting.template import FitTemplate, build_template
from spine_jax.geometry import enclosed_volume
from spine_jax.metrics.meshes import mesh_surface_distances
from spine_jax.metrics.surface import assd_mm
from spine_jax.pipeline.template_build_checks import MeshChecks, check_mesh
from spine_jax.pipeline.template_build_shapes import (
    ShapeModel,
    align_surfaces,
    best_similarity,
    procrustes,
    shape_model,
)
from spine_jax.pipeline.template_build_surfaces import (
    LeftOut,
    VertebraSurface,
    vertebra_surfaces,
)
from spine_jax.pipeline.template_cache import cached_level_template

N_MODES = 500
LARGEST_MEAN_MM, LARGEST_P95_MM = 1.0, 3.0
"""Residuals beyond these tell a shape that is no sound vertebra of the level: real ones
have 0.2 and 0.6 mm."""
_ICP_POINTS = 3000
_BODY_MM = 12.0


@dataclasses.dataclass(frozen=True)
class FittedVertebra:
    """A vertebra brought into correspondence with the level's template.

    Attributes:
        source: Name of the label map.
        vertices_mm: [V, 3], at its own size, in the template's frame.
        mean_mm, p95_mm: Of the distances between its surface and the fitted mesh, both
            ways.
        scale: Size relative to the mean of those used.
    """

    source: str
    vertices_mm: np.ndarray
    mean_mm: float
    p95_mm: float
    scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class AverageTemplate:
    """The mean vertebra of a level.

    Attributes:
        template: The mean, origin at the centre of its body.
        used: The vertebrae it is the mean of.
        left_out: Those of the level that could not be used, with the reason.
        model: Modes of variation around the mean, at the mean size; None if not asked.
            Always on the faces of our own template.
        faces: [F, 3], those of `model` and of the fitted vertebrae.
        checks: Of the template's mesh.
    """

    template: TemplateMesh
    used: tuple[FittedVertebra, ...]
    left_out: tuple[LeftOut, ...]
    model: ShapeModel | None
    faces: np.ndarray
    checks: MeshChecks


@dataclasses.dataclass(frozen=True)
class LevelSurfaces:
    """What label maps hold of one level: usable surfaces, and the others' reasons."""

    usable: tuple[VertebraSurface, ...]
    left_out: tuple[LeftOut, ...]


def build_average_template(
    label_maps: Iterable[tuple[str, LabelVolume]],
    level: int = 22,
    *,
    n_modes: int = 0,
    vertex_count: int | None = None,
    seed: int = 0,
    on_fitted: Callable[[FittedVertebra], None] = lambda fitted: None,
) -> AverageTemplate:
    """Average the vertebrae of a level over label maps.

    Every whole vertebra gets a smooth surface, is aligned with our template of the
    level by a similarity, and the template is deformed onto it. The generalised
    Procrustes mean of the results, turned back to the template's frame, is the average.

    Args:
        label_maps: Names and label maps; taken one by one.
        level: VerSe number.
        n_modes: Principal modes to keep; there are at most one fewer than vertebrae.
        vertex_count: None keeps the faces of our own template, so that vertex numbers
            and landmarks stay valid; a number remeshes the mean evenly.
        seed: Of the points drawn in the fits.
        on_fitted: Called after each vertebra.

    Raises:
        InputError: where fewer than two vertebrae of the level can be used.
    """
    surfaces = collect_surfaces(label_maps, (level,))[level]
    return average_surfaces(
        surfaces,
        level,
        n_modes=n_modes,
        vertex_count=vertex_count,
        seed=seed,
        on_fitted=on_fitted,
    )


def collect_surfaces(
    label_maps: Iterable[tuple[str, LabelVolume]], levels: Sequence[int]
) -> dict[int, LevelSurfaces]:
    """Surfaces of all vertebrae of some levels, by level.

    Raises:
        InputError: `TEMPLATE-SHAPES` where fewer than two of a level can be used.
    """
    volumes = {
        level: _volume_mm3(cached_level_template(level).mesh) for level in levels
    }
    usable: dict[int, list[VertebraSurface]] = {level: [] for level in levels}
    left_out: dict[int, list[LeftOut]] = {level: [] for level in levels}
    for name, labels in label_maps:
        found, others = vertebra_surfaces(labels, name, volumes)
        for surface in found:
            usable[surface.label].append(surface)
        for other in others:
            left_out[other.label].append(other)
    for level in levels:
        _check_enough(len(usable[level]), left_out[level], level)
    return {
        level: LevelSurfaces(tuple(usable[level]), tuple(left_out[level]))
        for level in levels
    }


def average_surfaces(
    surfaces: LevelSurfaces,
    level: int,
    *,
    n_modes: int = 0,
    vertex_count: int | None = None,
    seed: int = 0,
    on_fitted: Callable[[FittedVertebra], None] = lambda fitted: None,
) -> AverageTemplate:
    """The later half of `build_average_template`, from collected surfaces.

    Raises:
        InputError: `TEMPLATE-SHAPES` where fewer than two vertebrae fit the level.
    """
    ours = cached_level_template(level)
    start = ours.mesh
    template = build_template(start, N_MODES)
    used, left_out = [], list(surfaces.left_out)
    for surface in surfaces.usable:
        fitted = fit_vertebra(surface, start, template, seed)
        on_fitted(fitted)
        if fitted.mean_mm <= LARGEST_MEAN_MM and fitted.p95_mm <= LARGEST_P95_MM:
            used.append(fitted)
        else:
            reason = (
                f"the template fits it only to {fitted.mean_mm:.1f} mm on average, p95 "
                f"{fitted.p95_mm:.1f} mm"
            )
            left_out.append(LeftOut(fitted.source, level, reason))
    _check_enough(len(used), left_out, level)
    shapes, scales = procrustes(np.stack([each.vertices_mm for each in used]))
    shapes = _in_template_frame(shapes, np.asarray(start.vertices_mm))
    mean = Mesh(shapes.mean(axis=0), start.faces)
    mesh = mean if vertex_count is None else _remeshed(mean, vertex_count)
    return AverageTemplate(
        template=TemplateMesh(
            mesh, ours.name, ours.landmarks if vertex_count is None else {}
        ),
        used=tuple(
            dataclasses.replace(each, scale=float(scale))
            for each, scale in zip(used, scales, strict=True)
        ),
        left_out=tuple(left_out),
        model=shape_model(shapes, n_modes) if n_modes else None,
        faces=np.asarray(start.faces),
        checks=check_mesh(mesh),
    )


def fit_vertebra(
    surface: VertebraSurface, start: Mesh, template: FitTemplate, seed: int
) -> FittedVertebra:
    """Deform the level's template onto a vertebra.

    Args:
        surface: The vertebra.
        start: The level's template.
        template: The same, prepared.
        seed: Of the points drawn.
    """
    rng = np.random.default_rng(seed)
    goal = _even_points(surface.mesh, rng)
    size = np.cbrt(_volume_mm3(surface.mesh) / _volume_mm3(start))
    alignment = align_surfaces(goal / size, _even_points(start, rng))
    posed = Mesh(alignment.apply(surface.mesh.vertices_mm / size), surface.mesh.faces)
    vertices, _ = fit_surface(template, build_target(posed), seed=seed)
    # Back to the vertebra's own size, in the template's directions.
    own = size / alignment.scale
    distances = mesh_surface_distances(
        Mesh(own * vertices, start.faces),
        Mesh(own * posed.vertices_mm, posed.faces),
    )
    both = np.concatenate([distances.prediction_mm, distances.truth_mm])
    areas = np.concatenate([distances.prediction_area_mm2, distances.truth_area_mm2])
    return FittedVertebra(
        source=surface.source,
        vertices_mm=own * vertices,
        mean_mm=assd_mm(distances),
        p95_mm=_weighted_quantile(both, areas, 0.95),
    )


def _in_template_frame(shapes: np.ndarray, template_mm: np.ndarray) -> np.ndarray:
    """Aligned shapes [N, V, 3] turned so that their mean lies as the template does,
    the origin at the centre of the body.

    The centre is carried over from the template, where it is the origin, by the affine
    map that the vertices around it follow.
    """
    mean = shapes.mean(axis=0)
    motion = best_similarity(mean, template_mm, scaled=False)
    mean = motion.apply(mean)
    weight = np.exp(-np.sum(template_mm**2, axis=1) / (2 * _BODY_MM**2))[:, None]
    rows = np.column_stack([template_mm, np.ones(len(template_mm))])
    affine = np.linalg.lstsq(
        np.sqrt(weight) * rows, np.sqrt(weight) * mean, rcond=None
    )[0]
    return np.stack([motion.apply(shape) for shape in shapes]) - affine[3]


def _remeshed(mesh: Mesh, vertex_count: int) -> Mesh:
    surface = SurfacePoints(mesh.vertices_mm, mesh.faces)
    return Mesh(*remesh(mesh.vertices_mm, mesh.faces, surface.closest, vertex_count))


def _even_points(mesh: Mesh, rng: np.random.Generator) -> np.ndarray:
    """Points [P, 3] mm spread over a surface by area."""
    corners = np.asarray(mesh.vertices_mm)[np.asarray(mesh.faces)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    chosen = rng.choice(len(corners), _ICP_POINTS, p=areas / areas.sum())
    weights = rng.dirichlet(np.ones(3), _ICP_POINTS)
    return np.einsum("pi,pij->pj", weights, corners[chosen])


def _volume_mm3(mesh: Mesh) -> float:
    return float(enclosed_volume(mesh.vertices_mm, mesh.faces))


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(cumulative, share * cumulative[-1])])


def _check_enough(count: int, left_out: Sequence[LeftOut], level: int) -> None:
    if count >= 2:
        return
    name = label_name(level)
    reasons = "; ".join(f"{each.source}: {each.reason}" for each in left_out[:3])
    if len(left_out) > 3:
        reasons += f"; and {len(left_out) - 3} more"
    found = f"{'only one' if count else 'no'} {name} that can be used"
    raise InputError(
        "TEMPLATE-SHAPES",
        "masks",
        f"{found} ({reasons})" if reasons else found,
        f"at least two whole ones to take the mean of, VerSe number {level}",
        "more label maps, or another --level",
    )
