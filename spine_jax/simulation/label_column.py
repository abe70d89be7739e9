"""The column of a label map: its bones as smooth surfaces, continued beyond its ends.

A label map ends somewhere, the spine does not: above and below the labelled vertebrae,
and where one in between is missing, copies of the nearest one follow the curve, and a
sacrum follows the last lumbar one. They get no label.
"""

import dataclasses

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from spine_jax.core import Mesh
from spine_jax.core.labels import is_vertebra
from spine_jax.simulation.bone import Frame, bone_mesh
from spine_jax.simulation.column import LOWEST, draw_warp, rotation_deg, to_next
from spine_jax.simulation.label_sites import LabelSite, find_sites, vertebrae
from spine_jax.simulation.level_figures import usual_mm
from spine_jax.simulation.sacrum import SACRUM, sacrum_bone
from spine_jax.simulation.surface_nets import smooth_surface

SACRUM_LABEL = 26
_BEYOND_MM = 12.0
"""How far bone cut by the field of view goes on behind it."""
_OUTSIDE_MM = 40.0
_MISSING_FROM = 1.6
_KEPT_TURN = 0.6
_LEAST_UPRIGHT = 0.3
_JITTER_DEG = 1.5


@dataclasses.dataclass(frozen=True)
class Piece:
    """A bone of the column.

    Attributes:
        site: Its pose and parts.
        mesh: Its label surface, mm of the scan's axes.
        labelled: Whether the label map holds it.
    """

    site: LabelSite
    mesh: Mesh
    labelled: bool


def label_column(
    rng: np.random.Generator, labels: np.ndarray, spacing_mm: np.ndarray
) -> tuple[list[Piece], list[Mesh]]:
    """The bones of a label map and their unlabelled continuation.

    Args:
        rng: Source of randomness.
        labels: [X, Y, Z] integer with a vertebra, axes right, forwards and up.
        spacing_mm: [3].

    Returns:
        The column, cranial first, and surfaces of labelled bones that are not in it.
    """
    pieces = [
        Piece(site, label_surface(labels, site.label, spacing_mm), True)
        for site in find_sites(labels, spacing_mm)
    ]
    size = _patient_size(pieces)
    pieces = _without_gaps(rng, pieces, size)
    numbers = vertebrae(labels)
    above = numbers[: numbers.index(pieces[0].site.label)]
    below = numbers[numbers.index(pieces[-1].site.label) + 1 :]
    for number in reversed(above):
        site = _beyond(rng, pieces[:2], size, 1)
        pieces.insert(0, _cut(labels, number, spacing_mm, site))
    for number in below:
        site = _beyond(rng, pieces[:-3:-1], size, -1)
        pieces.append(_cut(labels, number, spacing_mm, site))
    height_mm = spacing_mm[2] * labels.shape[2]
    while pieces[0].site.level > 1 and _in_reach(pieces[0], height_mm):
        pieces.insert(0, _copy(rng, pieces[0], _beyond(rng, pieces[:2], size, 1)))
    while pieces[-1].site.level < SACRUM - 1 and _in_reach(pieces[-1], height_mm):
        site = _beyond(rng, pieces[:-3:-1], size, -1)
        pieces.append(_copy(rng, pieces[-1], site))
    others = {n for n in np.unique(labels).tolist() if n and not is_vertebra(n)}
    if pieces[-1].site.level >= SACRUM - 1:
        pieces.append(_sacrum(labels, spacing_mm, pieces[-1], size))
        others.discard(SACRUM_LABEL)
    return pieces, [label_surface(labels, n, spacing_mm) for n in sorted(others)]


def label_surface(labels: np.ndarray, number: int, spacing_mm: np.ndarray) -> Mesh:
    """Smooth surface of one label, mm from the centre of the first voxel.

    Where the border of the volume cuts the bone, the surface goes on behind it.
    """
    box = ndimage.find_objects(labels, number)[-1]
    mask = labels[box] == number
    start = np.array([axis.start for axis in box])
    beyond = np.ceil(_BEYOND_MM / spacing_mm).astype(int)
    cut_low = np.where(start == 0, beyond, 0)
    stop = np.array([axis.stop for axis in box])
    cut_high = np.where(stop == labels.shape, beyond, 0)
    mask = np.pad(mask, np.stack([cut_low, cut_high], axis=1), mode="edge")
    mesh = smooth_surface(np.pad(mask, 1), spacing_mm)
    first_voxel = start - cut_low - 1
    return Mesh(mesh.vertices_mm + first_voxel * spacing_mm, mesh.faces)


def _cut(
    labels: np.ndarray, number: int, spacing_mm: np.ndarray, site: LabelSite
) -> Piece:
    """A labelled vertebra of which too little is seen to tell its pose."""
    site = dataclasses.replace(site, label=number)
    return Piece(site, label_surface(labels, number, spacing_mm), True)


def _in_reach(piece: Piece, height_mm: float) -> bool:
    """Whether the next vertebra may still be seen, and the column is not bent over."""
    frame = piece.site.frame
    z = frame.origin_mm[2]
    upright = frame.rotation[2, 2] > _LEAST_UPRIGHT
    return bool(upright and -_OUTSIDE_MM < z < height_mm + _OUTSIDE_MM)


