"""The patient under the C-arm: tilted, spine at the isocentre, wider than the scan."""

import dataclasses

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from spine_jax.core import LabelVolume, Volume, orientation_codes
from spine_jax.core.labels import segment
from spine_jax.simulation.bone import Frame
from spine_jax.simulation.cbct.projector import Grid
from spine_jax.simulation.label_sites import LabelSite, find_sites
from spine_jax.simulation.scan_grid import ScanGrid, scan_grid

_BEHIND_BODIES_MM = 12.0
"""The isocentre lies this far behind the bodies, so that the arches are seen."""
_FROM_ENDS_MM = 35.0
_HALF_WIDTH_MM, _BACK_MM, _FRONT_MM = 165.0, -85.0, 150.0
"""The torso around the bodies, where the CT does not reach."""
_SOFT_TISSUE_HU, _AIR_HU = 20.0, -1000.0
_AIR_BELOW_HU = -500.0


@dataclasses.dataclass(frozen=True)
class Placement:
    """Where the C-arm stands.

    Attributes:
        carm_to_world: [4, 4], the frame of the C-arm to RAS+ mm.
        patient_from_carm: [3, 3], directions of the C-arm's frame along the patient's
            right, front and up.
        sites: Vertebrae in the frame of the C-arm, cranial first.
        tilt_deg: [3], how the patient is turned about right, front and up.
    """

    carm_to_world: np.ndarray
    patient_from_carm: np.ndarray
    sites: tuple[LabelSite, ...]
    tilt_deg: np.ndarray

    @property
    def isocentre_mm(self) -> np.ndarray:
        """In the world, [3]."""
        return self.carm_to_world[:3, 3]


def place_patient(
    rng: np.random.Generator,
    labels: LabelVolume,
    largest_tilt_deg: float,
    off_centre_mm: float,
) -> Placement:
    """Put the isocentre near the lumbar vertebrae of a label map, or near its others.

    Args:
        rng: Source of randomness.
        labels: A map with at least one vertebra.
        largest_tilt_deg: Turns about each axis are drawn up to it.
        off_centre_mm: Standard deviation of the aim along each axis.
    """
    array = np.asarray(labels.array)
    affine = np.asarray(labels.affine_vox_to_mm, float)
    lattice = scan_grid(array.shape, affine)
    patient_to_world = _patient_to_world(lattice, affine)
    sites = find_sites(
        np.ascontiguousarray(lattice.reordered(array)), lattice.spacing_mm
    )
    isocentre = _aim(rng, sites) + off_centre_mm * rng.standard_normal(3)
    tilt = rng.uniform(-largest_tilt_deg, largest_tilt_deg, 3)
    turn = Rotation.from_euler("xyz", tilt, degrees=True).as_matrix()
    carm_to_patient = np.eye(4)
    carm_to_patient[:3, :3], carm_to_patient[:3, 3] = turn, isocentre
    return Placement(
        patient_to_world @ carm_to_patient,
        turn,
        tuple(_moved(site, turn, isocentre) for site in sites),
        tilt,
    )


def _patient_to_world(lattice: ScanGrid, affine_vox_to_mm: np.ndarray) -> np.ndarray:
    """[4, 4], mm along the reordered lattice to the world."""
    to_voxel = np.zeros((4, 4))
    to_voxel[3, 3] = 1.0
    for k, axis in enumerate(lattice.order):
        backwards = lattice.backwards[k]
        to_voxel[axis, k] = (-1.0 if backwards else 1.0) / lattice.spacing_mm[k]
        to_voxel[axis, 3] = lattice.shape[k] - 1 if backwards else 0.0
    return affine_vox_to_mm @ to_voxel


def _aim(rng: np.random.Generator, sites: list[LabelSite]) -> np.ndarray:
    """A point [3] behind the bodies, away from the ends of the labelled part."""
    lumbar = [site for site in sites if segment(site.label) == "lumbar"] or sites
    bodies = np.array([site.frame.origin_mm for site in lumbar])
    bodies = bodies[np.argsort(bodies[:, 2])]
    low, high = bodies[0, 2], bodies[-1, 2]
    inset = min(_FROM_ENDS_MM, (high - low) / 2)
    # In a short spine the two bounds meet, and rounding must not make them cross.
    height = rng.uniform(low + inset, max(low + inset, high - inset))
    x, y = (np.interp(height, bodies[:, 2], bodies[:, axis]) for axis in (0, 1))
    return np.array([x, y - _BEHIND_BODIES_MM, height])


