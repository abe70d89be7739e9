"""Metal shown as bright as bone.

Metal is many times as bright as bone, and no labelled image holds any. Left as it is,
it decides the statistics of the instance norms, so that networks lose the bone around
it. Nothing of use to them is in how bright it is.
"""

import numpy as np

from spine_jax.core import InputError
from spine_jax.data.read import read_image
from spine_jax.data.store import Dataset

_TISSUE_PERCENTILE = 99.0
"""Of a scan without metal, what only the densest cortex exceeds."""
_SCANS_PERCENTILE = 25.0
"""Of the scans; more than that share have next to no metal in view."""
_STEP = 2
"""Every so many slices are looked at."""


def with_hidden_metal(dataset: Dataset) -> Dataset:
    """The data set with CBCTs that are nowhere brighter than bone.

    How bright bone is follows from the training CBCTs alone, without labels: of each
    scan the value that 1 % of the field of view exceeds, and of these the lower
    quartile, since scans with metal only raise it.

    Raises:
        InputError: there is no CBCT to train on.
    """
    scans = dataset.select("cbct", "train")
    if not scans:
        raise InputError(
            "NO-TRAINING-DATA",
            "cbct",
            "no training volume",
            "at least one, to tell how bright bone is",
            "a data set with more patients",
        )
    some = slice(None, None, _STEP)
    tops = [
        np.percentile(
            read_image(dataset, scan, some)[:, dataset.field_of_view],
            _TISSUE_PERCENTILE,
        )
        for scan in scans
    ]
    brightest = np.percentile(tops, _SCANS_PERCENTILE, method="lower")
    return dataset.cut_at(round(float(brightest), 3))
