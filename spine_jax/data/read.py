"""Slices and patches of a data set as networks take them."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from spine_jax.core import InputError
from spine_jax.core.types import Array
from spine_jax.data.store import OUTSIDE, Dataset, Domain, StoredVolume


@dataclasses.dataclass(frozen=True)
class HeldOutVolume:
    """A test CBCT with its truth, where there is one.

    Attributes:
        name: Of the volume.
        x_l: [Z, H, W, 1] float32 in [-1, 1].
        y_l: [Z, H, W, 1] float32, 1 in vertebrae; None where nobody knows.
        clean: [Z, H, W, 1] float32, the CT without artifacts, scaled as CTs are; None
            where nobody knows.
        affine_vox_to_mm: [4, 4], (slice, row, column) to RAS+ mm.
    """

    name: str
    x_l: np.ndarray
    y_l: np.ndarray | None
    clean: np.ndarray | None
    affine_vox_to_mm: Array


def read_image(
    dataset: Dataset, volume: StoredVolume, slices: int | slice, shrink: int = 1
) -> np.ndarray:
    """Slices of a volume, [..., H, W, 1] float32 in [-1, 1].

    Args:
        dataset: Tells the scale and the field of view.
        volume: Of it.
        slices: One slice, or a range for a patch.
        shrink: Pixels along a side that are averaged into one.
    """
    return _scaled(dataset, volume.image[slices], volume.domain, shrink)


def read_mask(volume: StoredVolume, slices: int | slice, shrink: int = 1) -> np.ndarray:
    """Where vertebrae are, [..., H, W, 1] float32, 0 or 1.

    Raises:
        InputError: for a volume without labels.
    """
    if volume.labels is None:
        raise InputError(
            "NO-LABELS", volume.name, "no labels", "a labelled volume", "another one"
        )
    share = _shrunk((volume.labels[slices] > 0).astype(np.float32), shrink)
    return (share >= 0.5).astype(np.float32)[..., None]


def read_clean(
    dataset: Dataset, volume: StoredVolume, slices: int | slice, shrink: int = 1
) -> np.ndarray:
    """A simulated CBCT without artifacts, [..., H, W, 1], scaled as CTs are.

    Raises:
        InputError: for a volume of which this is not known.
    """
    if volume.clean is None:
        raise InputError(
            "NO-TRUTH",
            volume.name,
            "no CT without artifacts",
            "a simulated CBCT",
            "another one",
        )
    return _scaled(dataset, volume.clean[slices], "ct", shrink)


def held_out_volumes(dataset: Dataset, shrink: int = 1) -> Iterator[HeldOutVolume]:
    """The CBCTs of the test split, one after the other."""
    whole = slice(None)
    for volume in dataset.select("cbct", "test"):
        labels, clean = volume.labels, volume.clean
        yield HeldOutVolume(
            name=volume.name,
            x_l=read_image(dataset, volume, whole, shrink),
            y_l=None if labels is None else read_mask(volume, whole, shrink),
            clean=None if clean is None else read_clean(dataset, volume, whole, shrink),
            affine_vox_to_mm=shrunk_affine(volume.affine_vox_to_mm, shrink),
        )


def shrunk_affine(affine_vox_to_mm: Array, shrink: int) -> Array:
    """Affine of slices whose rows and columns are averaged by `shrink`."""
    scale = np.diag([1.0, shrink, shrink, 1.0])
    scale[1:3, 3] = (shrink - 1) / 2
    return affine_vox_to_mm @ scale


def _scaled(
    dataset: Dataset, stored: np.ndarray, domain: Domain, shrink: int
) -> np.ndarray:
    scaled = dataset.scale(domain)(stored)
    scaled = np.where(dataset.field_of_view, scaled, np.float32(OUTSIDE))
    return _shrunk(scaled, shrink)[..., None]


def _shrunk(image: np.ndarray, shrink: int) -> np.ndarray:
    """Means over squares of pixels, [..., H, W] to [..., H / shrink, W / shrink]."""
    if shrink == 1:
        return image
    *rest, height, width = image.shape
    blocks = image.reshape(*rest, height // shrink, shrink, width // shrink, shrink)
    return blocks.mean(axis=(-3, -1), dtype=np.float32)
