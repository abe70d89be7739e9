"""Bones of a phantom: implicit shapes in posed frames, and their meshes."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse
from skimage.measure import marching_cubes

from spine_jax.anatomy.primitives import smooth_max, smooth_min
from spine_jax.core import Mesh

_STEP_MM = 1.25
_BLOCK = 4
_SLACK = 1.8
"""Implicit values are distances to first order only: how far off they may be."""
_JOINT_GAP_MM = 0.8
_JOINT_ROUNDING_MM = 1.0
_NEAR_MM = 6.0

Parts = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Frame:
    """Where a bone sits: x right, y front, z cranial of the bone, scaled and posed.

    Attributes:
        rotation: [3, 3], columns are the bone's axes in the world.
        origin_mm: [3], world position of the frame's origin.
        scale: World mm per mm of the frame.
    """

    rotation: np.ndarray
    origin_mm: np.ndarray
    scale: float

    def to_world(self, points_mm: np.ndarray) -> np.ndarray:
        """Points [..., 3] of the frame in the world, mm."""
        return self.scale * (points_mm @ self.rotation.T) + self.origin_mm

    def to_local(self, points_mm: np.ndarray) -> np.ndarray:
        """World points [..., 3] in the frame, mm."""
        return (points_mm - self.origin_mm) @ self.rotation / self.scale


@dataclasses.dataclass(frozen=True)
class BoneSite:
    """Where a bone of the column is and where its parts lie in its own frame.

    Attributes:
        label: Place in the column: VerSe number of a vertebra, 25 for the sacrum.
        frame: Its pose.
        body_back_mm: y of the body's posterior wall in the frame.
        canal_centre_mm: [3], middle of the spinal canal in the frame.
        canal_half_mm: Half width and half depth of the canal.
        body_half_mm: Half width and half depth of the body.
        spinous_tip_mm: [3], in the frame.
    """

    label: int
    frame: Frame
    body_back_mm: float
    canal_centre_mm: np.ndarray
    canal_half_mm: tuple[float, float]
    body_half_mm: tuple[float, float]
    spinous_tip_mm: np.ndarray


@dataclasses.dataclass(frozen=True)
class Bone(BoneSite):
    """One bone of the column with its implicit shape.

    Attributes:
        parts: Approximate signed distances to body and arch, of points [..., 3] in the
            frame, mm.
        fillet_mm: Blend between body and arch.
        bounds_mm: Corners [3], [3] of a box of the frame that holds the bone.
    """

    parts: Parts
    fillet_mm: float
    bounds_mm: tuple[np.ndarray, np.ndarray]

    def distance_mm(self, points_mm: np.ndarray) -> np.ndarray:
        """Approximate signed distance [...] mm to the bone, world points [..., 3]."""
        local = self.frame.to_local(points_mm)
        return self.frame.scale * smooth_min(*self.parts(local), self.fillet_mm)

    def body_centre_mm(self, step_mm: float = 2.0) -> np.ndarray:
        """Volume centroid [3] of the body in the world, mm."""
        points = _grid(*self.bounds_mm, step_mm)
        points = points[points[..., 1] > self.body_back_mm - 8.0]
        distance = self.parts(points)[0]
        # A cell cut by the surface counts by the share of it that lies inside.
        weight = np.clip(0.5 - distance / step_mm, 0.0, 1.0)
        return self.frame.to_world(weight @ points / weight.sum())


def bone_mesh(bone: Bone, others: Sequence[Bone]) -> Mesh:
    """Mesh a bone, parted from others by a gap.

    Where two bones would overlap or touch, both retreat from the surface of equal
    distance between them: a joint of two conforming facets remains. Islands that this
    cuts off are dropped.

    Returns:
        A closed mesh in the world, outward faces.
    """

    def distance(local_mm: np.ndarray) -> np.ndarray:
        return _parted_distance(bone.frame.to_world(local_mm), bone, others)

    low, high = bone.bounds_mm
    step = _STEP_MM / bone.frame.scale
    field = _sampled(distance, low, high, step, bone.frame.scale)
    vertices, faces, _, _ = marching_cubes(field, 0.0, spacing=(step,) * 3)
    vertices, faces = _largest_part(vertices.astype(float), faces)
    return Mesh(bone.frame.to_world(vertices + low), faces.astype(np.int32))


def _parted_distance(
    points_mm: np.ndarray, bone: Bone, others: Sequence[Bone]
) -> np.ndarray:
    """Distance to a bone minus the region nearer than half a gap to another."""
    distance = bone.distance_mm(points_mm)
    for other in others:
        low, high = other.bounds_mm
        local = other.frame.to_local(points_mm)
        near = np.all((local > low) & (local < high), axis=-1) & (distance < _NEAR_MM)
        rival = other.distance_mm(points_mm[near])
        own = distance[near]
        cut = (own - rival + _JOINT_GAP_MM) / 2
        distance[near] = smooth_max(own, cut, _JOINT_ROUNDING_MM)
    return distance


def _sampled(
    distance: Callable[[np.ndarray], np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    step: float,
    scale: float,
) -> np.ndarray:
    """A distance function on a grid, evaluated point by point only near its zero."""
    block_step = _BLOCK * step
    first_centre = low + (_BLOCK - 1) / 2 * step
    centres = _grid(first_centre, high + block_step, block_step)
    coarse = distance(centres)
    reach = scale * np.sqrt(3) / 2 * block_step * _SLACK
    field = coarse
    for axis in range(3):
        field = np.repeat(field, _BLOCK, axis=axis)
    near = np.argwhere(np.abs(coarse) < reach) * _BLOCK
    offsets = np.array(list(np.ndindex(_BLOCK, _BLOCK, _BLOCK)))
    voxels = (near[:, None] + offsets).reshape(-1, 3)
    field[tuple(voxels.T)] = distance(low + step * voxels)
    return field


def _grid(low: np.ndarray, high: np.ndarray, step: float) -> np.ndarray:
    """Grid points [X, Y, Z, 3] of a box."""
    axes = [np.arange(start, stop, step) for start, stop in zip(low, high)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def _largest_part(vertices: np.ndarray, faces: np.ndarray):
    """The connected part with the most vertices, without unused vertices."""
    pairs = np.concatenate([faces[:, :2], faces[:, 1:]]).T
    links = sparse.coo_matrix(
        (np.ones(pairs.shape[1], bool), pairs), shape=(len(vertices),) * 2
    )
    _, part = sparse.csgraph.connected_components(links, directed=False)
    kept = part == np.argmax(np.bincount(part))
    renumbered = np.cumsum(kept) - 1
    return vertices[kept], renumbered[faces[kept[faces[:, 0]]]]
