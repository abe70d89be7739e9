"""Initial parameters, drawn on the host.

On the device every parameter's shape would be a program of its own to compile, which
takes a minute for these networks. Modules therefore only say what to draw;
`draw_params` does it, to the same bits whatever the accelerator.
"""

from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import flax.struct
import jax
import jax.numpy as jnp
import numpy as np

Initialiser = Callable[[Any, tuple[int, ...]], Any]


class Undrawn(flax.struct.PyTreeNode, nn.meta.AxisMetadata):
    """A parameter yet to be drawn.

    Attributes:
        value: Stands for shape and dtype.
        sample: From a generator and a shape to numbers.
    """

    value: Any
    sample: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray] = (
        flax.struct.field(pytree_node=False)
    )

    def unbox(self) -> Any:
        return self.value

    def replace_boxed(self, val: Any) -> "Undrawn":
        return self.replace(value=val)

    def add_axis(self, index: int, params: dict) -> "Undrawn":
        del index, params
        return self

    def remove_axis(self, index: int, params: dict) -> "Undrawn":
        del index, params
        return self


def uniform(low: float, high: float) -> Initialiser:
    """U(low, high)."""
    return _initialiser(lambda generator, shape: generator.uniform(low, high, shape))


def constant(value: float) -> Initialiser:
    """One value."""
    return uniform(value, value)


def uniform_fan_in(fan_in: float) -> Initialiser:
    """U(-1/sqrt(fan_in), 1/sqrt(fan_in)), PyTorch's and so ADN's."""
    return uniform(-(fan_in**-0.5), fan_in**-0.5)


def normal(deviation: float) -> Initialiser:
    """N(0, deviation^2)."""
    return _initialiser(lambda generator, shape: generator.normal(0, deviation, shape))


def truncated_normal(deviation: float) -> Initialiser:
    """N(0, deviation^2) with what lies beyond two deviations drawn anew."""

    def sample(generator, shape):
        drawn = generator.normal(size=shape)
        while (beyond := np.abs(drawn) > 2).any():
            drawn[beyond] = generator.normal(size=int(beyond.sum()))
        return deviation * drawn

    return _initialiser(sample)


def draw_params(
    key: jax.Array,
    module: nn.Module,
    *inputs: Any,
    start: Mapping[str, Initialiser] | None = None,
) -> dict:
    """Parameters of a module whose every initialiser comes from this file.

    Args:
        key: Concrete; not inside jit.
        module: To be initialised.
        inputs: Shapes and dtypes of its inputs.
        start: By a parameter's own name ("kernel"): its initialiser in place of the
            module's.
    """
    start = start or {}
    boxes = jax.eval_shape(module.init, jax.random.key(0), *inputs)["params"]
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))

    def draw(path, box: Undrawn) -> jax.Array:
        shape, name = box.value.shape, path[-1].key
        sample = start[name](None, shape).sample if name in start else box.sample
        return jnp.asarray(sample(generator, shape).astype(np.float32))

    is_box = lambda leaf: isinstance(leaf, Undrawn)  # noqa: E731
    return jax.tree_util.tree_map_with_path(draw, boxes, is_leaf=is_box)


def _initialiser(sample: Callable) -> Initialiser:
    """For `Module.param`, whose key is not used."""

    def init(key, shape):
        del key
        return Undrawn(jnp.zeros(shape, jnp.float32), sample)

    return init
