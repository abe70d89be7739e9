"""A data set of 8 x 8 pixels in memory whose every slice can be told from its values.

Slice k of volume v has the intensity 100 v + k, but for a bright column on the left.
"""

import dataclasses

import numpy as np

from spine_jax.data import Dataset, Scale, StoredVolume

SIZE, SLICES = 8, 5
BRIGHT = 1500


def volume(number: int, domain: str, split: str, *, labels=True, slices=SLICES):
    image = np.zeros((slices, SIZE, SIZE), np.int16)
    image += (100 * number + np.arange(slices, dtype=np.int16))[:, None, None]
    image[:, :, 0] = BRIGHT
    marked = np.zeros(image.shape, np.uint8)
    marked[1:, 2:4, 1] = 22  # slice 0 holds no vertebra
    return StoredVolume(
        name=f"v{number}",
        patient=f"p{number}",
        domain=domain,
        split=split,
        affine_vox_to_mm=np.diag([2.0, 1.0, 1.0, 1.0]),
        image=image,
        labels=marked if labels else None,
        clean=image - 1000 if labels and domain == "cbct" else None,
    )


def toy_dataset(**changes) -> Dataset:
    dataset = Dataset(
        volumes=(
            volume(1, "ct", "train"),
            volume(2, "ct", "train"),
            volume(3, "ct", "test"),
            volume(4, "cbct", "train", labels=False),
            volume(5, "cbct", "train", labels=False),
            volume(6, "cbct", "test"),
        ),
        cbct_scale=Scale(-1000.0, 2000.0),
        field_of_view=np.ones((SIZE, SIZE), bool),
        spacing_mm=(2.0, 1.0, 1.0),
    )
    return dataclasses.replace(dataset, **changes)


def intensity(x: np.ndarray) -> np.ndarray:
    """Back from [-1, 1] to the integers it was."""
    return np.rint((x + 1) * 1500 - 1000).astype(int)
