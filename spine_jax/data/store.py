"""A data set on disk: plain arrays and a JSON index.

    FOLDER/index.json              what there is; written last
    FOLDER/volumes/NAME/           one stack each, arrays [slice, row, column]
        image.npy                  int16, HU or the grey scale of the CBCT
        labels.npy                 uint8, VerSe numbers, where they are known
        clean.npy                  int16 HU, a simulated CBCT without its artifacts
        about.json                 name, patient, domain, split, affine; written last

The arrays are not compressed, so that reading a slice reads that slice.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spine_jax.core import InputError
from spine_jax.data.mapped import MappedArray
from spine_jax.data.stacks import Stack
from spine_jax.io.atomic import atomic_path, write_json_atomic

Domain = Literal["ct", "cbct", "simulated"]
"""`simulated`: CBCTs of the CT patients, for who trains on labelled simulations."""
Split = Literal["train", "test"]
StoredArray = np.ndarray | MappedArray

FORMAT = 1
INDEX, _ABOUT = "index.json", "about.json"
_PARTS = ("image", "labels", "clean")
_INT16 = np.iinfo(np.int16)
OUTSIDE = -1.0
"""Value of pixels outside the field of view, in both domains."""


@dataclasses.dataclass(frozen=True)
class Scale:
    """Which intensities become -1 and 1; those beyond are clipped.

    Attributes:
        low, high: Become -1 and 1.
        brightest: Value above which nothing is told apart; 1 tells all apart.
    """

    low: float
    high: float
    brightest: float = 1.0

    def __call__(self, intensity: np.ndarray) -> np.ndarray:
        """Intensities [...] to float32 in [-1, brightest]."""
        unit = (intensity.astype(np.float32) - self.low) / (self.high - self.low)
        return np.clip(2 * unit - 1, -1.0, self.brightest).astype(np.float32)


CT_SCALE = Scale(-1000.0, 2000.0)


@dataclasses.dataclass(frozen=True)
class StoredVolume:
    """A stack of a data set, its arrays on disk or in memory.

    Attributes:
        name: Unique in the data set.
        patient: In one domain and one split only.
        domain: Of `Domain`.
        split: `train` or `test`.
        affine_vox_to_mm: [4, 4], (slice, row, column) to RAS+ mm.
        image: [Z, H, W] int16.
        labels: [Z, H, W] uint8, or None.
        clean: [Z, H, W] int16 HU, or None.
        translated: [Z, H', W'] float32 in [-1, 1], what a model made of it, on that
            model's pixels; None where nobody asked for it.
    """

    name: str
    patient: str
    domain: Domain
    split: Split
    affine_vox_to_mm: np.ndarray
    image: StoredArray
    labels: StoredArray | None = None
    clean: StoredArray | None = None
    translated: StoredArray | None = None


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A data set.

    Attributes:
        volumes: In the order of the index.
        cbct_scale: Of the CBCTs; that of CTs is `CT_SCALE`.
        field_of_view: [H, W] bool, the same for every slice.
        spacing_mm: Of slices, rows and columns.
    """

    volumes: tuple[StoredVolume, ...]
    cbct_scale: Scale
    field_of_view: np.ndarray
    spacing_mm: tuple[float, float, float]

    def select(self, domain: Domain, split: Split) -> tuple[StoredVolume, ...]:
        """Volumes of a domain and a split."""
        return tuple(v for v in self.volumes if v.domain == domain and v.split == split)

    def scale(self, domain: Domain) -> Scale:
        """What takes a domain's intensities to [-1, 1]."""
        return CT_SCALE if domain == "ct" else self.cbct_scale

    def cut_at(self, brightest: float) -> "Dataset":
        """The same, with CBCTs in which nothing is told apart above a value."""
        scale = dataclasses.replace(self.cbct_scale, brightest=brightest)
        return dataclasses.replace(self, cbct_scale=scale)


def stored(
    stack: Stack, name: str, patient: str, domain: Domain, split: Split
) -> StoredVolume:
    """A stack as a data set holds it, in memory."""
    return StoredVolume(
        name,
        patient,
        domain,
        split,
        np.asarray(stack.affine_vox_to_mm, float),
        _to_int16(stack.image),
        stack.labels,
        None if stack.clean is None else _to_int16(stack.clean),
    )


