"""Spectral basis of a mesh: Laplace-Beltrami modes as coordinates of deformation."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg

from spine_jax.core.types import Array
from spine_jax.geometry.laplacian import cotangent_laplacian, lumped_mass


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class SpectralBasis:
    """The lowest K modes of L phi = lambda A phi.

    Attributes:
        eigenvalues: [K], ascending, per squared length unit; the first is 0.
        modes: [V, K], columns orthonormal under the mass: modes.T A modes = I.
        mass: [V], diagonal of A, squared length unit.
    """

    eigenvalues: Array
    modes: Array
    mass: Array


def spectral_basis(
    vertices: np.ndarray, faces: np.ndarray, n_modes: int | None = None
) -> SpectralBasis:
    """Eigenbasis of a mesh on the host (dense, seconds at 2,000 vertices), float64.

    Args:
        vertices: [V, 3]; faces: [F, 3].
        n_modes: K in [1, V]; None takes all V.

    Raises:
        ValueError: when a vertex belongs to no face with area (its mass is zero), or
            fewer than one or more than V modes are asked for.
    """
    n_vertices = len(vertices)
    n_modes = n_vertices if n_modes is None else n_modes
    if not 1 <= n_modes <= n_vertices:
        raise ValueError(
            f"{n_modes} modes asked of a mesh of {n_vertices} vertices, expected 1 to "
            f"{n_vertices}"
        )
    mass = lumped_mass(vertices, faces)
    if not np.all(mass > 0):
        raise ValueError(
            f"{int((mass <= 0).sum())} vertices belong to no face with area, "
            "expected none; remove unused vertices first"
        )
    # A is diagonal, so A^-1/2 L A^-1/2 is an ordinary symmetric problem.
    scale = 1 / np.sqrt(mass)
    symmetric = cotangent_laplacian(vertices, faces).toarray() * np.outer(scale, scale)
    subset = None if n_modes == n_vertices else (0, n_modes - 1)
    eigenvalues, vectors = scipy.linalg.eigh(symmetric, subset_by_index=subset)
    modes = vectors * scale[:, None]
    # Signs are arbitrary: fix them so that equal meshes give equal bases.
    signs = np.sign(modes[np.abs(modes).argmax(axis=0), np.arange(n_modes)])
    return SpectralBasis(np.maximum(eigenvalues, 0.0), modes * signs, mass)


def to_spectral(basis: SpectralBasis, values: jax.Array) -> jax.Array:
    """Coefficients [..., K, C] of vertex functions [..., V, C]."""
    weighted = basis.mass[:, None] * values
    return jnp.einsum("vk,...vc->...kc", basis.modes, weighted, precision="highest")


def from_spectral(basis: SpectralBasis, coefficients: jax.Array) -> jax.Array:
    """Vertex functions [..., V, C] of coefficients [..., K, C]; inverts `to_spectral`
    up to the modes left out."""
    return jnp.einsum("vk,...kc->...vc", basis.modes, coefficients, precision="highest")
