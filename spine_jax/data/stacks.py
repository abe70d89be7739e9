"""From scans to stacks of axial slices in a common frame."""

import dataclasses

import numpy as np
from scipy import ndimage

from spine_jax.core import InputError, LabelVolume, Volume, spacing_mm
from spine_jax.core.labels import is_vertebra
from spine_jax.data.framing import (
    Framing,
    field_of_view,
    middle_slices,
    up_axis,
    view_radius_mm,
)
from spine_jax.data.labelled import check_lumbar, labelled_slices
from spine_jax.simulation.cbct import CbctScan
from spine_jax.simulation.cbct.placement import (
    beyond_scan,
    grid_affine,
    on_grid,
    patient_hu,
    place_patient,
)
from spine_jax.simulation.cbct.simulate import output_grid
from spine_jax.simulation.scan_grid import ScanGrid, scan_grid

_BLUR = 0.4
"""Standard deviation, in new voxels, of what averaging over a voxel blurs."""


@dataclasses.dataclass(frozen=True)
class Stack:
    """Axial slices from below to above; rows run from front to back, columns from the
    patient's right to left.

    Attributes:
        image: [Z, H, W] float32, HU or the grey scale of a CBCT.
        affine_vox_to_mm: [4, 4], (slice, row, column) to RAS+ mm.
        labels: [Z, H, W] uint8, VerSe numbers of vertebrae in the field of view; None
            where nobody knows.
        clean: [Z, H, W] float32 HU, what the image would be without artifacts; None
            where nobody knows.
    """

    image: np.ndarray
    affine_vox_to_mm: np.ndarray
    labels: np.ndarray | None = None
    clean: np.ndarray | None = None


def frame_ct(ct: Volume, labels: LabelVolume, seed: int, framing: Framing) -> Stack:
    """A CT as a C-arm would frame it.

    Raises:
        InputError: where fewer than 8 slices of it are fully labelled.
    """
    check_lumbar(labels)
    rng, config = np.random.default_rng(seed), framing.cbct
    placement = place_patient(rng, labels, config.tilt_deg, config.off_centre_mm)
    grid = output_grid(config)
    affine = grid_affine(grid, placement)
    slices = labelled_slices(labels, affine, framing)
    image = patient_hu(_antialiased(ct, framing), grid, placement)
    # Beside the map its border would go on.
    beyond = beyond_scan(labels, grid, placement)
    on = np.where(beyond, 0, on_grid(labels, grid, placement, order=0))
    return _stack(framing, slices, affine, image, labels=on)


def frame_cbct(scan: CbctScan, labels: LabelVolume, framing: Framing) -> Stack:
    """A simulated CBCT with its truth.

    Args:
        scan: Simulated with the framing's device.
        labels: The whole label map it was simulated from.
        framing: How to cut it.

    Raises:
        InputError: where fewer than 8 slices of it are fully labelled.
    """
    affine = np.asarray(scan.volume.affine_vox_to_mm)
    slices = labelled_slices(labels, affine, framing)
    return _stack(
        framing,
        slices,
        affine,
        np.asarray(scan.volume.array),
        labels=np.asarray(scan.labels.array),
        clean=np.asarray(scan.ct.array),
    )


def frame_real_cbct(volume: Volume, framing: Framing) -> Stack:
    """A real CBCT, cut around its middle; nothing about it is known.

    Raises:
        InputError: for a volume smaller than half of the field of view.
    """
    lattice = scan_grid(volume.array.shape, volume.affine_vox_to_mm)
    _check_size(lattice.size_mm, framing)
    grid = output_grid(framing.cbct)
    image = np.asarray(_antialiased(volume, framing).array, np.float32)
    step = np.asarray(grid.spacing_mm, float) / lattice.spacing_mm
    middle = (np.array(lattice.shape) - 1) / 2
    offset = middle + np.asarray(grid.first_mm, float) / lattice.spacing_mm
    to_lattice = np.diag([*step, 1.0])
    to_lattice[:3, 3] = offset
    on = ndimage.affine_transform(
        lattice.reordered(image),
        to_lattice,
        output_shape=grid.shape,
        order=1,
        mode="constant",
        cval=float(image.min()),
    )
    affine = volume.affine_vox_to_mm @ _lattice_to_voxel(lattice) @ to_lattice
    return _stack(framing, middle_slices(framing), affine, on)


def _lattice_to_voxel(lattice: ScanGrid) -> np.ndarray:
    """[4, 4], index after reordering to index of the array."""
    to_voxel = np.zeros((4, 4))
    to_voxel[3, 3] = 1.0
    for k, axis in enumerate(lattice.order):
        backwards = lattice.backwards[k]
        to_voxel[axis, k] = -1.0 if backwards else 1.0
        to_voxel[axis, 3] = lattice.shape[k] - 1 if backwards else 0.0
    return to_voxel


def _antialiased(image: Volume, framing: Framing) -> Volume:
    """Blurred along axes that are finer than the new voxels."""
    spacing = spacing_mm(image.affine_vox_to_mm)
    wanted = np.full(3, framing.pixel_mm)
    wanted[up_axis(image)] = framing.slice_mm
    sigma_mm = _BLUR * np.sqrt(np.maximum(wanted**2 - spacing**2, 0.0))
    array = np.asarray(image.array, np.float32)
    if sigma_mm.any():
        array = ndimage.gaussian_filter(array, sigma_mm / spacing, mode="nearest")
    return Volume(array, image.affine_vox_to_mm)


def _stack(
    framing: Framing,
    slices: np.ndarray,
    grid_to_mm: np.ndarray,
    image: np.ndarray,
    labels: np.ndarray | None = None,
    clean: np.ndarray | None = None,
) -> Stack:
    """Slices of arrays [X, Y, Z] on the device's grid."""

    def cut(array: np.ndarray) -> np.ndarray:
        return array[::-1, ::-1, slices].transpose(2, 1, 0)

    last = framing.size - 1
    step = slices[1] - slices[0]
    index_to_grid = np.array(
        [[0, 0, -1, last], [0, -1, 0, last], [step, 0, 0, slices[0]], [0, 0, 0, 1.0]]
    )
    if labels is not None:
        vertebra = np.array([is_vertebra(n) for n in range(256)])
        seen = vertebra[cut(labels)] & field_of_view(framing)
        labels = np.where(seen, cut(labels), 0).astype(np.uint8)
    return Stack(
        np.ascontiguousarray(cut(image), np.float32),
        grid_to_mm @ index_to_grid,
        labels,
        None if clean is None else np.ascontiguousarray(cut(clean), np.float32),
    )


def _check_size(size_mm: np.ndarray, framing: Framing) -> None:
    if np.any(size_mm < view_radius_mm(framing)):
        raise InputError(
            "SMALL-VOLUME",
            "CBCT",
            f"a volume of {' x '.join(f'{s:.0f}' for s in size_mm)} mm",
            f"at least {view_radius_mm(framing):.0f} mm along each axis",
            "another scan",
        )
