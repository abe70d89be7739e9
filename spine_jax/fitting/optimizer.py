"""The optimiser as optax transforms: vector-Adam, and Eq. 1's eigenvalue steps.

Order matters. Adam divides a coefficient's gradient by its own running size, so a
factor applied to the gradient *before* it cancels exactly. The eigenvalue factor
therefore multiplies the Adam *step*.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class VectorAdamState(NamedTuple):
    """Step count, first moments, and second moments of whole vectors."""

    count: jax.Array
    mean: optax.Updates
    squared_norm: optax.Updates


def scale_by_vector_adam(
    b1: float, b2: float, eps: float = 1e-8
) -> optax.GradientTransformation:
    """Adam whose second moment is the squared length of the last axis.

    Steps are then equivariant to rotation: no axis of the grid is preferred.

    Reference: Ling, Sharp, Jacobson, VectorAdam, 2022.
    """

    def init(params):
        return VectorAdamState(
            count=jnp.zeros((), jnp.int32),
            mean=jax.tree.map(jnp.zeros_like, params),
            squared_norm=jax.tree.map(lambda p: jnp.zeros_like(p[..., :1]), params),
        )

    def update(updates, state, params=None):
        del params
        count = state.count + 1
        mean = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, state.mean, updates)
        squared_norm = jax.tree.map(
            lambda v, g: b2 * v + (1 - b2) * jnp.sum(g**2, axis=-1, keepdims=True),
            state.squared_norm,
            updates,
        )
        correction1, correction2 = 1 - b1**count, 1 - b2**count
        steps = jax.tree.map(
            lambda m, v: (m / correction1) / (jnp.sqrt(v / correction2) + eps),
            mean,
            squared_norm,
        )
        return steps, VectorAdamState(count, mean, squared_norm)

    return optax.GradientTransformation(init, update)


class SpectralStepState(NamedTuple):
    """Step count."""

    count: jax.Array


def scale_by_eigenvalues(
    eigenvalues: jax.Array, alpha: optax.Schedule
) -> optax.GradientTransformation:
    """Eq. 1's factor (Lambda / lambda_0)^-alpha on the steps of coefficients [B, K, 3].

    lambda_0 is the smallest nontrivial eigenvalue; the constant mode, whose own
    eigenvalue is 0, takes lambda_0 and so the factor 1.

    Args:
        eigenvalues: [K], ascending from 0.
        alpha: Exponent at each step.
    """
    ratio = jnp.maximum(eigenvalues, eigenvalues[1]) / eigenvalues[1]

    def init(params):
        del params
        return SpectralStepState(jnp.zeros((), jnp.int32))

    def update(updates, state, params=None):
        del params
        factor = ratio ** -jnp.asarray(alpha(state.count))
        scaled = jax.tree.map(lambda u: factor[:, None] * u, updates)
        return scaled, SpectralStepState(state.count + 1)

    return optax.GradientTransformation(init, update)