def _moved(site: LabelSite, turn: np.ndarray, isocentre: np.ndarray) -> LabelSite:
    frame = site.frame
    moved = Frame(
        turn.T @ frame.rotation, (frame.origin_mm - isocentre) @ turn, frame.scale
    )
    return dataclasses.replace(site, frame=moved)


def on_grid(
    image: Volume | LabelVolume, grid: Grid, placement: Placement, *, order: int
) -> np.ndarray:
    """An image at the voxels of a grid, [X, Y, Z]; outside, its border's value.

    Args:
        image: In the world.
        grid: In the frame of the C-arm.
        placement: Relates the two.
        order: 0 nearest, 1 trilinear.
    """
    to_voxel = _grid_to_voxel(image, grid, placement)
    array = np.asarray(image.array)
    return ndimage.affine_transform(
        array if order == 0 else array.astype(np.float32, copy=False),
        to_voxel,
        output_shape=grid.shape,
        order=order,
        mode="nearest",
    )


def grid_affine(grid: Grid, placement: Placement) -> np.ndarray:
    """Voxel of the grid to RAS+ mm, [4, 4]."""
    affine = np.diag([*np.asarray(grid.spacing_mm, float), 1.0])
    affine[:3, 3] = grid.first_mm
    return placement.carm_to_world @ affine


def _grid_to_voxel(
    image: Volume | LabelVolume, grid: Grid, placement: Placement
) -> np.ndarray:
    return np.linalg.inv(image.affine_vox_to_mm) @ grid_affine(grid, placement)


def beyond_scan(
    image: Volume | LabelVolume,
    grid: Grid,
    placement: Placement,
    codes: str = "RLAPSI",
) -> np.ndarray:
    """Which voxels of the grid [X, Y, Z] lie outside an image.

    Args:
        codes: Only array axes that point along these directions count.
    """
    to_voxel = _grid_to_voxel(image, grid, placement)
    i, j, k = np.ogrid[tuple(slice(n) for n in grid.shape)]
    outside = np.zeros(grid.shape, bool)
    named = orientation_codes(image.affine_vox_to_mm)
    for axis, (code, n) in enumerate(zip(named, np.shape(image.array))):
        if code in codes:
            a, b, c, d = to_voxel[axis].astype(np.float32)
            at = (a * i + b * j + d) + c * k
            outside |= (at < -0.5) | (at > n - 0.5)
    return outside


def patient_hu(ct: Volume, grid: Grid, placement: Placement) -> np.ndarray:
    """The patient on a grid wider than the CT, [X, Y, Z] float32 HU.

    Above and below the CT its end slices go on. To the sides, soft tissue fills a torso
    around the spine wherever the CT ends in the body and not in air.
    """
    image_hu = on_grid(ct, grid, placement, order=1)
    beside = beyond_scan(ct, grid, placement, "RLAP")
    filled = _torso(grid, placement) & (image_hu > _AIR_BELOW_HU)
    made_up = np.where(filled, np.float32(_SOFT_TISSUE_HU), np.float32(_AIR_HU))
    return np.where(beside, made_up, image_hu)


def _torso(grid: Grid, placement: Placement) -> np.ndarray:
    """A torso around the bodies, [X, Y, Z] bool, along the patient's own axes."""
    x, y, z = np.meshgrid(
        *(a.astype(np.float32) for a in grid.axes_mm()), indexing="ij", sparse=True
    )
    turn = placement.patient_from_carm.astype(np.float32)
    right, front, _ = (row[0] * x + row[1] * y + row[2] * z for row in turn)
    middle, half = (_BACK_MM + _FRONT_MM) / 2, (_FRONT_MM - _BACK_MM) / 2
    u = right / _HALF_WIDTH_MM
    v = (front - _BEHIND_BODIES_MM - middle) / half
    # Flatter than an ellipse, as backs are.
    return u**4 + v**4 + u**2 * v**2 < 1
