"""Patches of other patients than there are: turned, enlarged, with other bones."""

import dataclasses

import numpy as np

from spine_jax.data.contrast import with_bone_contrast
from spine_jax.data.stream import Batch
from spine_jax.data.turning import turned


@dataclasses.dataclass(frozen=True)
class Variation:
    """What is varied of each patient in a patch, evenly within its range; by default
    nothing.

    Attributes:
        bone_spread: Contrast of bone, from 1 - spread to 1 + spread times what it is.
        turn_deg: Turn within the slices, to either side.
        zoom: Largest enlargement within the slices.
    """

    bone_spread: float = 0.0
    turn_deg: float = 0.0
    zoom: float = 1.0


def varied(
    batch: Batch, variation: Variation, view: np.ndarray, rng: np.random.Generator
) -> Batch:
    """The batch with other patients: a patch, its translation and its mask alike.

    Args:
        batch: [B, D, H, W, 1]: x_l and x_lh, x_h and x_hl in [-1, 1], y_h 0 or 1.
        variation: Of it.
        view: [H, W] bool, what a C-arm sees of a slice.
        rng: Decides everything.

    Returns:
        Of the same shapes, float32.
    """
    made = {name: np.empty(array.shape, np.float32) for name, array in batch.items()}
    for row in range(len(batch["x_l"])):
        for image, translation in (("x_l", "x_lh"), ("x_h", "x_hl")):
            gain = 1 + variation.bone_spread * rng.uniform(-1, 1)
            angle_deg = variation.turn_deg * rng.uniform(-1, 1)
            zoom = rng.uniform(1, variation.zoom)
            tissue = float(np.median(batch[image][row][:, view]))
            for name in (image, translation):
                patch = turned(batch[name][row], view, angle_deg, zoom)
                made[name][row] = with_bone_contrast(patch, tissue, gain)
            if image == "x_h":
                mask = turned(batch["y_h"][row], view, angle_deg, zoom)
                made["y_h"][row] = mask >= 0.5
    return made
