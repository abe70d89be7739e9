"""The data set of a training, and slices of it to draw."""

from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError
from spine_jax.data import (
    Dataset,
    bone_slices,
    open_dataset,
    phantom_dataset,
    read_image,
    with_hidden_metal,
)

PICTURED = 4


def open_data(config: Any, data: Path | None) -> Dataset:
    """The data set asked for, or the phantom of a config that has one, as a training
    sees it: without bright metal where the config hides it.

    Raises:
        InputError: neither is there.
    """
    dataset = _open(config, data)
    # The 3D stage has no say in it: it sees what its translator saw.
    return with_hidden_metal(dataset) if config.get("hide_metal") else dataset


def _open(config: Any, data: Path | None) -> Dataset:
    if data is not None:
        return open_dataset(data)
    if config.phantom_seed is None:
        raise InputError(
            "NO-DATA",
            "--data",
            "no data set",
            "--data=DIR for this config",
            "spine-jax dataset make, or the config's smoke variant",
        )
    return phantom_dataset(config.phantom_seed)


def shrink_to(image_size: tuple[int, ...], dataset: Dataset) -> int:
    """Pixels of the data set along a side of a pixel of a model.

    Raises:
        InputError: where that is no whole number.
    """
    sides = dataset.field_of_view.shape
    shrink = sides[0] // image_size[0]
    if tuple(shrink * side for side in image_size) != sides:
        raise InputError(
            "IMAGE-SIZE",
            "--data",
            f"slices of {sides[0]} x {sides[1]} pixels",
            f"a multiple of the config's {image_size[0]} x {image_size[1]}",
            "--config.image_size, or another data set",
        )
    return shrink


def picture_slices(dataset: Dataset, shrink: int) -> tuple[np.ndarray, np.ndarray]:
    """Held-out slices to draw, [N, H, W, 1] of CBCTs and of CTs: the middle ones."""

    def slices(domain) -> list[np.ndarray]:
        drawn = []
        volumes = dataset.select(domain, "test") or dataset.select(domain, "train")
        for volume in volumes[:PICTURED]:
            known = volume.labels is not None
            of = bone_slices(volume) if known else range(len(volume.image))
            drawn.append(read_image(dataset, volume, of[len(of) // 2], shrink))
        return drawn

    low, high = slices("cbct"), slices("ct")
    count = min(len(low), len(high))
    return np.stack(low[:count]), np.stack(high[:count])
