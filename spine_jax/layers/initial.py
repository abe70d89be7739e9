"""Initial parameters, drawn on the host.

On the device every parameter's shape would be a program of its own to compile, which
takes a minute for these networks. Modules therefore only say what to draw; `draw` does
it, to the same bits whatever the accelerator.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np


class Uniform(flax.struct.PyTreeNode, nn.meta.AxisMetadata):
    """A parameter yet to be drawn from U(low, high).

    Attributes:
        value: Stands for shape and dtype.
        low, high: Bounds; equal for a constant.
    """

    value: Any
    low: float = flax.struct.field(pytree_node=False)
    high: float = flax.struct.field(pytree_node=False)

    def unbox(self) -> Any:
        return self.value

    def replace_boxed(self, val: Any) -> "Uniform":
        return self.replace(value=val)

    def add_axis(self, index: int, params: dict) -> "Uniform":
        del index, params
        return self

    def remove_axis(self, index: int, params: dict) -> "Uniform":
        del index, params
        return self


def uniform(low: float, high: float) -> Callable:
    """Initialiser U(low, high) for `Module.param`."""

    def init(key, shape):
        del key
        return Uniform(jnp.zeros(shape, jnp.float32), low, high)

    return init


def constant(value: float) -> Callable:
    """Initialiser to one value for `Module.param`."""
    return uniform(value, value)


def uniform_fan_in(fan_in: int) -> Callable:
    """Initialiser U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's and so ADN's."""
    return uniform(-(fan_in**-0.5), fan_in**-0.5)


def draw_params(key: jax.Array, module: nn.Module, *inputs: Any) -> dict:
    """Parameters of a module whose every initialiser comes from this file.

    Args:
        key: Concrete; not inside jit.
        module: To be initialised.
        inputs: Shapes and dtypes of its inputs.
    """
    boxes = jax.eval_shape(module.init, jax.random.key(0), *inputs)["params"]
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))

    def draw(box: Uniform) -> jax.Array:
        drawn = generator.uniform(box.low, box.high, box.value.shape)
        return jnp.asarray(drawn.astype(np.float32))

    return jax.tree.map(draw, boxes, is_leaf=lambda leaf: isinstance(leaf, Uniform))
