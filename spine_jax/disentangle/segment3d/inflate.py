"""A 3D segmentor that starts as the 2D one, slice by slice.

The 2D model's S_l and S_h know CBCT and CT already. Put into the middle planes of 3D
kernels (Carreira and Zisserman's inflation, 2017, with zeros in place of copies) they
give volumes what they gave slices, but for norms and pooling, which go over slices now;
training then adds what neighbouring slices tell.
"""

import jax
import numpy as np

from spine_jax.core import InputError
from spine_jax.core.types import Array


def inflate(slices: dict, like: dict) -> dict:
    """Parameters of a U-Net in 3D from those of one in 2D.

    Args:
        slices: Of the 2D U-Net.
        like: Of a 3D U-Net, whose shapes they are to take.

    Raises:
        InputError: the two differ in width or depth.
    """
    inflated = jax.tree.map(_inflated, slices)
    shapes, wanted = (jax.tree.map(np.shape, tree) for tree in (inflated, like))
    if shapes != wanted:
        raise InputError(
            "UNET-SIZE",
            "unet_channels, unet_depth",
            f"{_size(wanted)} in 3D, {_size(shapes)} in the 2D model",
            "the same, where the 3D segmentors start from the 2D ones",
            "those of the 2D model, or start_from_slices = False",
        )
    return inflated


def _inflated(parameter: Array) -> Array:
    """A kernel [h, w, C, C'] as [h, h, w, C, C']; other parameters as they are."""
    plane = np.asarray(parameter)
    if plane.ndim < 4:
        return plane
    depth = len(plane)
    if depth % 2 == 0:
        # A doubling: each of its slices comes from one old slice alone.
        return np.repeat(plane[None], depth, axis=0)
    kernel = np.zeros((depth, *plane.shape), plane.dtype)
    kernel[depth // 2] = plane
    return kernel


def _size(shapes: dict) -> str:
    channels = shapes["final"]["kernel"][0]
    depth = sum(name.startswith("double") for name in shapes)
    return f"{channels} channels and {depth} halvings"
