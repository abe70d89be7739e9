"""A tiny data set in memory, from phantoms alone: for tests and first steps."""

import dataclasses

from spine_jax.data.framing import Framing, field_of_view
from spine_jax.data.scales import fit_cbct_scale
from spine_jax.data.stacks import frame_cbct, frame_ct
from spine_jax.data.store import Dataset, StoredVolume, stored
from spine_jax.simulation.cbct import PRESETS, CArm, simulate_cbct
from spine_jax.simulation.phantom import lumbar_phantom

TINY = Framing(
    dataclasses.replace(
        PRESETS["small"],
        carm=CArm(pixel_mm=7.2, n_views=40, n_columns=32, n_rows=32, start_deg=-5.0),
        size=32,
        spacing_mm=4.0,
        body_spacing_mm=4.0,
        metal_spacing_mm=2.0,
        random_grey=False,
    ),
    slice_mm=4.0,
    height_mm=96.0,
)
"""32 x 32 pixels and up to 24 slices of 4 mm."""
_PATIENTS_PER_SEED = 1000
_LEVELS = (21, 22, 23)


def phantom_dataset(
    seed: int, *, training: int = 1, held_out: int = 1, framing: Framing = TINY
) -> Dataset:
    """Phantom patients as CT and others as CBCT.

    Args:
        seed: The same seed gives the same bits.
        training, held_out: Patients of each domain and split.
        framing: Device and cut.
    """
    volumes = []
    number = _PATIENTS_PER_SEED * seed
    for domain in ("ct", "cbct"):
        for k in range(training + held_out):
            split = "train" if k < training else "test"
            volumes.append(_volume(number, domain, split, framing))
            number += 1
    seen = field_of_view(framing)
    chosen = {
        domain: [v for v in volumes if (v.domain, v.split) == (domain, "train")]
        for domain in ("ct", "cbct")
    }
    return Dataset(
        tuple(volumes),
        fit_cbct_scale(chosen["cbct"], chosen["ct"], seen),
        seen,
        (framing.slice_mm, framing.pixel_mm, framing.pixel_mm),
    )


def _volume(number: int, domain, split, framing: Framing) -> StoredVolume:
    phantom = lumbar_phantom(number, spacing_mm=(2.0, 2.0, 2.0), labels=_LEVELS)
    if domain == "ct":
        stack = frame_ct(phantom.volume, phantom.labels, number, framing)
    else:
        scan = simulate_cbct(phantom.volume, phantom.labels, number, framing.cbct)
        stack = frame_cbct(scan, phantom.labels, framing)
    name = f"phantom{number}"
    return stored(stack, name, name, domain, split)
