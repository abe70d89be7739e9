"""Hounsfield units of bone: a cortical shell around marrow, blurred analytically.

A shell of half a millimetre cannot be sampled by voxels of one. Across a flat surface
the blurred profile is known in closed form, a function of the signed distance alone:
steps become normal distributions. So it is evaluated rather than sampled.
"""

import dataclasses

import numpy as np
from scipy.special import ndtr

from spine_jax.core import Mesh, vox_to_mm
from spine_jax.simulation.bone import BoneSite
from spine_jax.simulation.random_field import Axes, random_field
from spine_jax.simulation.raster import Band, inside_voxels, surface_band

LABEL_MARGIN_MM = 0.7
"""Label surfaces lie this far outside the bone in hand-drawn maps, so in ours too."""
CORTEX_HU = 1200.0
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
        cortex_hu: The shell itself.
    """

    core_hu: float
    arch_hu: float
    subcortical_hu: float
    texture_hu: float
    body_cortex_mm: float
    arch_cortex_mm: float
    texture: np.ndarray
    thickness: np.ndarray
    cortex_hu: float = CORTEX_HU


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


@dataclasses.dataclass(frozen=True)
class BoneVoxels:
    """The voxels a bone touches.

    Attributes:
        core: [N, 3] int, so deep inside that only marrow is seen.
        band: Voxels around the surface.
    """

    core: np.ndarray
    band: Band


def paint_bone(
    image_hu: np.ndarray,
    site: BoneSite,
    mesh: Mesh,
    look: BoneLook,
    affine_vox_to_mm: np.ndarray,
    sigma_mm: np.ndarray,
) -> None:
    """Replace soft tissue by bone in place.

    Args:
        image_hu: [X, Y, Z], changed.
        site: Tells body from arch.
        mesh: The bone's label surface.
        look: How bone appears.
        affine_vox_to_mm: [4, 4] of the grid.
        sigma_mm: [3], Gaussian blur along the grid's axes.
    """
    voxels = bone_voxels(mesh, image_hu.shape, affine_vox_to_mm, sigma_mm)
    fill_bone(image_hu, site, voxels, look, affine_vox_to_mm, sigma_mm)


def bone_voxels(
    mesh: Mesh,
    shape: tuple[int, int, int],
    affine_vox_to_mm: np.ndarray,
    sigma_mm: np.ndarray,
) -> BoneVoxels:
    """The voxels that a bone with this label surface touches once blurred."""
    inside = inside_voxels(mesh, shape, affine_vox_to_mm)
    reach = LABEL_MARGIN_MM + 3 * float(np.max(sigma_mm))
    band = surface_band(mesh, inside, affine_vox_to_mm, _BAND_MM, reach)
    inside[tuple(band.voxels.T)] = False
    return BoneVoxels(np.argwhere(inside), band)


def fill_bone(
    image_hu: np.ndarray,
    site: BoneSite,
    voxels: BoneVoxels,
    look: BoneLook,
    affine_vox_to_mm: np.ndarray,
    sigma_mm: np.ndarray,
) -> None:
    """`paint_bone` for voxels found before."""
    core, band = voxels.core, voxels.band
    arch = _arch_share(core, site, affine_vox_to_mm)
    image_hu[tuple(core.T)] = _marrow_hu(core, np.inf, arch, look)

    place = tuple(band.voxels.T)
    depth = -band.distance_mm - LABEL_MARGIN_MM
    arch = _arch_share(band.voxels, site, affine_vox_to_mm)
    marrow = _marrow_hu(band.voxels, depth, arch, look)
    cortex = look.body_cortex_mm + arch * (look.arch_cortex_mm - look.body_cortex_mm)
    cortex = cortex * look.thickness[place]
    sigma = np.linalg.norm(band.normal * sigma_mm, axis=1)
    image_hu[place] = with_shell(
        image_hu[place], marrow, depth, cortex, sigma, look.cortex_hu
    )


def with_shell(
    outside_hu: np.ndarray,
    marrow_hu: np.ndarray | float,
    depth_mm: np.ndarray,
    cortex_mm: np.ndarray | float,
    sigma_mm: np.ndarray | float,
    cortex_hu: float = CORTEX_HU,
) -> np.ndarray:
    """HU across a wall of cortex between two tissues, blurred.

    Args:
        outside_hu: What lies outside.
        marrow_hu: What lies inside.
        depth_mm: How deep under the bone's surface, negative outside.
        cortex_mm: Thickness of the wall.
        sigma_mm: Gaussian blur across the wall.
        cortex_hu: The wall.
    """
    bone_share = ndtr(depth_mm / sigma_mm)
    marrow_share = ndtr((depth_mm - cortex_mm) / sigma_mm)
    shell_share = bone_share - marrow_share
    return (
        (1 - bone_share) * outside_hu
        + shell_share * cortex_hu
        + marrow_share * marrow_hu
    )


def _arch_share(voxels: np.ndarray, site: BoneSite, affine_vox_to_mm) -> np.ndarray:
    """How much of each voxel [N, 3] counts as arch: 0 in the body, 1 behind it."""
    y = site.frame.to_local(vox_to_mm(affine_vox_to_mm, voxels))[:, 1]
    return ndtr((site.body_back_mm - _ARCH_BEHIND_MM - y) / _ARCH_BLEND_MM)


def _marrow_hu(
    voxels: np.ndarray, depth_mm: np.ndarray | float, arch: np.ndarray, look: BoneLook
) -> np.ndarray:
    """Marrow [N], denser right under the cortex."""
    mean = look.core_hu + arch * (look.arch_hu - look.core_hu)
    under = np.clip(1 - depth_mm / _SUBCORTICAL_MM, 0.0, 1.0)
    texture = look.texture_hu * look.texture[tuple(voxels.T)]
    return mean + look.subcortical_hu * under**2 + texture
