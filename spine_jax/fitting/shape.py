"""The parameters of a fit, and the vertices they mean."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core.types import Array
from spine_jax.fitting.appearance import init_appearance
from spine_jax.fitting.problem import FitProblem
from spine_jax.fitting.template import UNIT_MM, TemplateGroup
from spine_jax.kernels.hierarchy import FaceHierarchy


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitParams:
    """What is optimised, of B vertebrae.

    Attributes:
        appearance: Network parameters.
        affine: [B, 3, 3], starts at the identity.
        translation: [B, 3], units of 64 mm along the vertebra's own axes.
        spectral: Displacement coefficients [B', K, 3] of the B' vertebrae and K modes
            of each group of templates.
    """

    appearance: Array
    affine: Array
    translation: Array
    spectral: tuple[Array, ...]


def init_params(key: jax.Array, problem: FitProblem) -> tuple[FitParams, dict]:
    """Parameters at the initial pose, and the network's fixed frequencies."""
    n_vertebrae = problem.centre.shape[0]
    variables = init_appearance(key)
    params = FitParams(
        appearance=variables["params"],
        affine=jnp.tile(jnp.eye(3), (n_vertebrae, 1, 1)),
        translation=jnp.zeros((n_vertebrae, 3)),
        spectral=tuple(
            jnp.zeros((len(group.members), len(group.template.eigenvalues), 3))
            for group in problem.groups
        ),
    )
    return params, variables["fixed"]


@jax.jit
def deform(params: FitParams, problem: FitProblem) -> tuple[jax.Array, ...]:
    """Vertices [B', V, 3] of each group, in world units.

    x = R_b s_b (A_b (v + Phi U_b) + t_b) + c_b: spectral deformation of the template in
    its own frame, then the affine map, then the fixed initial pose.
    """
    return tuple(
        _deformed(params, spectral, problem, group)
        for spectral, group in zip(params.spectral, problem.groups, strict=True)
    )


def _deformed(
    params: FitParams, spectral: jax.Array, problem: FitProblem, group: TemplateGroup
) -> jax.Array:
    affine, translation, rotation, scale, centre = (
        of_all[group.members]
        for of_all in (
            params.affine,
            params.translation,
            problem.rotation,
            problem.scale,
            problem.centre,
        )
    )
    displacement = jnp.einsum(
        "vk,bkc->bvc", group.template.modes, spectral, precision="highest"
    )
    own = group.template.vertices + displacement
    own = jnp.einsum("bij,bvj->bvi", affine, own, precision="highest")
    own = scale[:, None, None] * (own + translation[:, None])
    turned = jnp.einsum("bij,bvj->bvi", rotation, own, precision="highest")
    return turned + centre[:, None]


def meshes_mm(
    params: FitParams, problem: FitProblem, origin_mm: np.ndarray
) -> list[tuple[np.ndarray, FaceHierarchy]]:
    """Every vertebra's mesh: vertices [V, 3] in RAS+ mm, float64, and its topology.

    Args:
        origin_mm: [3], where the problem's world has its origin.
    """
    by_place = {}
    for vertices, group in zip(deform(params, problem), problem.groups, strict=True):
        in_mm = np.asarray(vertices, np.float64) * UNIT_MM + origin_mm
        for place, own in zip(np.asarray(group.members), in_mm, strict=True):
            by_place[int(place)] = own, group.template.hierarchy
    return [by_place[place] for place in sorted(by_place)]
