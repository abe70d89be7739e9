"""Norms beside those of `blocks`, for methods that were built with them."""

import math
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import spatial_axes, standardise
from spine_jax.layers.initial import constant

BATCH_EPSILON = 1e-3
"""TensorFlow's, which the users of `BatchNorm` were written in."""


class AffineInstanceNorm(nn.Module):
    """Each channel of each example to zero mean and unit variance, then gain, shift."""

    @nn.compact
    def __call__(self, x: jax.Array, attention: jax.Array | None = None) -> jax.Array:
        del attention
        gain, shift = _affine(self, x)
        return (standardise(x, spatial_axes(x)) * gain + shift).astype(x.dtype)


class FrozenGroupNorm(nn.Module):
    """Groups of channels of each example to zero mean and unit variance.

    Gain and shift are there, but no gradient reaches them.

    Attributes:
        groups: Most groups; fewer where the channels do not divide.
    """

    groups: int = 32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        groups = math.gcd(self.groups, x.shape[-1])
        grouped = x.reshape(*x.shape[:-1], groups, -1)
        axes = (*spatial_axes(x), grouped.ndim - 1)
        normalised = standardise(grouped, axes).reshape(x.shape)
        gain, shift = jax.lax.stop_gradient(_affine(self, x))
        return (normalised * gain + shift).astype(x.dtype)


class BatchNorm(nn.Module):
    """Each channel of the batch to zero mean and unit variance, then gain and shift.

    Running averages of mean and variance are the collection "statistics": brought up
    to date in training where it is mutable, used in place of the batch's afterwards.

    Attributes:
        train: Whether to normalise by the batch.
        decay: Of the running averages, per call.
        axis_name: Mapped axis over which the batch is spread, if any.
    """

    train: bool
    decay: float = 0.9
    axis_name: str | None = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        gain, shift = _affine(self, x)
        channels = x.shape[-1:]
        running = {
            "mean": self.variable("statistics", "mean", jnp.zeros, channels),
            "variance": self.variable("statistics", "variance", jnp.ones, channels),
        }
        if self.train:
            current = self._of_batch(x)
            if self.is_mutable_collection("statistics") and not self.is_initializing():
                for name, kept in running.items():
                    change = jax.lax.stop_gradient(current[name]) - kept.value
                    kept.value += (1 - self.decay) * change
        else:
            current = {name: kept.value for name, kept in running.items()}
        shape = gain.shape
        mean, variance = (current[k].reshape(shape) for k in ("mean", "variance"))
        return (x - mean) * jax.lax.rsqrt(variance + BATCH_EPSILON) * gain + shift

    def _of_batch(self, x: jax.Array) -> dict[str, jax.Array]:
        axes = tuple(range(x.ndim - 1))
        mean = self._over_devices(jnp.mean(x, axes))
        return {
            "mean": mean,
            "variance": self._over_devices(jnp.mean((x - mean) ** 2, axes)),
        }

    def _over_devices(self, x: jax.Array) -> jax.Array:
        return x if self.axis_name is None else jax.lax.pmean(x, self.axis_name)


def initial_statistics(module: nn.Module, *inputs: Any) -> dict:
    """Running averages of a module's `BatchNorm`s before training.

    Args:
        module: To be initialised.
        inputs: Shapes and dtypes of its inputs.
    """
    variables = jax.eval_shape(module.init, jax.random.key(0), *inputs)

    def start(path, leaf):
        return jnp.full(leaf.shape, float(path[-1].key == "variance"), leaf.dtype)

    return jax.tree_util.tree_map_with_path(start, variables["statistics"])


def _affine(module: nn.Module, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Gain from 1 and shift from 0, shaped to go with x."""
    shape = (1,) * (x.ndim - 1) + x.shape[-1:]
    gain = module.param("gain", constant(1), x.shape[-1:])
    shift = module.param("shift", constant(0), x.shape[-1:])
    return gain.reshape(shape), shift.reshape(shape)
