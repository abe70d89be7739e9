"""The deformable templates: rest meshes, hierarchy, spectral basis."""

import dataclasses
from collections.abc import Sequence

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
    """Vertebrae of one topology ready to be deformed: one for all, or one for each.

    Own frame: body centre at the origin, x right, y anterior, z cranial.

    Attributes:
        vertices: [1, V, 3] or [B, V, 3], units of 64 mm.
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


def build_template(meshes: Mesh | Sequence[Mesh], n_modes: int) -> FitTemplate:
    """Prepare template meshes on the host.

    Args:
        meshes: vertices_mm [V, 3] in their own frames: one for all vertebrae, or one
            for each, with common faces. Their mean has the hierarchy and the basis.
        n_modes: K, at most V.
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else list(meshes)
    vertices = np.stack([np.asarray(mesh.vertices_mm, np.float64) for mesh in meshes])
    vertices /= UNIT_MM
    typical = vertices.mean(axis=0)
    faces = np.asarray(meshes[0].faces, np.int32)
    basis = spectral_basis(typical, faces, min(n_modes, len(typical)))
    mean_mass = basis.mass.mean()
    return FitTemplate(
        vertices=jnp.asarray(vertices, jnp.float32),
        hierarchy=build_hierarchy(typical, faces),
        edges=jnp.asarray(unique_edges(faces)),
        modes=jnp.asarray(basis.modes * np.sqrt(mean_mass), jnp.float32),
        eigenvalues=jnp.asarray(basis.eigenvalues * mean_mass, jnp.float32),
    )


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TemplateGroup:
    """The vertebrae of a fit that share a topology.

    Attributes:
        members: [B] int32, their places among all vertebrae of the fit.
        template: One shape for all of them or one for each.
    """

    members: jax.Array
    template: FitTemplate


def build_groups(meshes: Sequence[Mesh], n_modes: int) -> tuple[TemplateGroup, ...]:
    """Prepare the template meshes of all vertebrae of a fit, on the host.

    Args:
        meshes: One per vertebra, in the fit's order; the same object where vertebrae
            share a template. Those with equal faces become a group.
        n_modes: As in `build_template`.
    """
    groups: list[list[int]] = []
    for i, mesh in enumerate(meshes):
        own = (g for g in groups if np.array_equal(meshes[g[0]].faces, mesh.faces))
        group = next(own, None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    return tuple(_build_group(meshes, members, n_modes) for members in groups)


def _build_group(
    meshes: Sequence[Mesh], members: list[int], n_modes: int
) -> TemplateGroup:
    own = [meshes[i] for i in members]
    alike = all(mesh is own[0] for mesh in own)
    return TemplateGroup(
        members=jnp.asarray(members, jnp.int32),
        template=build_template(own[:1] if alike else own, n_modes),
    )
