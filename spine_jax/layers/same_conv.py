"""The convolution of methods that pad with zeros and dilate."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from spine_jax.layers.conv import convolve
from spine_jax.layers.initial import uniform_fan_in


class SameConv(nn.Module):
    """Convolution padded with zeros so that stride 1 keeps the size.

    Attributes:
        features: Output channels.
        kernel: Width of the window, odd.
        stride: Step of the window.
        dilation: Distance of the window's taps.
        bias: Whether there is one.
    """

    features: int
    kernel: int
    stride: int = 1
    dilation: int = 1
    bias: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        ndim, channels = x.ndim - 2, x.shape[-1]
        draw = uniform_fan_in(self.kernel**ndim * channels)
        shape = (self.kernel,) * ndim + (channels, self.features)
        kernel = self.param("kernel", draw, shape)
        zeros = jnp.zeros(self.features, kernel.dtype)
        bias = self.param("bias", draw, (self.features,)) if self.bias else zeros
        pad = self.dilation * (self.kernel // 2)
        if self.dilation == 1:
            return convolve(x, kernel, bias, self.stride, pad)
        axes = "DHW"[-ndim:]
        y = jax.lax.conv_general_dilated(
            x,
            kernel,
            window_strides=(self.stride,) * ndim,
            padding=((pad, pad),) * ndim,
            rhs_dilation=(self.dilation,) * ndim,
            dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        )
        return y + bias.reshape((1,) * (ndim + 1) + (-1,))
