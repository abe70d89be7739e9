"""A CT around any label map of vertebrae: real anatomy with everything known.

The labelled bones keep their exact shape. What a label map does not hold is made up
around them: discs, canal, muscle, vessels, and by level lungs, ribs, neck and belly,
and the spine goes on beyond the labelled part.
"""

import dataclasses

import numpy as np

from spine_jax.core import InputError, LabelVolume, Mesh, Volume, spacing_mm
from spine_jax.simulation.body_plan import plan_body
from spine_jax.simulation.bone import BoneSite
from spine_jax.simulation.bone_tissue import (
    BoneLook,
    BoneVoxels,
    bone_voxels,
    draw_bone_look,
    fill_bone,
)
from spine_jax.simulation.canvas import Canvas, Window
from spine_jax.simulation.far_bones import paint_head, paint_hips
from spine_jax.simulation.label_column import Piece, label_column
from spine_jax.simulation.label_sites import LabelSite, check_vertebrae
from spine_jax.simulation.random_field import Axes
from spine_jax.simulation.ribs import paint_ribs
from spine_jax.simulation.scan_grid import ScanGrid, scan_grid
from spine_jax.simulation.scanner import (
    Scanner,
    add_noise,
    blur,
    draw_scanner,
    sampled_blur_mm,
)
from spine_jax.simulation.soft_tissue import draw_tissue_look
from spine_jax.simulation.spine_tissue import (
    paint_canal,
    paint_discs,
    paint_ligaments,
)
from spine_jax.simulation.torso import Painter, paint_skin, paint_torso

_SPACING_RANGE_MM = (0.3, 5.0)
_MARGIN_MM = 4.0
_SLEEVE_MM = 1.3
_SLEEVE_RANGE_HU = (15.0, 90.0)
_CORE_LEVELS, _CORE_SHARE = (1, 7, 9, 14, 20, 25), (1.7, 1.6, 1.3, 1.15, 1.0, 1.0)
_CORTEX_SHARE = (0.85, 0.85, 0.9, 0.9, 1.0, 1.0)
_CORE_VARIATION = 0.07
_CORTEX_RANGE_HU = (1150.0, 1550.0)
_THICKNESS_SPREAD = 1.8
"""Walls of real bones vary more than the phantom's: its relative thickness to this
power gives the spread of HU inside real labels."""


def ct_from_labels(
    labels: LabelVolume, seed: int, *, scanner: Scanner | None = None
) -> Volume:
    """Scan a made-up patient who has the vertebrae of a label map.

    The image lies on the grid of the label map. Bone begins 0.7 mm under a smooth
    surface between labelled and other voxels, as it does under hand-drawn labels.
    Another order or direction of the map's axes gives the same image in that order.

    Args:
        labels: VerSe numbers; vertebrae may be cut by the border, and sacrum (26) and
            coccyx (27) may be there. Voxels of 0.3-5 mm in any orientation.
        seed: The same seed gives the same bits.
        scanner: Resolution and noise, axes as in the label map; drawn where None.

    Returns:
        HU, [X, Y, Z] float32.

    Raises:
        InputError: for a map without a vertebra, or voxels outside 0.3-5 mm.
    """
    array = np.asarray(labels.array)
    affine = np.asarray(labels.affine_vox_to_mm, float)
    _check(array, affine)
    grid = scan_grid(array.shape, affine)
    for_column, for_tissue, for_scan = np.random.default_rng(seed).spawn(3)
    column, others = label_column(
        for_column, np.ascontiguousarray(grid.reordered(array)), grid.spacing_mm
    )
    painted_hu = _paint(for_tissue, grid, column, others)
    drawn = draw_scanner(for_scan, grid.spacing_mm, grid.slice_axis)
    image_hu = _scan(for_scan, painted_hu, _reordered(scanner, grid) or drawn, grid)
    return Volume(grid.restored(image_hu), affine)


def _check(array: np.ndarray, affine_vox_to_mm: np.ndarray) -> None:
    check_vertebrae(array)
    spacing = spacing_mm(affine_vox_to_mm)
    low, high = _SPACING_RANGE_MM
    if not np.all((spacing >= low) & (spacing <= high)):
        raise InputError(
            "LABEL-SPACING",
            "labels",
            f"voxels of {spacing.round(2)} mm",
            f"voxel sizes between {low} and {high} mm",
            "resampling the label map to 1 mm",
        )


def _reordered(scanner: Scanner | None, grid: ScanGrid) -> Scanner | None:
    if scanner is None:
        return None
    return dataclasses.replace(
        scanner,
        blur_mm=np.asarray(scanner.blur_mm)[list(grid.order)],
        slice_axis=grid.order.index(scanner.slice_axis),
    )


def _scan(
    rng: np.random.Generator, painted_hu: np.ndarray, scanner: Scanner, grid: ScanGrid
) -> np.ndarray:
    """The scanner's image of a painted patient, [X, Y, Z] float32."""
    fine = grid.painted_spacing_mm
    # A box of n steps has the variance of a step times (n^2 - 1) / 12 beyond one step.
    by_averaging = (grid.spacing_mm**2 - fine**2) / 12
    carried = np.sqrt(sampled_blur_mm(fine) ** 2 + by_averaging)
    blurred = grid.averaged(blur(painted_hu, scanner, fine, carried))
    return add_noise(rng, blurred, scanner, grid.spacing_mm)


