"""A smooth surface around labelled voxels that stays true to every voxel.

Surface nets after Gibson (Constrained elastic surface nets, MICCAI 1998): a node in
each cell of eight voxel centres that the surface crosses, moved to be smooth but kept
in its cell. So every voxel centre stays on its side, thin plates survive, and the
staircase of thick slices goes.
"""

import numpy as np
from scipy import sparse

from spine_jax.core import Mesh

_REACH_VOX = 0.45
"""How far a node may go from the middle of its cell; 0.5 is the cell's wall."""
_OFF_GRID_VOX = np.array([1.3e-5, 3.1e-5, 1.9e-5])
"""Keeps edges of flat walls off the lines through voxel centres, where counting the
crossings of such a line is ambiguous."""
_ROUNDS = 100
_DRIFT_ROUNDS = 10
_STEP = 0.25
"""Of the descent; the largest eigenvalue of the bending is at most 4."""


def smooth_surface(mask: np.ndarray, spacing_mm: np.ndarray) -> Mesh:
    """Surface of a mask, closed, outward, smooth.

    Args:
        mask: [X, Y, Z] bool, empty in its outermost layer.
        spacing_mm: [3], voxel size.

    Returns:
        A mesh in mm from the centre of the first voxel. Centres of set voxels are
        inside, all others outside.
    """
    node_of_cell, cells = _cells(mask)
    nodes = _relaxed(cells + 0.5, _averaging(mask, node_of_cell, cells))
    vertices = (nodes + _OFF_GRID_VOX) * spacing_mm
    return Mesh(vertices, _triangles(vertices, _quads(mask, node_of_cell)))


def _relaxed(middle: np.ndarray, averaging: sparse.csr_matrix) -> np.ndarray:
    """Nodes [N, 3] near the middles of their cells that bend the surface least.

    Accelerated projected gradient descent on the squared Laplacian (Beck and Teboulle
    2009): bending rather than tension, for tension would pull round parts inwards.
    """
    bending = averaging - sparse.identity(len(middle), format="csr")
    transposed = bending.T.tocsr()
    low, high = middle - _REACH_VOX, middle + _REACH_VOX
    nodes = ahead = middle
    momentum = 1.0
    for _ in range(_ROUNDS):
        moved = ahead - _STEP * (transposed @ (bending @ ahead))
        moved = np.clip(moved, low, high)
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / following * (moved - nodes)
        nodes, momentum = moved, following
    return np.clip(nodes - _drift(nodes - middle, averaging), low, high)


def _drift(moved: np.ndarray, averaging: sparse.csr_matrix) -> np.ndarray:
    """What a whole neighbourhood of nodes moved alike, [N, 3].

    Smoothing a staircase moves nodes to and fro; where they all moved one way a thin or
    sharp part shrank.
    """
    for _ in range(_DRIFT_ROUNDS):
        moved = averaging @ moved
    return moved


def _cells(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells the surface crosses: node number per cell (-1 none), and indices [N, 3]."""
    count = np.zeros(np.array(mask.shape) - 1, np.int8)
    for x, y, z in np.ndindex(2, 2, 2):
        count += mask[_window(x), _window(y), _window(z)]
    crossed = (count > 0) & (count < 8)
    node = np.full(count.shape, -1, np.int32)
    node[crossed] = np.arange(np.count_nonzero(crossed))
    return node, np.argwhere(crossed)


def _averaging(
    mask: np.ndarray, node_of_cell: np.ndarray, cells: np.ndarray
) -> sparse.csr_matrix:
    """Mean over neighbours: cells across a wall that the surface crosses."""
    pairs = []
    for axis in range(3):
        along = np.moveaxis(mask, axis, 0)[1:-1]
        count = sum(
            along[:, _window(b), _window(c)].astype(np.int8)
            for b, c in np.ndindex(2, 2)
        )
        numbers = np.moveaxis(node_of_cell, axis, 0)
        crossed = (count > 0) & (count < 4)
        pairs.append(np.stack([numbers[:-1][crossed], numbers[1:][crossed]]))
    one, other = np.concatenate(pairs, axis=1)
    rows, columns = np.concatenate([one, other]), np.concatenate([other, one])
    links = sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)), shape=(len(cells),) * 2
    )
    return sparse.diags(1.0 / np.asarray(links.sum(axis=1)).ravel()) @ links


def _quads(mask: np.ndarray, node_of_cell: np.ndarray) -> np.ndarray:
    """Node numbers [Q, 4] around each pair of a set and an unset voxel, outward."""
    quads = []
    for axis in range(3):
        # The other two axes in the order that makes a right-handed frame.
        step, side, up = np.roll(np.eye(3, dtype=int), -axis, axis=0)
        low = tuple(slice(0, n - s) for n, s in zip(mask.shape, step))
        high = tuple(slice(s, None) for s in step)
        for inner, outer, outward in ((low, high, 1), (high, low, -1)):
            edge = np.argwhere(mask[inner] & ~mask[outer])
            ring = [edge, edge - side, edge - side - up, edge - up][::outward]
            quads.append(np.stack([node_of_cell[tuple(c.T)] for c in ring], axis=1))
    return np.concatenate(quads)


def _triangles(vertices: np.ndarray, quads: np.ndarray) -> np.ndarray:
    """Each quad in two along its shorter diagonal, [F, 3] int32."""
    a, b, c, d = (vertices[quads[:, i]] for i in range(4))
    short = np.linalg.norm(a - c, axis=1) <= np.linalg.norm(b - d, axis=1)
    quads = np.where(short[:, None], quads, np.roll(quads, -1, axis=1))
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)


def _window(offset: int) -> slice:
    return slice(offset, -1 if offset == 0 else None)
