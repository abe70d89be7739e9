"""Named places of a vertebra: on the parametric model, and as vertices of its template.

A place on the surface is one point. A place inside the bone (`body_centre`, the
pedicles) is the middle of a few points around it, so that on a mesh it is the mean of
their vertices. Vertices are the same for all levels that share a topology; a mesh that
was fitted in correspondence therefore gives the landmarks of its patient.

Names, the sided ones with `_right` and `_left`:

- all: `body_centre` (atlas: centre of the ring), `superior_facet`, `inferior_facet`,
  `transverse_tip`;
- all but the atlas: `spinous_tip` (between the ends of a forked one), `pedicle`,
  `inferior_endplate_centre`, `_anterior` and `_posterior` (its rims in the mid-plane);
- C3 to L6: the same three of the `superior_endplate`; axis: `dens_tip`;
- C3 to C7: `uncinate_tip`; atlas: `anterior_tubercle`, `posterior_tubercle`.
"""

import functools
from collections.abc import Callable, Mapping

import numpy as np
from scipy.spatial import KDTree

from spine_jax.anatomy.arch import CervicalArch
from spine_jax.anatomy.implicit import (
    body_centre_of_shape,
    body_part_distance,
    shape_bounds_mm,
    vertebra_distance,
)
from spine_jax.anatomy.levels import level_shape
from spine_jax.anatomy.morphometry import level_morphometry
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import AtlasShape, AxisShape, VertebraShape
from spine_jax.anatomy.template import GROUPS, level_template

_CENTRE = "body_centre"
_STEP_MM = 0.1
_FARTHEST_MM = 90.0
_UP, _DOWN = np.array([0.0, 0, 1]), np.array([0.0, 0, -1])
_FRONT, _BACK, _RIGHT = np.array([0.0, 1, 0]), np.array([0.0, -1, 0]), np.eye(3)[0]
# Where the right articular facets look. From C3 to C7 about 45 degrees to the
# transverse plane, in the thorax nearly frontal, in the lumbar spine inwards and back.
_FACES = {
    "axis": (_UP, np.array([0.0, 0.7, -0.7])),
    "cervical": (np.array([0.0, -0.7, 0.7]), np.array([0.0, 0.7, -0.7])),
    "thoracic": (np.array([0.0, -1.0, 0.2]), np.array([0.0, 1.0, -0.2])),
    "transitional": (np.array([0.0, -1.0, 0.2]), np.array([0.7, 0.7, 0.0])),
    "lumbar": (np.array([-0.7, -0.7, 0.0]), np.array([0.7, 0.7, 0.0])),
}


def landmarks_mm(label: int) -> dict[str, np.ndarray]:
    """Landmarks [3] mm of the median vertebra of a level, in its template's frame.

    Args:
        label: VerSe number, 1-25 or 28 (C1 to L6).

    Raises:
        KeyError: for any other label.
    """
    points = {name: p.mean(axis=0) for name, p in _supports_mm(label).items()}
    return {**points, _CENTRE: np.zeros(3)}


def landmark_vertices(label: int) -> dict[str, np.ndarray]:
    """Vertices [K] of `level_template(label)` whose mean is the landmark.

    The levels of a group (`template.GROUPS`) have the same vertices: those nearest to
    the model's landmarks on the level that the group's mesh was made from.

    Raises:
        KeyError: for a label other than 1-25 and 28.
    """
    for meshed, labels in GROUPS.items():
        if label in labels:
            return dict(_group_vertices(meshed))
    raise KeyError(f"{label} is no vertebra of the VerSe scheme (1-25, 28)")


def landmarks_on_mesh(vertices_mm: np.ndarray, label: int) -> dict[str, np.ndarray]:
    """Landmarks [3] of a mesh in correspondence with `level_template(label)`.

    Args:
        vertices_mm: [V, 3], in any frame; the result is in the same.
        label: VerSe number of the level that the mesh started from.

    Raises:
        KeyError: for a label other than 1-25 and 28.
    """
    return landmark_points_mm(vertices_mm, landmark_vertices(label))


