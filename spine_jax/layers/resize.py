"""Changes of size by fixed weights, [B, *S, C]."""

import jax
import jax.numpy as jnp

from spine_jax.layers.blocks import spatial_axes


def resize_to_corners(x: jax.Array, size: tuple[int, ...]) -> jax.Array:
    """Linear interpolation that keeps the outermost pixels where they are.

    Args:
        x: At least 2 pixels a side.
        size: Pixels of the result, at least 2 a side.
    """
    old = jnp.array(x.shape[1:-1], jnp.float32)
    scale = (jnp.array(size, jnp.float32) - 1) / (old - 1)
    # JAX measures from the edge of the first pixel, half a pixel before its centre.
    return jax.image.scale_and_translate(
        x,
        (x.shape[0], *size, x.shape[-1]),
        spatial_axes(x),
        scale,
        0.5 - 0.5 * scale,
        method="linear",
        antialias=False,
    )


def mean_pool_overlapping(x: jax.Array) -> jax.Array:
    """Mean of the pixels around every other pixel, 3 a side; fewer at the border."""
    there = jnp.ones((1, *x.shape[1:-1], 1), x.dtype)
    return _around_every_other(x) / _around_every_other(there)


def _around_every_other(x: jax.Array) -> jax.Array:
    ndim = x.ndim - 2
    return jax.lax.reduce_window(
        x,
        0.0,
        jax.lax.add,
        window_dimensions=(1, *(3,) * ndim, 1),
        window_strides=(1, *(2,) * ndim, 1),
        padding=((0, 0), *((1, 1),) * ndim, (0, 0)),
    )
