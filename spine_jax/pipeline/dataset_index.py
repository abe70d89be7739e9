"""The end of making a data set: its scale, its index and what it came to."""

import dataclasses
from pathlib import Path
from typing import Any

from spine_jax.core import InputError
from spine_jax.data.framing import Framing, field_of_view, view_radius_mm
from spine_jax.data.scales import PERCENTILES, fit_cbct_scale
from spine_jax.data.store import Domain, StoredVolume, read_volume, write_index


@dataclasses.dataclass(frozen=True)
class DatasetSummary:
    """What a data set came to.

    Attributes:
        slices: Number of slices by domain and split.
        patients: Number of patients by domain and split.
        failed: Scans that failed, with the reason.
        left_out: Scans without lumbar labels, with the reason.
    """

    slices: dict[str, int]
    patients: dict[str, int]
    failed: dict[str, str]
    left_out: dict[str, str]


def finish_dataset(
    output: Path,
    names: list[str],
    framing: Framing,
    settings: dict[str, Any],
    failed: dict[str, str],
    left_out: dict[str, str],
) -> DatasetSummary:
    """Write the index of complete volumes.

    Raises:
        InputError: where a domain has none for training.
    """
    volumes = [read_volume(output, name) for name in names]
    summary = _summary(output, volumes, failed, left_out)
    seen = field_of_view(framing)
    extra = {
        "settings": settings,
        "summary": dataclasses.asdict(summary),
        "field_of_view_radius_mm": view_radius_mm(framing),
        "cbct_scale_from": {"percentiles": PERCENTILES, "split": "train"},
    }

    def training(domain: Domain) -> list[StoredVolume]:
        return [v for v in volumes if (v.domain, v.split) == (domain, "train")]

    write_index(
        output,
        names,
        fit_cbct_scale(training("cbct"), training("ct"), seen),
        seen,
        (framing.slice_mm, framing.pixel_mm, framing.pixel_mm),
        extra,
    )
    return summary


def _summary(
    output: Path,
    volumes: list[StoredVolume],
    failed: dict[str, str],
    left_out: dict[str, str],
) -> DatasetSummary:
    slices: dict[str, int] = {}
    patients: dict[str, set[str]] = {}
    for volume in volumes:
        place = f"{volume.domain} {volume.split}"
        slices[place] = slices.get(place, 0) + len(volume.image)
        patients.setdefault(place, set()).add(volume.patient)
    for place in ("ct train", "cbct train"):
        if place not in slices:
            raise InputError(
                "NO-TRAINING-DATA",
                output,
                f"every {place.split()[0]} scan for training failed",
                "one at least of each domain",
                next(iter(failed.values()), "a folder with more cases"),
            )
    return DatasetSummary(
        slices,
        {place: len(group) for place, group in patients.items()},
        failed,
        left_out,
    )
