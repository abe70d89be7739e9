"""Hounsfield units of bone: a cortical shell around marrow, blurred analytically.

A shell of half a millimetre cannot be sampled by voxels of one. Across a flat surface
the blurred profile is known in closed form, a function of the signed distance alone:
steps become normal distributions. So it is evaluated rather than sampled.
"""

import dataclasses

import numpy as np
from scipy.special import ndtr

from spine_jax.core import Mesh, vox_to_mm
from spine_jax.simulation.bone import Bone
from spine_jax.simulation.random_field import Axes, random_field
from spine_jax.simulation.raster import inside_voxels, surface_band

LABEL_MARGIN_MM = 0.7
"""Label surfaces lie this far outside the bone in hand-drawn maps, so in ours too."""
_CORTEX_HU = 1200.0
_BAND_MM = 6.0
_ARCH_BEHIND_MM, _ARCH_BLEND_MM = 2.0, 1.0
_SUBCORTICAL_MM = 5.0
_TEXTURE_MM = (2.2, 2.2, 2.9)
_THICKNESS_VARIATION = 0.25
_THICKNESS_MM = 12.0


@dataclasses.dataclass(frozen=True)
class BoneLook:
    """How one patient's bone appears.

    Attributes:
        core_hu: Spongiosa in the middle of a body.
        arch_hu: Marrow of the arch.
        subcortical_hu: How much denser spongiosa is right under the cortex.
        texture_hu: Standard deviation of the spongiosa.
        body_cortex_mm, arch_cortex_mm: Thickness of the shell.
        texture: [X, Y, Z], unit variance.
        thickness: [X, Y, Z], relative thickness of the shell, mean 1.
    """

    core_hu: float
    arch_hu: float
    subcortical_hu: float
    texture_hu: float
    body_cortex_mm: float
    arch_cortex_mm: float
    texture: np.ndarray
    thickness: np.ndarray


def draw_bone_look(rng: np.random.Generator, axes_mm: Axes) -> BoneLook:
    """A patient between osteoporotic and young."""
    core_hu = rng.uniform(90.0, 230.0)
    variation = random_field(rng, axes_mm, _THICKNESS_MM)
    return BoneLook(
        core_hu=core_hu,
        arch_hu=rng.uniform(140.0, 300.0),
        subcortical_hu=1.2 * core_hu,
        texture_hu=rng.uniform(40.0, 70.0),
        body_cortex_mm=rng.uniform(0.4, 0.7),
        arch_cortex_mm=rng.uniform(0.8, 1.4),
        texture=random_field(rng, axes_mm, _TEXTURE_MM),
        thickness=1 + _THICKNESS_VARIATION * np.clip(variation, -2, 2),
    )


def paint_bone(
    image_hu: np.ndarray,
    bone: Bone,
    mesh: Mesh,
    look: BoneLook,
    affine_vox_to_mm: np.ndarray,
    sigma_mm: np.ndarray,
) -> None:
    """Replace soft tissue by bone in place.

    Args:
        image_hu: [X, Y, Z], changed.
        bone: Tells body from arch.
        mesh: The bone's label surface.
        look: How bone appears.
        affine_vox_to_mm: [4, 4] of the grid.
        sigma_mm: [3], Gaussian blur along the grid's axes.
    """
    inside = inside_voxels(mesh, image_hu.shape, affine_vox_to_mm)
    reach = LABEL_MARGIN_MM + 3 * float(np.max(sigma_mm))
    band = surface_band(mesh, inside, affine_vox_to_mm, _BAND_MM, reach)
    inside[tuple(band.voxels.T)] = False
    core = np.argwhere(inside)
    arch = _arch_share(core, bone, affine_vox_to_mm)
    image_hu[tuple(core.T)] = _marrow_hu(core, np.inf, arch, look)

    place = tuple(band.voxels.T)
    depth = -band.distance_mm - LABEL_MARGIN_MM
    arch = _arch_share(band.voxels, bone, affine_vox_to_mm)
    marrow = _marrow_hu(band.voxels, depth, arch, look)
    cortex = look.body_cortex_mm + arch * (look.arch_cortex_mm - look.body_cortex_mm)
    cortex = cortex * look.thickness[place]
    sigma = np.linalg.norm(band.normal * sigma_mm, axis=1)
    bone_share, marrow_share = ndtr(depth / sigma), ndtr((depth - cortex) / sigma)
    shell_share = bone_share - marrow_share
    image_hu[place] = (
        (1 - bone_share) * image_hu[place]
        + shell_share * _CORTEX_HU
        + marrow_share * marrow
    )


def _arch_share(voxels: np.ndarray, bone: Bone, affine_vox_to_mm) -> np.ndarray:
    """How much of each voxel [N, 3] counts as arch: 0 in the body, 1 behind it."""
    y = bone.frame.to_local(vox_to_mm(affine_vox_to_mm, voxels))[:, 1]
    return ndtr((bone.body_back_mm - _ARCH_BEHIND_MM - y) / _ARCH_BLEND_MM)


def _marrow_hu(
    voxels: np.ndarray, depth_mm: np.ndarray | float, arch: np.ndarray, look: BoneLook
) -> np.ndarray:
    """Marrow [N], denser right under the cortex."""
    mean = look.core_hu + arch * (look.arch_hu - look.core_hu)
    under = np.clip(1 - depth_mm / _SUBCORTICAL_MM, 0.0, 1.0)
    texture = look.texture_hu * look.texture[tuple(voxels.T)]
    return mean + look.subcortical_hu * under**2 + texture
