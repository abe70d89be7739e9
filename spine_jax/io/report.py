"""The run report: what ran, on what, with what, and how long it took."""

import datetime
import hashlib
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jax

from spine_jax.io.atomic import write_json_atomic

_PACKAGES = {
    "spine_jax": "spine-jax",
    "jax": "jax",
    "jaxlib": "jaxlib",
    "numpy": "numpy",
    "nibabel": "nibabel",
}


def write_report(
    path: str | os.PathLike,
    *,
    command: str,
    options: Mapping[str, Any],
    seed: int | None,
    inputs: Iterable[str | os.PathLike],
    outputs: Iterable[str | os.PathLike],
    timings_s: Mapping[str, float],
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write `report.json`. Call it last: its presence means the run is complete.

    Args:
        path: Where to write.
        command: Name of the command, such as `fit`.
        options: Every option as it was used, defaults included.
        seed: Seed of the random numbers, None where none were drawn.
        inputs: Files read; each is listed with its SHA-256.
        outputs: Files written, absolute or from the report's folder; each is listed
            with its size.
        timings_s: Seconds per stage.
        extra: Further entries, such as warnings or settings the run chose itself.

    Raises:
        FileNotFoundError: for an input or output that is not there.
    """
    now = datetime.datetime.now(datetime.UTC)
    write_json_atomic(
        path,
        {
            "command": command,
            "options": dict(options),
            "seed": seed,
            "finished_at": now.isoformat(timespec="seconds"),
            "timings_s": dict(timings_s),
            "versions": _versions(),
            "device": _device(),
            "platform": platform.platform(),
            "inputs": [_input_entry(Path(item)) for item in inputs],
            "outputs": [_output_entry(Path(path).parent, item) for item in outputs],
            "extra": dict(extra or {}),
        },
    )


def _versions() -> dict[str, str]:
    packages = {
        name: importlib.metadata.version(distribution)
        for name, distribution in _PACKAGES.items()
    }
    return {"python": sys.version.split()[0], **packages}


def _device() -> dict[str, Any]:
    devices = jax.devices()
    return {
        "platform": devices[0].platform,
        "kind": devices[0].device_kind,
        "count": len(devices),
        "cpu_cores": os.cpu_count(),
    }


def _input_entry(path: Path) -> dict[str, Any]:
    modified = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {
        "path": path,
        "bytes": path.stat().st_size,
        "modified_at": modified.isoformat(timespec="seconds"),
        "sha256": digest,
    }


def _output_entry(folder: Path, item: str | os.PathLike) -> dict[str, Any]:
    return {"path": item, "bytes": (folder / item).stat().st_size}
