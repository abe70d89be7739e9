"""Line integrals through voxels in cone-beam geometry, and the transpose.

Each ray is sampled where it crosses planes parallel to the detector, trilinearly. In
such planes all rays of a detector column share x and y, and all columns share the z of
a row. So the sum along the rays is a gather of whole columns of voxels, four per sample
and detector *column*, and one matrix product that interpolates and sums along z.

Accuracy: the samples are those of a midpoint rule with trilinear interpolation, second
order in voxel size and step where the object is smooth and for rays that cross sharp
edges. Rays that graze an edge see it blurred, which makes the root mean square over all
rays first order.
"""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core.types import Array
from spine_jax.simulation.cbct.carm import CArm, Trajectory

_PLANES_AT_ONCE = 16


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Grid:
    """Voxels along the axes of the C-arm.

    Attributes:
        first_mm: [3], centre of the first voxel from the isocentre.
        spacing_mm: [3].
        shape: [3] (static).
    """

    first_mm: Array
    spacing_mm: Array
    shape: tuple[int, int, int] = dataclasses.field(metadata={"static": True})

    def axes_mm(self) -> tuple[np.ndarray, ...]:
        """Positions of the voxels along x, y and z."""
        return tuple(
            np.asarray(start + step * np.arange(n))
            for start, step, n in zip(self.first_mm, self.spacing_mm, self.shape)
        )


def grid_within(low_mm: Array, high_mm: Array, spacing_mm: float) -> Grid:
    """The grid whose voxels just cover the box from `low_mm` [3] to `high_mm` [3]."""
    low, high = np.asarray(low_mm, float), np.asarray(high_mm, float)
    counts = np.ceil((high - low) / spacing_mm - 1e-6).astype(int)
    margin = (counts * spacing_mm - (high - low)) / 2
    x, y, z = (int(n) for n in np.maximum(counts, 1))
    first = low - margin + spacing_mm / 2
    return Grid(first.astype(np.float32), np.full(3, spacing_mm, np.float32), (x, y, z))


