"""Appearance: the intensity a CT shows at a signed distance from the bone surface."""

from collections.abc import Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

GRID_LOW, GRID_HIGH, GRID_NODES = -0.5, 1.0, 385
"""Distances (units of 64 mm) at which the network is evaluated: every quarter of a
millimetre from -32 to 64 mm. Beyond the ends the curve stays constant."""


class Appearance(nn.Module):
    """Rendering function f: signed distance -> intensity (section 2.1 of the paper).

    A multilayer perceptron of three linear layers on Fourier features of the distance,
    with fixed random frequencies.

    Attributes:
        width: Hidden width; half of it is the number of frequencies.
        frequency_scale: Standard deviation of the frequencies, cycles per unit length.
    """

    width: int = 64
    frequency_scale: float = 2.0

    @nn.compact
    def __call__(self, distance: jax.Array) -> jax.Array:
        """Intensities of distances, any shape, units of 64 mm."""
        frequencies = self.variable(
            "fixed",
            "frequencies",
            lambda: (
                self.frequency_scale
                * jax.random.normal(self.make_rng("params"), (self.width // 2,))
            ),
        ).value
        phase = 2 * jnp.pi * distance[..., None] * frequencies
        hidden = jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=-1)
        for _ in range(2):
            hidden = nn.relu(nn.Dense(self.width)(hidden))
        return nn.Dense(1)(hidden)[..., 0]


@jax.jit
def init_appearance(key: jax.Array) -> Mapping[str, Any]:
    """Variables of the network: `params` to optimise and the `fixed` frequencies."""
    return Appearance().init(key, jnp.zeros(1))


@jax.jit
def appearance_curve(variables: dict) -> tuple[jax.Array, jax.Array]:
    """The learned curve: distances [GRID_NODES], units of 64 mm, and intensities."""
    nodes = jnp.linspace(GRID_LOW, GRID_HIGH, GRID_NODES)
    return nodes, jnp.asarray(Appearance().apply(variables, nodes))


def render(variables: dict, distance: jax.Array) -> jax.Array:
    """Intensities [P] at signed distances [P], units of 64 mm.

    f is a function of one number, so the network is evaluated once on a fine grid and
    interpolated: 385 evaluations in place of 10,000, with the same gradients to within
    the grid's quarter of a millimetre.
    """
    _, intensity = appearance_curve(variables)
    position = (distance - GRID_LOW) * ((GRID_NODES - 1) / (GRID_HIGH - GRID_LOW))
    position = jnp.clip(position, 0, GRID_NODES - 1)
    cell = jnp.minimum(jnp.floor(position), GRID_NODES - 2)
    fraction = position - jax.lax.stop_gradient(cell)
    cell = cell.astype(jnp.int32)
    return (1 - fraction) * intensity[cell] + fraction * intensity[cell + 1]
