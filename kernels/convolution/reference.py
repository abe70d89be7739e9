"""Convolution as XLA has it: on any machine, in any float dtype."""

import jax

from spine_jax.kernels.convolution.window import Window


def convolution_reference(x: jax.Array, kernel: jax.Array, window: Window) -> jax.Array:
    """See `convolution`."""
    ndim = len(window.size)
    axes = "DHW"[-ndim:]
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        window_strides=(window.stride,) * ndim,
        padding=((window.pad, window.pad),) * ndim,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
    )


def input_gradient_reference(
    g: jax.Array, kernel: jax.Array, window: Window
) -> jax.Array:
    """See `input_gradient`."""
    x = jax.ShapeDtypeStruct((g.shape[0], *window.size, kernel.shape[-2]), g.dtype)
    transpose = jax.linear_transpose(
        lambda x: convolution_reference(x, kernel, window), x
    )
    return transpose(g)[0]


def kernel_gradient_reference(x: jax.Array, g: jax.Array, window: Window) -> jax.Array:
    """See `kernel_gradient`."""
    shape = (*window.taps, x.shape[-1], g.shape[-1])
    transpose = jax.linear_transpose(
        lambda kernel: convolution_reference(x, kernel, window),
        jax.ShapeDtypeStruct(shape, x.dtype),
    )
    return transpose(g)[0]