def project(
    images: jax.Array,
    grid: Grid,
    carm: CArm,
    trajectory: Trajectory | None = None,
    *,
    step_mm: float | None = None,
) -> jax.Array:
    """Line integrals of images along all rays of all views.

    Linear in the images and differentiable in them; beyond the voxels they are 0.

    Args:
        images: [M, X, Y, Z] on `grid`.
        grid: Must be concrete, not traced: it decides how many planes are sampled.
        carm: Detector and nominal arc.
        trajectory: Where the views were taken from; the nominal one where None.
        step_mm: Distance of the planes; the least voxel size where None.

    Returns:
        [M, V, columns, rows], value times mm.

    Cost: per view, planes x columns gathers of 4 Z values and a product of
    [columns, planes Z] with [planes Z, rows] per image. Memory: one chunk of planes of
    one view beside the images and the result.
    """
    step = float(np.min(grid.spacing_mm) if step_mm is None else step_mm)
    half_mm = np.asarray(grid.spacing_mm) * (np.array(grid.shape) + 1) / 2
    n_planes = int(np.ceil(2 * np.hypot(*half_mm[:2]) / step))
    n_chunks = -(-n_planes // _PLANES_AT_ONCE)
    return _project(images, grid, carm, trajectory or carm.trajectory(), step, n_chunks)


def back_project(
    projections: jax.Array,
    grid: Grid,
    carm: CArm,
    trajectory: Trajectory | None = None,
    *,
    step_mm: float | None = None,
) -> jax.Array:
    """The transpose of `project`: [M, V, columns, rows] to [M, X, Y, Z]."""
    images = jax.ShapeDtypeStruct(
        (projections.shape[0], *grid.shape), projections.dtype
    )

    def forward(values: jax.Array) -> jax.Array:
        return project(values, grid, carm, trajectory, step_mm=step_mm)

    return jax.linear_transpose(forward, images)(projections)[0]


@functools.partial(jax.jit, static_argnums=5)
def _project(
    images: jax.Array,
    grid: Grid,
    carm: CArm,
    trajectory: Trajectory,
    step_mm: float,
    n_chunks: int,
) -> jax.Array:
    # A rim of zeros, so that clamped positions outside read 0.
    rimmed = jnp.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    columns_of_voxels = rimmed.reshape(images.shape[0], -1, grid.shape[2])

    def view(one: Trajectory) -> jax.Array:
        return _view(columns_of_voxels, grid, carm, one, step_mm, n_chunks)

    return jnp.moveaxis(jax.lax.map(view, trajectory), 1, 0)


def _view(
    voxels: jax.Array,
    grid: Grid,
    carm: CArm,
    view: Trajectory,
    step_mm: float,
    n_chunks: int,
) -> jax.Array:
    """One view, [M, columns, rows]. `voxels` are [M, (X + 2)(Y + 2), Z]."""
    dtype = voxels.dtype
    sod = jnp.asarray(carm.source_to_isocentre_mm, dtype)
    u = (carm.columns_mm + view.column_shift_mm).astype(dtype)
    v = (carm.rows_mm + view.row_shift_mm).astype(dtype)
    to_source = jnp.stack([jnp.cos(view.angles_rad), jnp.sin(view.angles_rad)])
    size = jnp.asarray(grid.shape[:2], dtype) - 1
    centre = grid.first_mm[:2] + grid.spacing_mm[:2] * size / 2
    middle = jnp.sum(centre * to_source)
    n_planes = n_chunks * _PLANES_AT_ONCE

    def add_chunk(total: jax.Array, chunk: jax.Array) -> tuple[jax.Array, None]:
        plane = chunk * _PLANES_AT_ONCE + jnp.arange(_PLANES_AT_ONCE)
        depth = (middle + step_mm * (plane - (n_planes - 1) / 2)).astype(dtype)
        spread = (sod - depth) / sod
        sampled = _sample_columns(voxels, grid, to_source, depth, spread[:, None] * u)
        weights = _row_weights(grid, spread[:, None] * v)
        # Contracted over planes and z at once, as a single matrix product per image.
        flat = sampled.reshape(*sampled.shape[:2], -1)
        weights = weights.reshape(-1, weights.shape[-1])
        return total + jnp.matmul(flat, weights, precision="highest"), None

    zero = jnp.zeros((voxels.shape[0], carm.n_columns, carm.n_rows), dtype)
    total, _ = jax.lax.scan(add_chunk, zero, jnp.arange(n_chunks))
    obliquity = jnp.sqrt(sod**2 + u[:, None] ** 2 + v[None, :] ** 2) / sod
    return total * (step_mm * obliquity).astype(dtype)


def _sample_columns(
    voxels: jax.Array, grid: Grid, to_source: jax.Array, depth: jax.Array, u: jax.Array
) -> jax.Array:
    """Columns of voxels interpolated in x and y, [M, columns, planes, Z].

    Args:
        voxels: [M, (X + 2)(Y + 2), Z], with the rim of zeros.
        grid: Of the voxels without the rim.
        to_source: [2], unit direction to the source.
        depth: [planes], mm towards the source.
        u: [planes, columns], mm at that depth.
    """
    n_x, n_y = (n + 2 for n in grid.shape[:2])
    x = depth[:, None] * to_source[0] - u * to_source[1]
    y = depth[:, None] * to_source[1] + u * to_source[0]
    i = (x - grid.first_mm[0]) / grid.spacing_mm[0] + 1
    j = (y - grid.first_mm[1]) / grid.spacing_mm[1] + 1
    i, j = jnp.clip(i, 0, n_x - 1).T, jnp.clip(j, 0, n_y - 1).T
    i0 = jnp.minimum(jnp.floor(i), n_x - 2)
    j0 = jnp.minimum(jnp.floor(j), n_y - 2)
    fi, fj = (i - i0)[..., None], (j - j0)[..., None]
    first = (i0 * n_y + j0).astype(jnp.int32)

    def at(offset: int) -> jax.Array:
        return voxels.at[:, first + offset].get(mode="promise_in_bounds")

    near = (1 - fj) * at(0) + fj * at(1)
    far = (1 - fj) * at(n_y) + fj * at(n_y + 1)
    return (1 - fi) * near + fi * far


def _row_weights(grid: Grid, v: jax.Array) -> jax.Array:
    """Linear interpolation along z as weights [planes, Z, rows] of v [planes, rows]."""
    k = (v - grid.first_mm[2]) / grid.spacing_mm[2]
    index = jnp.arange(grid.shape[2], dtype=v.dtype)
    return jnp.maximum(0, 1 - jnp.abs(index[:, None] - k[:, None, :]))
