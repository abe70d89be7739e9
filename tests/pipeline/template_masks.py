"""Tiny label maps of parametric vertebrae."""

import functools

import numpy as np

from spine_jax.anatomy.implicit import shape_bounds_mm, vertebra_distance
from spine_jax.anatomy.levels import random_shape
from spine_jax.anatomy.shape import VertebraShape
from spine_jax.core import LabelVolume

L3 = 22
STEP_MM = 1.5
MARGIN_MM = 3.0


@functools.cache
def individual(seed: int) -> VertebraShape:
    """A plausible L3."""
    return random_shape(np.random.default_rng(seed), L3)


def label_map(seed: int, codes: str = "RAS") -> LabelVolume:
    """A map of one individual, array axes right, forwards, up, or the other way."""
    low, high = (np.asarray(corner) for corner in shape_bounds_mm(individual(seed)))
    low, high = low - MARGIN_MM, high + MARGIN_MM
    axes = [np.arange(a, b, STEP_MM) for a, b in zip(low, high)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    inside = vertebra_distance(points.reshape(-1, 3), individual(seed)) < 0
    array = np.where(inside, L3, 0).astype(np.uint8).reshape(points.shape[:3])
    affine = np.diag([STEP_MM, STEP_MM, STEP_MM, 1.0])
    affine[:3, 3] = low
    for axis, code in enumerate(codes):
        if code in "LPI":
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
            array = np.flip(array, axis)
    return LabelVolume(np.ascontiguousarray(array), affine)
