"""Carrying a mesh from one parametric shape to another with its faces unchanged."""

import dataclasses
from typing import Any

import numpy as np
from scipy.interpolate import RBFInterpolator

from spine_jax.anatomy.arch import CervicalArch
from spine_jax.anatomy.implicit import vertebra_distance
from spine_jax.anatomy.meshing import onto_surface
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.remesh import neighbour_mean, slide, vertex_normals
from spine_jax.anatomy.shape import VertebraShape

_UNTANGLING_ROUNDS = 40
# Cosine between a face and the surface around it, and height over length of a face.
_FOLD_COSINE = 0.35
_SLIVER = 0.12


@dataclasses.dataclass(frozen=True)
class Pace:
    """How carefully a mesh is carried from one shape to another.

    Attributes:
        steps: Small changes of shape.
        slides: Slides after each of them, to keep triangles even.
        last_slides: Slides on the final shape.
        rate: Share of the way of one slide.
        newton_steps: Returns to the surface after a slide take this many.
        tangential: As in `slide`, except for the last half of the last slides.
        untangle: Whether to smooth out what folded in each step.
    """

    steps: int
    slides: int
    last_slides: int
    rate: float
    newton_steps: int
    tangential: float
    untangle: bool = False


NEAR = Pace(6, 2, last_slides=25, rate=0.4, newton_steps=2, tangential=1.0)
"""Between lumbar levels."""
FAR = Pace(8, 4, last_slides=40, rate=0.6, newton_steps=1, tangential=0.7)
"""To shapes with shorter or turned processes, where triangles crowd and fold."""
CERVICAL = Pace(
    8, 2, last_slides=25, rate=0.4, newton_steps=2, tangential=1.0, untangle=True
)
"""Between cervical levels, whose laminae and bars are thin."""


def morph_vertices(
    vertices_mm: np.ndarray,
    faces: np.ndarray,
    start: VertebraShape,
    end: VertebraShape,
    pace: Pace = NEAR,
) -> np.ndarray:
    """Move the vertices of a mesh of `start` onto `end`, [V, 3] mm.

    The shape changes in small steps. In each, a thin-plate spline through control
    points carries the vertices along, they slide a little, which keeps triangles even,
    and return to the surface. Every level made from one mesh shares its faces, and
    equal vertex numbers mean about the same place.

    Args:
        vertices_mm: [V, 3], on the surface of `start`.
        faces: [F, 3].
        start: Shape the mesh was made from.
        end: Shape to reach.
        pace: How carefully.
    """
    before = start
    for step in range(1, pace.steps + 1):
        shape = blend_shapes(start, end, step / pace.steps)
        carried = carry_points(vertices_mm, before, shape)

        def project(points_mm: np.ndarray, steps=pace.newton_steps, shape=shape):
            return onto_surface(lambda p: vertebra_distance(p, shape), points_mm, steps)

        vertices_mm = project(carried, steps=2)
        slides = pace.last_slides if step == pace.steps else pace.slides
        for i in range(slides):
            last = step == pace.steps and i >= slides // 2
            share = 1.0 if last else pace.tangential
            if pace.tangential < 1.0 and i % 2 == 0:
                vertices_mm = _freed(vertices_mm, faces, shape)
            vertices_mm = slide(
                vertices_mm, faces, project, pace.rate, tangential=share
            )
        if pace.untangle:
            for _ in range(3):
                vertices_mm = untangled(project(vertices_mm), faces)
        before = shape
    if pace.tangential < 1.0:
        for _ in range(3):
            vertices_mm = project(_freed(vertices_mm, faces, shape))
    return vertices_mm


def carry_points(
    points_mm: np.ndarray, start: VertebraShape, end: VertebraShape
) -> np.ndarray:
    """Points [P, 3] mm moved as corresponding places of two shapes move.

    The map is a thin-plate spline through tips, rims and canal: smooth, and it leads
    only roughly from one surface to the other.
    """
    before, after = _control_points(start), _control_points(end)
    moves = RBFInterpolator(before, after - before, smoothing=1.0)(points_mm)
    # The plane x = 0 maps to itself; rounding must not lift points off it.
    moves[points_mm[:, 0] == 0.0, 0] = 0.0
    return points_mm + moves


def _freed(vertices_mm: np.ndarray, faces: np.ndarray, shape: VertebraShape):
    """Push vertices out that lie inside, where a blade's sides are equally near.

    There the gradient vanishes and leads nowhere; the normal of the mesh leads out.
    """
    normals = vertex_normals(vertices_mm, faces)
    normals[vertices_mm[:, 0] == 0.0, 0] = 0.0
    depth_mm = np.minimum(vertebra_distance(vertices_mm, shape), 0.0)
    return vertices_mm - depth_mm[:, None] * normals


