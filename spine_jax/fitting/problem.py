"""One case as arrays: what stays fixed while a fit runs."""

import dataclasses
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import Volume, mm_to_vox, spacing_mm
from spine_jax.fitting.pose import Pose
from spine_jax.fitting.template import UNIT_MM, FitTemplate, TemplateGroup
from spine_jax.geometry import blur_pyramid
from spine_jax.kernels.hierarchy import FaceHierarchy

MARGIN_MM = 60.0
"""Image kept around the centroids beside the vertebra itself: samples reach there."""
SHAPE_BUCKET = 32
"""The region's shape is padded to multiples of this, so few shapes are compiled."""
PYRAMID_LEVELS = 6
POOLED_SPACING_MM = 0.8
"""Finer grids are averaged in blocks to about this (the paper resamples to 1 mm)."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitProblem:
    """The fixed side of a fit. World units: 64 mm, origin at the centroids' mean.

    Attributes:
        pyramid: [levels, X, Y, Z], the region's intensity 1 + HU / 1000, ever more
            blurred; the first level is the image itself.
        pyramid_sigmas: [levels], blur of each level, units.
        shape_vox: [3], true shape of the region before padding, in its own voxels.
        vox_from_world: [3, 4], world units to voxels of the region.
        groups: The templates, by topology.
        rotation, scale, centre: Initial pose [B, 3, 3], [B], [B, 3].
    """

    pyramid: jax.Array
    pyramid_sigmas: jax.Array
    shape_vox: jax.Array
    vox_from_world: jax.Array
    groups: tuple[TemplateGroup, ...]
    rotation: jax.Array
    scale: jax.Array
    centre: jax.Array

    @property
    def hierarchies(self) -> tuple[FaceHierarchy, ...]:
        """Of each group's topology."""
        return tuple(group.template.hierarchy for group in self.groups)


def build_problem(
    volume: Volume,
    pose: Pose,
    templates: FitTemplate | Sequence[TemplateGroup],
    blur_mm: float,
) -> FitProblem:
    """Crop the image around the spine, blur it, and move everything to world units.

    Args:
        templates: Of all B vertebrae, or in groups.
        blur_mm: Of the softest level.
    """
    if isinstance(templates, FitTemplate):
        everyone = jnp.arange(len(pose.scale), dtype=jnp.int32)
        templates = [TemplateGroup(everyone, templates)]
    origin_mm = pose.centre_mm.mean(axis=0)
    low, high = _region(volume, pose)
    region = np.asarray(volume.array, np.float32)[tuple(map(slice, low, high))]
    spacing = spacing_mm(volume.affine_vox_to_mm)
    factor = np.maximum(np.round(POOLED_SPACING_MM / spacing), 1).astype(int)
    pooled = _block_mean(region, factor)
    padding = [(0, -n % SHAPE_BUCKET) for n in pooled.shape]
    padded = np.pad(pooled, padding, mode="edge")
    sigmas_mm = blur_mm * np.linspace(0, 1, PYRAMID_LEVELS)
    pyramid = blur_pyramid(1 + padded / 1000, sigmas_mm, factor * spacing)
    # A block's centre: voxel i of the region lies at (i + 1/2) / factor - 1/2.
    vox_from_mm = np.linalg.inv(volume.affine_vox_to_mm[:3, :3]) / factor[:, None]
    origin_vox = mm_to_vox(volume.affine_vox_to_mm, origin_mm) - low
    offset = (origin_vox + 0.5) / factor - 0.5
    return FitProblem(
        pyramid=jnp.asarray(pyramid),
        pyramid_sigmas=jnp.asarray(sigmas_mm / UNIT_MM, jnp.float32),
        shape_vox=jnp.asarray(np.array(region.shape) / factor, jnp.float32),
        vox_from_world=jnp.asarray(
            np.column_stack([UNIT_MM * vox_from_mm, offset]), jnp.float32
        ),
        groups=tuple(templates),
        rotation=jnp.asarray(pose.rotation, jnp.float32),
        scale=jnp.asarray(pose.scale, jnp.float32),
        centre=jnp.asarray((pose.centre_mm - origin_mm) / UNIT_MM, jnp.float32),
    )


def _region(volume: Volume, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """First and past-the-last voxel of the box around the centroids, with margin."""
    reach_mm = MARGIN_MM + 30.0 * pose.scale.max()
    corners = reach_mm * (2.0 * np.array(list(np.ndindex(2, 2, 2))) - 1)
    corners_mm = (pose.centre_mm[:, None] + corners).reshape(-1, 3)
    corners_vox = mm_to_vox(volume.affine_vox_to_mm, corners_mm)
    shape = np.array(volume.array.shape)
    low = np.clip(np.floor(corners_vox.min(axis=0)).astype(int), 0, shape - 1)
    high = np.clip(np.ceil(corners_vox.max(axis=0)).astype(int) + 1, low + 1, shape)
    return low, high


def _block_mean(array: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """Mean over blocks of `factor` [3] voxels; the border is repeated to fill them."""
    if np.all(factor == 1):
        return array
    padding = [(0, -n % f) for n, f in zip(array.shape, factor)]
    padded = np.pad(array, padding, mode="edge")
    split = [x for n, f in zip(padded.shape, factor) for x in (n // f, f)]
    return padded.reshape(split).mean(axis=(1, 3, 5))


def blurred_image(problem: FitProblem, sigma: jax.Array) -> jax.Array:
    """The region [X, Y, Z] blurred by sigma (units), between the two nearest levels."""
    step = problem.pyramid_sigmas[1]
    position = jnp.where(step > 0, sigma / jnp.where(step > 0, step, 1), 0.0)
    level = jnp.clip(position.astype(jnp.int32), 0, problem.pyramid.shape[0] - 2)
    fraction = jnp.minimum(position - level, 1.0)
    sharp, soft = problem.pyramid[level], problem.pyramid[level + 1]
    return (1 - fraction) * sharp + fraction * soft


def world_to_vox(problem: FitProblem, points: jax.Array) -> jax.Array:
    """World points [P, 3], units, to voxels of the region."""
    matrix = problem.vox_from_world
    return jnp.matmul(points, matrix[:, :3].T, precision="highest") + matrix[:, 3]