def write_volume(folder: Path, volume: StoredVolume) -> None:
    """Write a volume into its folder of a data set; `about.json` comes last."""
    place = _place(folder, volume.name)
    (place / _ABOUT).unlink(missing_ok=True)
    for part in _PARTS:
        array = getattr(volume, part)
        (place / f"{part}.npy").unlink(missing_ok=True)
        if array is not None:
            with atomic_path(place / f"{part}.npy") as temporary:
                np.save(temporary, np.ascontiguousarray(array))
    write_json_atomic(
        place / _ABOUT,
        {
            "name": volume.name,
            "patient": volume.patient,
            "domain": volume.domain,
            "split": volume.split,
            "shape": volume.image.shape,
            "affine_vox_to_mm": volume.affine_vox_to_mm,
            "intensity_range": [int(np.min(volume.image)), int(np.max(volume.image))],
            "bone_slices": None if volume.labels is None else bone_slices(volume),
        },
    )


def bone_slices(volume: StoredVolume) -> list[int]:
    """Slices of a labelled volume that hold a vertebra."""
    assert volume.labels is not None, "only asked of labelled volumes"
    return np.flatnonzero(np.any(np.asarray(volume.labels), axis=(1, 2))).tolist()


def has_volume(folder: Path, name: str) -> bool:
    """Whether a volume is complete."""
    return (_place(folder, name) / _ABOUT).is_file()


def read_volume(folder: Path, name: str) -> StoredVolume:
    """A volume of a data set, its arrays left on disk.

    Raises:
        InputError: for a volume that is missing or damaged.
    """
    place = _place(folder, name)
    try:
        about = json.loads((place / _ABOUT).read_text())
        parts = {
            part: MappedArray(path)
            for part in _PARTS
            if (path := place / f"{part}.npy").is_file()
        }
        if any(list(array.shape) != about["shape"] for array in parts.values()):
            raise ValueError(f"shapes differ from {about['shape']}")
        return StoredVolume(
            about["name"],
            about["patient"],
            about["domain"],
            about["split"],
            np.array(about["affine_vox_to_mm"]),
            parts["image"],
            parts.get("labels"),
            parts.get("clean"),
        )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            "DATA-SET",
            place,
            f"the volume is not readable ({type(error).__name__}: {error})",
            "what spine-jax dataset make writes",
            "making the data set again; what is complete in it is kept",
        ) from None


def write_index(
    folder: Path,
    volumes: list[str],
    cbct_scale: Scale,
    field_of_view: np.ndarray,
    spacing_mm: tuple[float, float, float],
    extra: dict[str, Any],
) -> None:
    """Write the index; its presence means that the data set is complete."""
    with atomic_path(folder / "field_of_view.npy") as temporary:
        np.save(temporary, field_of_view)
    abouts = [json.loads((_place(folder, n) / _ABOUT).read_text()) for n in volumes]
    write_json_atomic(
        folder / INDEX,
        {
            "format": FORMAT,
            "axes": "slices upwards, rows front to back, columns right to left",
            "spacing_mm": spacing_mm,
            "scales": {
                # What is hidden of a CBCT is for a training to say.
                "ct": {"low": CT_SCALE.low, "high": CT_SCALE.high},
                "cbct": {"low": cbct_scale.low, "high": cbct_scale.high},
            },
            **extra,
            "volumes": abouts,
        },
    )


def open_dataset(folder: Path | str) -> Dataset:
    """Open a data set without reading its voxels.

    Raises:
        InputError: for a folder that holds no complete data set of this format.
    """
    folder = Path(folder)
    path = folder / INDEX
    if not path.is_file():
        raise InputError(
            "DATA-SET",
            folder,
            "no index.json",
            "a complete data set",
            "spine-jax dataset make, or running it again to finish",
        )
    index = json.loads(path.read_text())
    if index.get("format") != FORMAT:
        raise InputError(
            "DATA-SET",
            path,
            f"format {index.get('format')}",
            f"format {FORMAT}",
            "making the data set again with this version",
        )
    a, b, c = index["spacing_mm"]
    return Dataset(
        tuple(read_volume(folder, about["name"]) for about in index["volumes"]),
        Scale(**index["scales"]["cbct"]),
        np.load(folder / "field_of_view.npy", allow_pickle=False),
        (a, b, c),
    )


def _place(folder: Path, name: str) -> Path:
    return folder / "volumes" / name


def _to_int16(image: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(image), _INT16.min, _INT16.max).astype(np.int16)