def untangled(vertices_mm: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Smooth vertices of slivers and folds, which leaves the surface a little there.

    The border of a half mesh stays in the plane x = 0.
    """
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges, count = np.unique(np.sort(directed, axis=1), axis=0, return_counts=True)
    border_edges = edges[count == 1]
    border = np.unique(border_edges)
    for _ in range(_UNTANGLING_ROUNDS):
        bad = _tangled(vertices_mm, faces)
        if not bad.any():
            break
        bad[np.unique(faces[bad[faces].any(axis=1)])] = True
        goal = neighbour_mean(vertices_mm, edges)
        goal[border] = neighbour_mean(vertices_mm, border_edges)[border]
        vertices_mm = np.where(bad[:, None], (vertices_mm + goal) / 2, vertices_mm)
    return vertices_mm


def _tangled(vertices_mm: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Vertices [V] of faces that are slivers or turned against a neighbour."""
    a, b, c = (vertices_mm[faces[:, i]] for i in range(3))
    doubled = np.cross(b - a, c - a)
    area = np.linalg.norm(doubled, axis=1)
    squares = [np.sum((p - q) ** 2, axis=1) for p, q in ((a, b), (b, c), (c, a))]
    longest = np.max(squares, axis=0)
    normals = doubled / np.maximum(area, 1e-12)[:, None]
    smooth = vertex_normals(vertices_mm, faces)[faces].sum(axis=1)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-12)
    against = np.sum(normals * smooth, axis=1) < _FOLD_COSINE
    bad = np.zeros(len(vertices_mm), dtype=bool)
    bad[faces[against | (area < _SLIVER * longest)]] = True
    return bad


def _control_points(shape: VertebraShape) -> np.ndarray:
    """Corresponding places of every shape, [K, 3] mm: tips, canal and rims."""
    arch, canal = shape.arch, shape.canal
    half_depth = canal.depth_mm / 2
    right = [
        _tip(arch.superior_process),
        _tip(arch.inferior_process),
        _tip(arch.transverse_process),
        (canal.width_mm / 2, canal.centre_y_mm, 0.0),
    ]
    middle = [node[:3] for node in arch.spinous_end.nodes_mm]
    if isinstance(arch, CervicalArch):
        # The fork of the spinous process is off the mid-plane.
        right = right + middle
        middle = [node[:3] for node in arch.spinous_process.nodes_mm]
        right += [
            node[:3]
            for limb in (arch.uncinate, arch.costal_bar, arch.foramen)
            for node in limb.nodes_mm
        ]
    middle += [(0.0, canal.centre_y_mm + s * half_depth, 0.0) for s in (-1, 1)]
    body_right, body_middle = _body_points(shape)
    right, middle = np.array(right + body_right), np.array(middle + body_middle)
    return np.concatenate([right, right * [-1, 1, 1], middle])


def _body_points(shape: VertebraShape) -> tuple[list, list]:
    """Rims and waist: sides of the right half, then front and back."""
    body = shape.body
    back = body.posterior_wall_y_mm
    front = back + body.depth_mid_mm
    centre = (back + front) / 2
    right, middle = [], []
    for width, depth, side in (
        (body.width_upper_mm, body.depth_upper_mm, 0.5),
        (body.width_mid_mm, body.depth_mid_mm, 0.0),
        (body.width_lower_mm, body.depth_lower_mm, -0.5),
    ):
        mean_height = (body.height_anterior_mm + body.height_posterior_mm) / 2
        gain = depth - body.depth_mid_mm
        right.append((width / 2, centre, body.centre_z_mm + side * mean_height))
        for y, height in (
            (front + gain * (1 - body.waist_back_fraction), body.height_anterior_mm),
            (back - gain * body.waist_back_fraction, body.height_posterior_mm),
        ):
            middle.append((0.0, y, body.centre_z_mm + side * height))
    return right, middle


def _tip(limb: Limb) -> np.ndarray:
    """Where the axis of a limb leaves its last end cap."""
    before, last = (np.array(node) for node in limb.nodes_mm[-2:])
    axis = last[:3] - before[:3]
    return last[:3] + axis / np.linalg.norm(axis) * last[4]


def blend_shapes(start: VertebraShape, end: VertebraShape, share: float):
    """All parameters moved linearly, `share` = 0 at `start` and 1 at `end`."""
    return _blend(start, end, share)


def _blend(start: Any, end: Any, share: float) -> Any:
    if dataclasses.is_dataclass(start):
        names = [field.name for field in dataclasses.fields(start)]
        blended = {n: _blend(getattr(start, n), getattr(end, n), share) for n in names}
        return type(start)(**blended)
    if isinstance(start, tuple):
        return tuple(_blend(s, e, share) for s, e in zip(start, end))
    return start + share * (end - start)
