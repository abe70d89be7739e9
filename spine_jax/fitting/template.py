"""The deformable template: rest mesh, hierarchy, spectral basis."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import Mesh
from spine_jax.geometry import spectral_basis, unique_edges
from spine_jax.kernels.hierarchy import FaceHierarchy, build_hierarchy

UNIT_MM = 64.0
"""Length unit inside the optimiser, as the paper: it brings positions, matrices and
network weights to one scale."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitTemplate:
    """One vertebra ready to be deformed; shared by all vertebrae of a fit.

    Own frame: body centre at the origin, x right, y anterior, z cranial.

    Attributes:
        vertices: [V, 3], units of 64 mm.
        hierarchy: Of its faces.
        edges: [E, 2] int32, undirected.
        modes: [V, K]. Scaled to unit mean vertex mass, so that a coefficient moves
            vertices as far as in the massless orthonormal basis of the paper.
        eigenvalues: [K], ascending from 0, dimensionless in that scaling.
    """

    vertices: jax.Array
    hierarchy: FaceHierarchy
    edges: jax.Array
    modes: jax.Array
    eigenvalues: jax.Array


def build_template(mesh: Mesh, n_modes: int) -> FitTemplate:
    """Prepare a template mesh (vertices_mm [V, 3] in its own frame) on the host."""
    vertices = np.asarray(mesh.vertices_mm, np.float64) / UNIT_MM
    faces = np.asarray(mesh.faces, np.int32)
    basis = spectral_basis(vertices, faces, min(n_modes, len(vertices)))
    mean_mass = basis.mass.mean()
    return FitTemplate(
        vertices=jnp.asarray(vertices, jnp.float32),
        hierarchy=build_hierarchy(vertices, faces),
        edges=jnp.asarray(unique_edges(faces)),
        modes=jnp.asarray(basis.modes * np.sqrt(mean_mass), jnp.float32),
        eigenvalues=jnp.asarray(basis.eigenvalues * mean_mass, jnp.float32),
    )
