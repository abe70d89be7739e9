"""A seeded CT-like phantom of the lumbar spine, with exact masks and meshes."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from spine_jax.core import Centroids, InputError, LabelVolume, Mesh, Volume
from spine_jax.core.labels import label_name
from spine_jax.simulation.bone import Bone, bone_mesh
from spine_jax.simulation.bone_tissue import draw_bone_look, paint_bone
from spine_jax.simulation.column import LUMBAR, draw_column
from spine_jax.simulation.raster import inside_voxels
from spine_jax.simulation.scanner import draw_scanner, sampled_blur_mm, scan
from spine_jax.simulation.soft_tissue import draw_tissue_look, soft_tissue

_MARGIN_LOW_MM = np.array([22.0, 26.0, 17.0])
_MARGIN_HIGH_MM = np.array([22.0, 22.0, 17.0])
_ATTEMPTS = 10


@dataclasses.dataclass(frozen=True)
class Phantom:
    """A scan and all that is true of it.

    Attributes:
        volume: HU, [X, Y, Z] float32; axes run right, anterior, cranial.
        labels: Vertebrae by VerSe number, [X, Y, Z] uint8, on the same grid.
        meshes: Closed surface of each labelled vertebra by name, such as `"L3"`;
            RAS+ mm. A voxel is labelled where its centre lies inside.
        centroids: True centres of the vertebral bodies.
    """

    volume: Volume
    labels: LabelVolume
    meshes: dict[str, Mesh]
    centroids: Centroids


def lumbar_phantom(
    seed: int,
    *,
    spacing_mm: Sequence[float] = (1.0, 1.0, 1.0),
    labels: Sequence[int] = LUMBAR,
) -> Phantom:
    """Draw a patient and a scanner, and scan.

    The bones follow from the seed and the labels alone, whatever the spacing. Labelled
    vertebrae lie in the image whole; the bones above and below them are there in part,
    without a label.

    Args:
        seed: The same seed gives the same bits.
        spacing_mm: Voxel size along x, y, z; the last is the slice thickness.
        labels: Consecutive VerSe numbers out of 20-24 (L1-L5).

    Raises:
        InputError: for labels that are not consecutive lumbar ones, or a spacing
            outside 0.3-5 mm.
    """
    labels, spacing = tuple(labels), np.asarray(spacing_mm, float)
    _check_request(labels, spacing)
    for_bones, for_tissue, for_scan = np.random.default_rng(seed).spawn(3)
    bones, meshes = _bones_and_meshes(for_bones, labels)
    own_bones, own_meshes = bones[1:-1], meshes[1:-1]
    shape, affine = _grid_around(own_meshes, spacing)
    label_map = np.zeros(shape, np.uint8)
    for label, mesh in zip(labels, own_meshes):
        label_map[inside_voxels(mesh, shape, affine)] = label
    tissue_hu = _paint(for_tissue, bones, meshes, shape, affine)
    image_hu = scan(for_scan, tissue_hu, draw_scanner(for_scan, spacing), spacing)
    centres_mm = np.array([bone.body_centre_mm() for bone in own_bones])
    return Phantom(
        volume=Volume(image_hu, affine),
        labels=LabelVolume(label_map, affine),
        meshes={label_name(n): mesh for n, mesh in zip(labels, own_meshes)},
        centroids=Centroids(centres_mm, labels),
    )


def _check_request(labels: tuple[int, ...], spacing_mm: np.ndarray) -> None:
    runs = [LUMBAR[i:j] for j in range(6) for i in range(j)]
    if labels not in runs:
        raise InputError(
            "PHANTOM-LABELS",
            "labels",
            f"{labels}",
            "consecutive numbers out of 20-24 (L1-L5), cranial first",
            f"{LUMBAR}",
        )
    if spacing_mm.shape != (3,) or not np.all((spacing_mm >= 0.3) & (spacing_mm <= 5)):
        raise InputError(
            "PHANTOM-SPACING",
            "spacing_mm",
            f"{spacing_mm}",
            "three voxel sizes between 0.3 and 5 mm",
            "(1.0, 1.0, 1.0)",
        )


def _bones_and_meshes(
    rng: np.random.Generator, labels: tuple[int, ...]
) -> tuple[list[Bone], list[Mesh]]:
    """A column whose labelled vertebrae are all sound, cranial first.

    A rare draw puts a process of one vertebra through another; it is drawn again.
    """
    for _ in range(_ATTEMPTS):
        bones = draw_column(rng, labels)
        meshes = [
            bone_mesh(bone, [other for other in bones if other is not bone])
            for bone in bones
        ]
        if all(_has_one_hole(mesh) for mesh in meshes[1:-1]):
            return bones, meshes
    raise RuntimeError(f"no sound column in {_ATTEMPTS} draws, expected nearly all")


def _has_one_hole(mesh: Mesh) -> bool:
    """Whether a closed connected mesh is a ring: Euler characteristic 0."""
    n_vertices, n_faces = len(mesh.vertices_mm), len(mesh.faces)
    return 2 * n_vertices == n_faces


def _grid_around(
    meshes: Sequence[Mesh], spacing_mm: np.ndarray
) -> tuple[tuple[int, int, int], np.ndarray]:
    """Shape and affine of a grid that holds the meshes with a margin."""
    corners = np.concatenate([np.asarray(mesh.vertices_mm) for mesh in meshes])
    low = np.round(corners.min(axis=0) - _MARGIN_LOW_MM, 1)
    high = corners.max(axis=0) + _MARGIN_HIGH_MM
    x, y, z = (int(n) for n in np.ceil((high - low) / spacing_mm))
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = low
    return (x, y, z), affine


def _paint(
    rng: np.random.Generator,
    bones: Sequence[Bone],
    meshes: Sequence[Mesh],
    shape: tuple[int, int, int],
    affine_vox_to_mm: np.ndarray,
) -> np.ndarray:
    """The patient as the voxels see it, [X, Y, Z] float32 HU, before the scanner."""
    spacing, low = np.diag(affine_vox_to_mm)[:3], affine_vox_to_mm[:3, 3]
    x, y, z = (
        start + step * np.arange(n) for start, step, n in zip(low, spacing, shape)
    )
    image_hu = soft_tissue(rng, (x, y, z), bones, draw_tissue_look(rng))
    look = draw_bone_look(rng, (x, y, z))
    for bone, mesh in zip(bones, meshes):
        paint_bone(
            image_hu, bone, mesh, look, affine_vox_to_mm, sampled_blur_mm(spacing)
        )
    return image_hu
