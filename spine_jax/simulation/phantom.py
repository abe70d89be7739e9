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


@dataclasses.dataclass(frozen=True)
class Phantom:
    """A scan and all that is true of it.

    Attributes:
        volume: HU, [X, Y, Z] float32; axes run right, anterior, cranial.
        labels: Vertebrae by VerSe number, uint8, on the same grid.
        meshes: Closed surface of each labelled vertebra by name, such as `"L3"`;
            RAS+ mm. A voxel is labelled when its centre lies inside.
        centroids: True centres of the vertebral bodies.
    """

    volume: Volume
    labels: LabelVolume
    meshes: dict[str, Mesh]
    centroids: Centroids


def lumbar_phantom(
    seed: int,
    *,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    labels: Sequence[int] = LUMBAR,
) -> Phantom:
    """Draw a patient and a scanner, and scan.

    The patient follows from the seed and the labels alone, not from the spacing. The
    labelled vertebrae lie in the image whole, their outer neighbours in part and
    without a label.

    Args:
        seed: The same seed gives the same bits.
        spacing_mm: Voxel size.
        labels: Consecutive VerSe numbers out of 20-24 (L1-L5).

    Raises:
        InputError: for labels that are not consecutive lumbar ones, or a spacing that
            is not positive.
    """
    labels = tuple(labels)
    _check(labels, spacing_mm)
    for_anatomy, for_tissue, for_scan = np.random.default_rng(seed).spawn(3)
    bones = draw_column(for_anatomy, labels)
    meshes = [bone_mesh(b, bones[max(i - 1, 0) : i] + bones[i + 1 : i + 2]) for i, b in enumerate(bones)]
    shape, affine = _grid(meshes[1:-1], np.asarray(spacing_mm))
    truth = zip(bones[1:-1], meshes[1:-1])
    label_map = np.zeros(shape, np.uint8)
    for bone, mesh in truth:
        label_map[inside_voxels(mesh, shape, affine)] = bone.label
    image = _image(for_tissue, bones, meshes, shape, affine)
    scanner = draw_scanner(for_scan, np.asarray(spacing_mm))
    image = scan(for_scan, image, scanner, np.asarray(spacing_mm))
    return Phantom(
        Volume(image, affine),
        LabelVolume(label_map, affine),
        {label_name(b.label): m for b, m in zip(bones[1:-1], meshes[1:-1])},
        Centroids(np.array([b.body_centre_mm() for b in bones[1:-1]]), labels),
    )


def _check(labels, spacing_mm):
    if not labels or labels != tuple(range(labels[0], labels[0] + len(labels))) or not set(labels) <= set(LUMBAR):
        raise InputError("PHANTOM-LABELS", "labels", f"{labels}", "consecutive numbers out of 20-24 (L1-L5)", "(20, 21, 22, 23, 24)")


def _grid(meshes, spacing_mm):
    corners = np.concatenate([np.asarray(mesh.vertices_mm) for mesh in meshes])
    low = corners.min(axis=0) - _MARGIN_LOW_MM
    high = corners.max(axis=0) + _MARGIN_HIGH_MM
    shape = tuple(int(n) for n in np.ceil((high - low) / spacing_mm))
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = np.round(low, 1)
    return shape, affine


def _image(rng, bones, meshes, shape, affine):
    axes = tuple(affine[i, 3] + affine[i, i] * np.arange(n) for i, n in enumerate(shape))
    image = soft_tissue(rng, axes, bones, draw_tissue_look(rng))
    look = draw_bone_look(rng, axes)
    sigma = sampled_blur_mm(np.diag(affine)[:3])
    for bone, mesh in zip(bones, meshes):
        paint_bone(image, bone, mesh, look, affine, sigma)
    return image