def _paint(
    rng: np.random.Generator, grid: ScanGrid, column: list[Piece], others: list[Mesh]
) -> np.ndarray:
    """The patient on the fine grid, [X, Y, Z] float32 HU, before the scanner."""
    axes = grid.painted_axes_mm
    sites = [piece.site for piece in column]
    origins = np.array([site.frame.origin_mm for site in sites])
    canvas = Canvas(rng, axes, origins)
    look = draw_tissue_look(rng)
    meshes = [piece.mesh for piece in column] + others
    plan = plan_body(canvas, sites, meshes, look.back_fat_mm)
    painter = Painter(rng, axes, canvas, plan, look)
    paint_torso(painter)
    paint_ligaments(canvas, plan, sites)
    paint_canal(canvas, plan, sites, look)
    paint_discs(canvas, sites, look.disc_hu)
    paint_skin(painter)
    paint_head(canvas, plan, column[0].mesh)
    paint_hips(canvas, plan)
    paint_ribs(rng, canvas, sites)
    _paint_bones(rng, canvas.image_hu, axes, column, others)
    return canvas.image_hu


@dataclasses.dataclass(frozen=True)
class _BoneJob:
    """A bone to paint: its part of the image and all that `fill_bone` takes."""

    window: Window
    affine_vox_to_mm: np.ndarray
    site: BoneSite
    voxels: BoneVoxels
    look: BoneLook


def _paint_bones(
    rng: np.random.Generator,
    image_hu: np.ndarray,
    axes_mm: Axes,
    column: list[Piece],
    others: list[Mesh],
) -> None:
    """Bones without a label first; those with one get soft tissue around them."""
    spacing = np.array([axis[1] - axis[0] for axis in axes_mm])
    sigma = sampled_blur_mm(spacing)
    patient = _draw_patient(rng, axes_mm)
    last = column[-1].site
    bones = [(p.site, p.mesh, p.labelled) for p in column]
    bones += [(last, mesh, True) for mesh in others]
    jobs: dict[bool, list[_BoneJob]] = {False: [], True: []}
    for site, mesh, labelled in bones:
        look = _look_of(rng, patient, site)
        job = _bone_job(axes_mm, site, mesh, look)
        if job is not None:
            jobs[labelled].append(job)
    for job in jobs[False]:
        _fill(image_hu, job, sigma)
    for job in jobs[True]:
        _wrap(image_hu[job.window], job.voxels)
    for job in jobs[True]:
        _fill(image_hu, job, sigma)


def _draw_patient(rng: np.random.Generator, axes_mm: Axes) -> BoneLook:
    """Bone of a patient, its walls as uneven as in real scans."""
    look = draw_bone_look(rng, axes_mm)
    thickness = np.maximum(look.thickness, 0.1) ** _THICKNESS_SPREAD
    return dataclasses.replace(
        look,
        thickness=thickness / thickness.mean(),
        cortex_hu=rng.uniform(*_CORTEX_RANGE_HU),
    )


def _look_of(rng: np.random.Generator, patient: BoneLook, site: LabelSite) -> BoneLook:
    """The patient's bone at a level: denser and thinner-walled towards the head."""
    core = np.interp(site.level, _CORE_LEVELS, _CORE_SHARE)
    core *= np.exp(_CORE_VARIATION * rng.standard_normal())
    cortex = np.interp(site.level, _CORE_LEVELS, _CORTEX_SHARE)
    return dataclasses.replace(
        patient,
        core_hu=patient.core_hu * core,
        body_cortex_mm=patient.body_cortex_mm * cortex,
        arch_cortex_mm=patient.arch_cortex_mm * cortex,
    )


def _bone_job(
    axes_mm: Axes, site: LabelSite, mesh: Mesh, look: BoneLook
) -> _BoneJob | None:
    """A bone in its part of the image, or None where it lies outside."""
    low = mesh.vertices_mm.min(axis=0) - _MARGIN_MM
    high = mesh.vertices_mm.max(axis=0) + _MARGIN_MM
    ends = [np.searchsorted(a, (l, h)) for a, l, h in zip(axes_mm, low, high)]
    if any(stop - start < 2 for start, stop in ends):
        return None
    x, y, z = (slice(int(start), int(stop)) for start, stop in ends)
    window = (x, y, z)
    spacing = [axis[1] - axis[0] for axis in axes_mm]
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = [axis[part.start] for axis, part in zip(axes_mm, window)]
    nx, ny, nz = (part.stop - part.start for part in window)
    sigma = sampled_blur_mm(np.array(spacing))
    voxels = bone_voxels(mesh, (nx, ny, nz), affine, sigma)
    look = dataclasses.replace(
        look, texture=look.texture[window], thickness=look.thickness[window]
    )
    return _BoneJob(window, affine, site, voxels, look)


def _fill(image_hu: np.ndarray, job: _BoneJob, sigma_mm: np.ndarray) -> None:
    part = image_hu[job.window]
    fill_bone(part, job.site, job.voxels, job.look, job.affine_vox_to_mm, sigma_mm)


def _wrap(part_hu: np.ndarray, voxels: BoneVoxels) -> None:
    """Ligament and cartilage right around a bone: no lung, rib or other bone touches.

    Args:
        part_hu: Part of the image, changed.
        voxels: The bone's voxels in it.
    """
    place = tuple(voxels.band.voxels.T)
    before = part_hu[place]
    share = np.clip(_SLEEVE_MM + 0.5 - voxels.band.distance_mm, 0.0, 1.0)
    part_hu[place] = before + share * (np.clip(before, *_SLEEVE_RANGE_HU) - before)