def _apart_mm(one: Piece, other: Piece) -> float:
    between = one.site.frame.origin_mm - other.site.frame.origin_mm
    return float(np.linalg.norm(between))


def _patient_size(pieces: list[Piece]) -> float:
    """Spacing of neighbours relative to the usual."""
    ratios = [
        _apart_mm(upper, lower) / usual_mm("spacing", upper.site.level)
        for upper, lower in zip(pieces, pieces[1:])
    ]
    return float(np.clip(np.median(ratios), 0.8, 1.25)) if ratios else 1.0


def _without_gaps(
    rng: np.random.Generator, pieces: list[Piece], size: float
) -> list[Piece]:
    """The column with copies where vertebrae in the middle have no label."""
    filled = pieces[:1]
    for lower in pieces[1:]:
        upper = filled[-1]
        usual = size * usual_mm("spacing", (upper.site.level + lower.site.level) / 2)
        between = _apart_mm(upper, lower) / usual
        n_missing = round(between) - 1 if between > _MISSING_FROM else 0
        for i in range(n_missing):
            share = (i + 1) / (n_missing + 1)
            filled.append(_copy(rng, upper, _between(upper, lower, share)))
        filled.append(lower)
    return filled


def _between(upper: Piece, lower: Piece, share: float) -> LabelSite:
    """A site part of the way down from one piece to another."""
    ends = [piece.site.frame for piece in (upper, lower)]
    turn = Rotation.from_matrix(ends[0].rotation.T @ ends[1].rotation)
    part = Rotation.from_rotvec(share * turn.as_rotvec()).as_matrix()
    origin = (1 - share) * ends[0].origin_mm + share * ends[1].origin_mm
    level = upper.site.level + share * (lower.site.level - upper.site.level)
    frame = Frame(ends[0].rotation @ part, origin, ends[0].scale)
    return dataclasses.replace(upper.site, label=round(level), frame=frame)


def _beyond(
    rng: np.random.Generator, end: list[Piece], size: float, upwards: int
) -> LabelSite:
    """The site beyond the end of the column, which goes on curving, less and less.

    Args:
        rng: Source of randomness.
        end: The last piece and the one before it, if there is one.
        size: Spacing of the patient relative to the usual.
        upwards: 1 above the cranial end, -1 below the caudal end.
    """
    site = end[0].site
    level = np.ceil(site.level) - 1 if upwards > 0 else np.floor(site.level) + 1
    turn = np.zeros(3)
    if len(end) > 1:
        relative = end[1].site.frame.rotation.T @ site.frame.rotation
        turn = _KEPT_TURN * Rotation.from_matrix(relative).as_rotvec()
    turn = turn + np.radians(rng.normal(0.0, _JITTER_DEG, 3))
    rotation = Rotation.from_rotvec(turn)
    half_turn = Rotation.from_rotvec(turn / 2).as_matrix()
    lower_level = site.level if upwards < 0 else level
    length = size * usual_mm("spacing", float(lower_level))
    step = site.frame.rotation @ half_turn @ [0.0, 0.0, upwards * length]
    ratio = usual_mm("height", float(level)) / usual_mm("height", site.level)
    frame = Frame(
        site.frame.rotation @ rotation.as_matrix(),
        site.frame.origin_mm + step,
        site.frame.scale * ratio,
    )
    return dataclasses.replace(site, label=int(level), frame=frame)


def _copy(rng: np.random.Generator, piece: Piece, site: LabelSite) -> Piece:
    """A piece moved to another site, slightly changed, without a label."""
    warp = draw_warp(rng)
    local = warp(piece.site.frame.to_local(piece.mesh.vertices_mm))
    return Piece(site, Mesh(site.frame.to_world(local), piece.mesh.faces), False)


def _sacrum(
    labels: np.ndarray, spacing_mm: np.ndarray, last: Piece, size: float
) -> Piece:
    """The sacrum below the last lumbar vertebra, from the map where it is labelled."""
    length, forward, angle_deg = to_next(LOWEST)
    frame = last.site.frame
    step = size * np.array([0.0, forward, -np.sqrt(length**2 - forward**2)])
    bone = sacrum_bone(
        Frame(
            frame.rotation @ rotation_deg(angle_deg, 0.0, 0.0),
            frame.origin_mm + frame.rotation @ step,
            size,
        )
    )
    site = LabelSite(
        label=int(last.site.level) + 1,
        frame=bone.frame,
        body_back_mm=bone.body_back_mm,
        canal_centre_mm=bone.canal_centre_mm,
        canal_half_mm=bone.canal_half_mm,
        body_half_mm=bone.body_half_mm,
        spinous_tip_mm=bone.spinous_tip_mm,
        top_mm=14.0,
        bottom_mm=-14.0,
        transverse_tips_mm=np.array([[-50.0, -20.0, -10.0], [50.0, -20.0, -10.0]]),
    )
    labelled = bool(np.any(labels == SACRUM_LABEL))
    if labelled:
        return Piece(site, label_surface(labels, SACRUM_LABEL, spacing_mm), True)
    return Piece(site, bone_mesh(bone, ()), False)
