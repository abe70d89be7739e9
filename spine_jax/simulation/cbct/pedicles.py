"""Where screws go: the pedicles of labelled vertebrae and the way through them."""

import dataclasses

import numpy as np

from spine_jax.core import LabelVolume
from spine_jax.simulation.cbct.placement import Placement
from spine_jax.simulation.label_sites import LabelSite

_BEHIND_BODY_MM = (1.0, 7.0)
"""The pedicle is the bone beside the canal this far behind the body."""
_BESIDE_CANAL = (0.6, 14.0)
"""From this share of the canal's half width to so many mm beyond it."""
_HEIGHT_MM = (-14.0, 18.0)
_LEAST_VOXELS = 60
_USUAL_BESIDE_MM, _USUAL_HEIGHT_MM = 5.0, 5.0
_AIM = (0.5, 0.4)
"""Where the way crosses the body, in its half width and half depth."""
_DEEPEST = 0.8
"""Screws end at this share of the body's half depth in front of its middle."""
_LONGEST_BACK_MM = 40.0
_STEP_MM = 0.5


@dataclasses.dataclass(frozen=True)
class Pedicle:
    """The way through a pedicle, in the frame of the C-arm.

    Attributes:
        label: VerSe number of the vertebra.
        side: -1 left, 1 right.
        centre_mm: [3], middle of the pedicle.
        forwards: [3], unit, from the back into the body.
        entry_mm: How far behind the centre the way leaves the bone.
        depth_mm: How far in front of it a screw may reach.
    """

    label: int
    side: int
    centre_mm: np.ndarray
    forwards: np.ndarray
    entry_mm: float
    depth_mm: float


def find_pedicles(labels: LabelVolume, placement: Placement) -> list[Pedicle]:
    """Both pedicles of every placed vertebra, cranial first, left then right."""
    lookup = _Lookup(
        np.asarray(labels.array),
        np.linalg.inv(labels.affine_vox_to_mm) @ placement.carm_to_world,
    )
    return [
        _pedicle(lookup, site, side) for site in placement.sites for side in (-1, 1)
    ]


@dataclasses.dataclass(frozen=True)
class _Lookup:
    """A label map asked in the frame of the C-arm."""

    labels: np.ndarray
    to_voxel: np.ndarray

    def __call__(self, points_mm: np.ndarray) -> np.ndarray:
        """Labels at points [..., 3]; 0 outside the map."""
        at = points_mm @ self.to_voxel[:3, :3].T + self.to_voxel[:3, 3]
        index = np.rint(at).astype(int)
        last = np.array(self.labels.shape) - 1
        inside = np.all((index >= 0) & (index <= last), axis=-1)
        i, j, k = np.moveaxis(np.clip(index, 0, last), -1, 0)
        return np.where(inside, self.labels[i, j, k], 0)


def _pedicle(lookup: _Lookup, site: LabelSite, side: int) -> Pedicle:
    centre = _middle(lookup, site, side)
    half_width, half_depth = site.body_half_mm
    aim = np.array([side * _AIM[0] * half_width, _AIM[1] * half_depth, centre[2]])
    forwards = (aim - centre) / np.linalg.norm(aim - centre)
    depth = (_DEEPEST * half_depth - centre[1]) / forwards[1]
    frame = site.frame
    middle_mm, way = frame.to_world(centre), frame.rotation @ forwards
    back_mm = np.arange(0.0, _LONGEST_BACK_MM, _STEP_MM)
    in_bone = lookup(middle_mm - back_mm[:, None] * way) == site.label
    # The last bone on the way: the canal's side may be grazed before.
    entry = back_mm[in_bone].max(initial=10.0)
    return Pedicle(site.label, side, middle_mm, way, float(entry), float(depth))


def _middle(lookup: _Lookup, site: LabelSite, side: int) -> np.ndarray:
    """Middle of a pedicle [3] in the vertebra's frame."""
    half_canal = site.canal_half_mm[0]
    across = np.arange(_BESIDE_CANAL[0] * half_canal, half_canal + _BESIDE_CANAL[1])
    depth = site.body_back_mm - np.arange(*_BEHIND_BODY_MM)
    height = np.arange(*_HEIGHT_MM)
    points = np.stack(
        np.meshgrid(side * across, depth, height, indexing="ij"), axis=-1
    ).reshape(-1, 3)
    bone = points[lookup(site.frame.to_world(points)) == site.label]
    if len(bone) < _LEAST_VOXELS:
        beside = side * (half_canal + _USUAL_BESIDE_MM)
        return np.array([beside, depth.mean(), _USUAL_HEIGHT_MM])
    return bone.mean(axis=0)
