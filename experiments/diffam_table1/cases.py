"""Find cases in a folder: a CT, its vertebra mask, and its centroids."""

import dataclasses
from pathlib import Path

from spine_jax.core import InputError


@dataclasses.dataclass(frozen=True)
class CaseFiles:
    """One case. Centroids come from the mask where no centroid file is given."""

    name: str
    image: Path
    truth: Path
    centroids: Path


def find_cases(folder: Path) -> list[CaseFiles]:
    """Cases below a folder in the VerSe layout, or one folder per case.

    A CT is a file `*ct.nii.gz`; its mask, a `*seg-vert_msk.nii.gz` or other `*seg*`
    NIfTI, and its `*ctd.json` lie in the same folder, or in the VerSe release's
    `derivatives/<subject>/`.

    Raises:
        InputError: when no CT with a mask is found.
    """
    cases = []
    for image in sorted(folder.rglob("*ct.nii.gz")):
        parts = ["derivatives" if part == "rawdata" else part for part in image.parts]
        stem = image.name.removesuffix("ct.nii.gz").rstrip("_")
        places = [image.parent, Path(*parts).parent]
        own = [f"{stem}*seg-vert*_msk.nii.gz", f"{stem}*seg*.nii.gz"]
        truth = _first(places, own) or _only_mask(image)
        if truth is None:
            continue
        centroids = _first(places, [f"{stem}*ctd.json"])
        cases.append(
            CaseFiles(stem or image.parent.name, image, truth, centroids or truth)
        )
    if not cases:
        raise InputError(
            "NO-CASES",
            folder,
            "no *ct.nii.gz with a vertebra mask beside it",
            "cases in the VerSe layout, or one folder per case",
            "another folder after --cases",
        )
    return cases


def _only_mask(image: Path) -> Path | None:
    """The mask of a folder that holds one CT, whatever the mask's stem."""
    if len(list(image.parent.glob("*ct.nii.gz"))) > 1:
        return None
    return _first([image.parent], ["*seg-vert*_msk.nii.gz"])


def _first(places: list[Path], patterns: list[str]) -> Path | None:
    for pattern in patterns:
        for place in places:
            if found := sorted(place.glob(pattern)):
                return found[0]
    return None
