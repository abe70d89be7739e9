"""The parameters of a fit, and the vertices they mean."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core.types import Array
from spine_jax.fitting.appearance import init_appearance
from spine_jax.fitting.problem import FitProblem
from spine_jax.fitting.template import UNIT_MM


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FitParams:
    """What is optimised; B vertebrae, K spectral modes.

    Attributes:
        appearance: Network parameters.
        affine: [B, 3, 3], starts at the identity.
        translation: [B, 3], units of 64 mm along the vertebra's own axes.
        spectral: [B, K, 3], displacement coefficients.
    """

    appearance: Array
    affine: Array
    translation: Array
    spectral: Array


def init_params(key: jax.Array, problem: FitProblem) -> tuple[FitParams, dict]:
    """Parameters at the initial pose, and the network's fixed frequencies."""
    n_vertebrae = problem.centre.shape[0]
    n_modes = problem.template.eigenvalues.shape[0]
    variables = init_appearance(key)
    params = FitParams(
        appearance=variables["params"],
        affine=jnp.tile(jnp.eye(3), (n_vertebrae, 1, 1)),
        translation=jnp.zeros((n_vertebrae, 3)),
        spectral=jnp.zeros((n_vertebrae, n_modes, 3)),
    )
    return params, variables["fixed"]


def deform(params: FitParams, problem: FitProblem) -> jax.Array:
    """Vertices [B, V, 3] in world units.

    x = R_b s_b (A_b (v + Phi U_b) + t_b) + c_b: spectral deformation of the template in
    its own frame, then the affine map, then the fixed initial pose.
    """
    displacement = jnp.einsum(
        "vk,bkc->bvc", problem.template.modes, params.spectral, precision="highest"
    )
    own = problem.template.vertices + displacement
    own = jnp.einsum("bij,bvj->bvi", params.affine, own, precision="highest")
    own = problem.scale[:, None, None] * (own + params.translation[:, None])
    turned = jnp.einsum("bij,bvj->bvi", problem.rotation, own, precision="highest")
    return turned + problem.centre[:, None]


def vertices_mm(
    params: FitParams, problem: FitProblem, origin_mm: np.ndarray
) -> np.ndarray:
    """Vertices [B, V, 3] in RAS+ mm, float64, given the world origin of the problem."""
    return np.asarray(deform(params, problem), np.float64) * UNIT_MM + origin_mm
