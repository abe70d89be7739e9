"""Columns of made-up vertebrae of which every vertex's true place is known.

A vertebra is the template of its level under two smooth maps: one moves tips, rims and
canal to those of a random individual, the other is a random warp of 0.7 mm. Nothing is
meshed anew, slid or returned to a surface, so a vertex keeps its meaning, and no result
is a member of the templates' own family.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from spine_jax.anatomy.implicit import body_centre_of_shape
from spine_jax.anatomy.levels import level_shape, random_shape
from spine_jax.anatomy.morph import carry_points
from spine_jax.core import Centroids, LabelVolume
from spine_jax.geometry import triangle_normals, voxelise
from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy
from spine_jax.pipeline.template_cache import cached_level_template
from spine_jax.simulation.bone import Frame
from spine_jax.simulation.column import draw_warp, rotation_deg, to_next

_MARGIN_MM = 22.0
_TILT_DEG = 3.0
_JITTER_DEG = 1.2


@dataclasses.dataclass(frozen=True)
class TrueColumn:
    """Labels to make a CT of, and the truth.

    Attributes:
        labels: On a grid that holds every vertebra.
        centroids: Of the bodies, RAS+ mm.
        vertices_mm: [V, 3] by label, RAS+ mm, numbered as the level's template.
    """

    labels: LabelVolume
    centroids: Centroids
    vertices_mm: dict[int, np.ndarray]


def true_column(numbers: Sequence[int], seed: int, spacing_mm: float) -> TrueColumn:
    """Draw a column of consecutive levels.

    Args:
        numbers: VerSe numbers, cranial first.
        seed: The same seed gives the same bits.
        spacing_mm: Of the voxels, equal along all axes.
    """
    rng = np.random.default_rng([seed, numbers[0]])
    own = {number: individual_mm(rng, number) for number in numbers}
    frames = _stacked(rng, numbers)
    vertices_mm = {
        number: frame.to_world(own[number])
        for number, frame in zip(numbers, frames, strict=True)
    }
    centres_mm = np.array([frame.origin_mm for frame in frames])
    meshes = [(vertices_mm[number], _hierarchy(number)) for number in numbers]
    return TrueColumn(
        label_volume(meshes, numbers, spacing_mm),
        Centroids(centres_mm, tuple(numbers)),
        vertices_mm,
    )


def individual_mm(rng: np.random.Generator, label: int) -> np.ndarray:
    """Vertices [V, 3] mm of a random vertebra, its body's centre in the origin.

    Draws in which a face turns over are drawn again: at a few levels figures vary so
    much that the map folds.
    """
    median, template = level_shape(label), cached_level_template(label).mesh
    centre_mm = body_centre_of_shape(median)
    points_mm = np.concatenate([centre_mm[None], template.vertices_mm + centre_mm])
    while True:
        carried_mm = carry_points(points_mm, median, random_shape(rng, label))
        warped_mm = draw_warp(rng)(carried_mm)
        vertices_mm = warped_mm[1:] - warped_mm[0]
        before, after = (
            triangle_normals(v, template.faces)
            for v in (template.vertices_mm, vertices_mm)
        )
        if np.all(np.sum(before * after, axis=1) > 0):
            return vertices_mm


def _hierarchy(label: int) -> FaceHierarchy:
    template = cached_level_template(label).mesh
    return build_hierarchy(template.vertices_mm, template.faces)


def _stacked(rng: np.random.Generator, numbers: Sequence[int]) -> list[Frame]:
    """Poses by the measured steps and angles; the middle one stands nearly upright."""
    frames = [Frame(np.eye(3), np.zeros(3), 1.0)]
    for number in numbers[:-1]:
        above = frames[-1]
        length, forward, angle = to_next(number)
        step = np.array([0.0, forward, -np.sqrt(length**2 - forward**2)])
        turn = rotation_deg(angle + rng.normal(0, _JITTER_DEG), *rng.normal(0, 1, 2))
        origin_mm = above.origin_mm + above.rotation @ step
        frames.append(Frame(above.rotation @ turn, origin_mm, 1.0))
    middle = frames[len(frames) // 2]
    turn = rotation_deg(*rng.normal(0, _TILT_DEG, 3)) @ middle.rotation.T
    return [
        Frame(turn @ f.rotation, turn @ (f.origin_mm - middle.origin_mm), 1.0)
        for f in frames
    ]


def label_volume(
    meshes: Sequence[tuple[np.ndarray, FaceHierarchy]],
    numbers: Sequence[int],
    spacing_mm: float,
) -> LabelVolume:
    """Label map of meshes on a grid with some room around them.

    Args:
        meshes: Vertices [V, 3] RAS+ mm and the hierarchy of the faces.
        numbers: VerSe numbers.
        spacing_mm: Of the voxels, equal along all axes.
    """
    points_mm = np.concatenate([vertices for vertices, _ in meshes])
    low_mm = points_mm.min(axis=0) - _MARGIN_MM
    size_mm = points_mm.max(axis=0) + _MARGIN_MM - low_mm
    x, y, z = (int(n) for n in np.ceil(size_mm / spacing_mm))
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low_mm
    return LabelVolume(voxelise(meshes, (x, y, z), affine, tuple(numbers)), affine)
