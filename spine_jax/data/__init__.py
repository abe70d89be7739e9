"""Data sets of unpaired CT and CBCT slices: made, opened, read and streamed."""

from spine_jax.data.metal import with_hidden_metal
from spine_jax.data.phantom import phantom_dataset
from spine_jax.data.read import (
    HeldOutVolume,
    held_out_volumes,
    read_clean,
    read_image,
    read_mask,
    shrunk_affine,
)
from spine_jax.data.store import (
    Dataset,
    Scale,
    StoredVolume,
    bone_slices,
    open_dataset,
)
from spine_jax.data.stream import UnpairedStream

__all__ = [
    "Dataset",
    "HeldOutVolume",
    "Scale",
    "StoredVolume",
    "UnpairedStream",
    "bone_slices",
    "held_out_volumes",
    "open_dataset",
    "phantom_dataset",
    "read_clean",
    "read_image",
    "read_mask",
    "shrunk_affine",
    "with_hidden_metal",
]