def landmark_points_mm(
    vertices_mm: np.ndarray, landmarks: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Landmarks [3] of a mesh whose landmark vertices are known.

    Args:
        vertices_mm: [V, 3], in any frame; the result is in the same.
        landmarks: Vertices [K] by name, as `landmark_vertices` gives them.
    """
    vertices = np.asarray(vertices_mm)
    return {name: vertices[indices].mean(axis=0) for name, indices in landmarks.items()}


@functools.cache
def _group_vertices(meshed: int) -> dict[str, np.ndarray]:
    tree = KDTree(level_template(meshed).mesh.vertices_mm)
    points = _supports_mm(meshed)
    return {name: np.asarray(tree.query(p)[1]) for name, p in points.items()}


@functools.cache
def _supports_mm(label: int) -> dict[str, np.ndarray]:
    """Surface points [K, 3] mm of each landmark, in the template's frame."""
    shape = level_shape(label)
    centre = body_centre_of_shape(shape)
    if isinstance(shape, AtlasShape):
        right, middle = _atlas_points(shape, centre)
    else:
        right, middle = _vertebra_points(shape, centre, label)
    points = {}
    for name, place in right.items():
        place = np.atleast_2d(place) - centre
        points[f"{name}_right"] = place
        points[f"{name}_left"] = place * [-1.0, 1.0, 1.0]
    return {**points, **{k: np.atleast_2d(p) - centre for k, p in middle.items()}}


def _atlas_points(shape: AtlasShape, centre: np.ndarray):
    """Landmarks of the right side and of the mid-plane of an atlas."""
    mass = np.array(shape.arch.pedicle.nodes_mm[1][:3])
    front = _mid_plane_end(shape, centre, _FRONT)
    back = _mid_plane_end(shape, centre, _BACK)
    facets = {
        "superior_facet": _exit(shape, mass, _UP),
        "inferior_facet": _exit(shape, mass, _DOWN),
    }
    right = {**facets, "transverse_tip": _tip(shape, shape.arch.transverse_process)}
    # No bone at the centre: the lateral masses and both arches around it.
    ring = [p * [s, 1, 1] for p in facets.values() for s in (-1, 1)]
    middle = {
        _CENTRE: np.array([*ring, front, back]),
        "anterior_tubercle": front,
        "posterior_tubercle": back,
    }
    return right, middle


def _vertebra_points(shape: VertebraShape, centre: np.ndarray, label: int):
    """Landmarks of the right side and of the mid-plane of a vertebra with a body."""
    arch = shape.arch
    superior, inferior = _FACES[_kind(label)]
    row = level_morphometry(label)
    isthmus = (row.pedicle_isthmus_x_mm, row.pedicle_isthmus_y_mm)
    right = {
        "superior_facet": _exit(shape, _near_tip(arch.superior_process), superior),
        "inferior_facet": _exit(shape, _near_tip(arch.inferior_process), inferior),
        "transverse_tip": _tip(shape, arch.transverse_process),
        "pedicle": _around(shape, np.array([*isthmus, row.pedicle_isthmus_z_mm])),
    }
    sides = [_exit(shape, centre, s * _RIGHT) for s in (-1, 1)]
    ends = [_exit(shape, centre, d) for d in (_UP, _DOWN, _FRONT, _BACK)]
    middle = {
        _CENTRE: np.array(sides + ends),
        "spinous_tip": _mid_plane_end(shape, centre, _BACK),
        **_endplate(shape, centre, "inferior", -1.0),
    }
    if isinstance(shape, AxisShape):
        middle["dens_tip"] = ends[0]
        return right, middle
    if isinstance(arch, CervicalArch):
        right["uncinate_tip"] = _exit(shape, _near_tip(arch.uncinate), _UP)
    return right, {**middle, **_endplate(shape, centre, "superior", 1.0)}


def _kind(label: int) -> str:
    if label <= 7:
        return "axis" if label == 2 else "cervical"
    if label <= 18:
        return "thoracic"
    return "transitional" if label == 19 else "lumbar"


def _endplate(shape: VertebraShape, centre, name: str, up: float):
    """Centre and rims of an end-plate in the mid-plane."""
    angles = np.deg2rad(np.arange(15.0, 76.0, 1.0))
    points = {f"{name}_endplate_centre": _exit(shape, centre, up * _UP)}
    for side, forward in (("anterior", _FRONT), ("posterior", _BACK)):
        rays = np.cos(angles)[:, None] * forward + up * np.sin(angles)[:, None] * _UP
        ends = _first_exits(lambda p: body_part_distance(p, shape), centre, rays)
        # A rim is the corner of the outline: its farthest point from the centre.
        corner = np.argmax(np.linalg.norm(ends - centre, axis=1))
        points[f"{name}_endplate_{side}"] = ends[corner]
    return points


def _mid_plane_end(shape: VertebraShape, centre, direction: np.ndarray) -> np.ndarray:
    """Middle of the foremost or rearmost edge in the mid-plane, [3] mm."""
    low, high = (corner - centre for corner in shape_bounds_mm(shape))
    y, z = (np.arange(low[i], high[i], 0.4) for i in (1, 2))
    y, z = np.meshgrid(y, z)
    grid = np.stack([np.zeros_like(y), y, z], axis=-1) + centre
    inside = grid[vertebra_distance(grid, shape) < 0]
    reach = inside @ direction
    edge = inside[reach > reach.max() - 2.0]
    return _exit(
        shape, edge[np.argmin(np.abs(edge[:, 2] - edge[:, 2].mean()))], direction
    )


def _around(shape: VertebraShape, start: np.ndarray) -> np.ndarray:
    """Points [4, 3] above, below and on both sides of the pedicle around `start`."""
    vertical = np.array([_exit(shape, start, _UP), _exit(shape, start, _DOWN)])
    middle = vertical.mean(axis=0)
    # Pedicles run back, at some levels outwards as well: across is where they are thin.
    angles = np.deg2rad((0.0, 20.0, 40.0))
    ways = [np.array([np.cos(angle), np.sin(angle), 0.0]) for angle in angles]
    sides = [np.array([_exit(shape, middle, s * way) for s in (-1, 1)]) for way in ways]
    thinnest = min(sides, key=lambda pair: np.linalg.norm(pair[1] - pair[0]))
    middle = thinnest.mean(axis=0)
    vertical = np.array([_exit(shape, middle, _UP), _exit(shape, middle, _DOWN)])
    return np.concatenate([thinnest, vertical])


def _near_tip(limb: Limb) -> np.ndarray:
    before, last = (np.array(node[:3]) for node in limb.nodes_mm[-2:])
    return 0.3 * before + 0.7 * last


def _tip(shape: VertebraShape, limb: Limb) -> np.ndarray:
    """Tip [3] mm of the right transverse process."""
    if isinstance(shape.arch, CervicalArch):
        nodes = (*shape.arch.tubercle_bar.nodes_mm, limb.nodes_mm[-1])
        ends = [_exit(shape, np.array(node[:3]), _RIGHT) for node in nodes]
        return max(ends, key=lambda end: end[0])
    # Where the chord of the limb, prolonged, leaves the bone.
    first, last = (np.array(limb.nodes_mm[i][:3]) for i in (0, -1))
    return _exit(shape, last, last - first)


def _exit(shape: VertebraShape, start, direction) -> np.ndarray:
    direction = np.asarray(direction)[None]
    return _first_exits(lambda p: vertebra_distance(p, shape), start, direction)[0]


def _first_exits(
    distance: Callable[[np.ndarray], np.ndarray], start, directions: np.ndarray
) -> np.ndarray:
    """First points [R, 3] of rays, from inside a solid, that lie on its surface, mm."""
    units = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = np.arange(0.0, _FARTHEST_MM, _STEP_MM)
    values = distance(start + along[:, None] * units[:, None])
    # A start just outside counts as inside: the ray first enters.
    inside = np.argmax(values < 0, axis=1)
    left = (values >= 0) & (np.arange(len(along)) > inside[:, None])
    after, rays = np.argmax(left, axis=1), np.arange(len(units))
    low, high = values[rays, after - 1], values[rays, after]
    length = along[after - 1] - _STEP_MM * low / (high - low)
    return start + length[:, None] * units
