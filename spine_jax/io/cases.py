"""Cases in a folder: a CT with its vertebra mask, or a label map alone."""

import collections
import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from spine_jax.core import InputError

_ENDING = ".nii.gz"
_SUBJECT = re.compile(r"(sub-[^_/]+|verse\d+)")
_MASK_ENDS = re.compile(r"_?(seg-vert_msk|seg|labels)$")


@dataclasses.dataclass(frozen=True)
class ScanFiles:
    """One scan on disk.

    Attributes:
        name: Unique in its folder.
        patient: Whose scan it is. Several scans of a patient share it where the file
            or a folder is called `sub-...` or `verse` and a number; otherwise every
            scan counts as a patient.
        labels: The vertebra mask.
        image: The CT; None where there is only the mask.
    """

    name: str
    patient: str
    labels: Path
    image: Path | None = None


def find_scans(folder: Path) -> list[ScanFiles]:
    """CTs with masks below a folder: VerSe's layouts, or one folder per case.

    A CT is a file `*ct.nii.gz`, or `NAME.nii.gz` beside a `NAME_seg.nii.gz`. Its mask
    is a `*seg-vert*_msk.nii.gz`, another `*seg*` NIfTI or `*labels.nii.gz` in the same
    folder, or in the VerSe release's `derivatives/<subject>/`.

    Raises:
        InputError: when there is no such folder, or no CT with a mask in it.
    """
    _check_folder(folder)
    pairs = {}
    for image in sorted(folder.rglob(f"*ct{_ENDING}")):
        if labels := _mask_of(image):
            pairs[image] = (scan_stem(image), labels)
    for labels in sorted(folder.rglob(f"*_seg{_ENDING}")):
        stem = labels.name.removesuffix(f"_seg{_ENDING}")
        image = labels.with_name(stem + _ENDING)
        if image.is_file():
            pairs.setdefault(image, (stem, labels))
    if not pairs:
        raise InputError(
            "NO-CASES",
            folder,
            "no *ct.nii.gz with a vertebra mask beside it",
            "cases in the VerSe layout, or one folder per case",
            "another folder",
        )
    names = _names(folder, [(stem, image) for image, (stem, _) in pairs.items()])
    return [
        ScanFiles(name, _patient(folder, image, name), labels, image)
        for name, (image, (_, labels)) in zip(names, pairs.items())
    ]


def find_label_maps(folder: Path) -> list[ScanFiles]:
    """Label maps below a folder: every NIfTI whose name holds `seg`, `msk` or `label`.

    Raises:
        InputError: when there is no such folder, or no label map in it.
    """
    _check_folder(folder)
    paths = [
        path
        for path in sorted(folder.rglob(f"*{_ENDING}"))
        if any(word in path.name for word in ("seg", "msk", "label"))
    ]
    if not paths:
        raise InputError(
            "NO-CASES",
            folder,
            "no NIfTI with seg, msk or label in its name",
            "label maps such as verse022_seg.nii.gz",
            "another folder, or renaming the files",
        )
    stems = [_MASK_ENDS.sub("", p.name.removesuffix(_ENDING)) for p in paths]
    return [
        ScanFiles(name, _patient(folder, path, name), path)
        for name, path in zip(_names(folder, zip(stems, paths)), paths)
    ]


def find_images(folder: Path) -> list[tuple[str, str, Path]]:
    """Every NIfTI below a folder: name, patient and path.

    Raises:
        InputError: when there is no such folder, or no NIfTI in it.
    """
    _check_folder(folder)
    paths = sorted(folder.rglob(f"*{_ENDING}"))
    if not paths:
        raise InputError(
            "NO-CASES", folder, "no .nii.gz file", "one per scan", "another folder"
        )
    names = _names(folder, [(p.name.removesuffix(_ENDING), p) for p in paths])
    return [(name, _patient(folder, p, name), p) for name, p in zip(names, paths)]


def scan_stem(image: Path) -> str:
    """What the files of a case `*ct.nii.gz` begin with; may be empty."""
    return image.name.removesuffix(f"ct{_ENDING}").rstrip("_")


def case_places(image: Path) -> list[Path]:
    """Folders in which what belongs to a CT may lie."""
    parts = ["derivatives" if part == "rawdata" else part for part in image.parts]
    return [image.parent, Path(*parts).parent]


def first_match(places: Iterable[Path], patterns: Iterable[str]) -> Path | None:
    """The first file that matches, earlier patterns before earlier places."""
    places = list(places)
    for pattern in patterns:
        for place in places:
            if found := sorted(place.glob(pattern)):
                return found[0]
    return None


def _mask_of(image: Path) -> Path | None:
    stem, places = scan_stem(image), case_places(image)
    ends = ("seg-vert*_msk", "seg*", "labels")
    own = first_match(places, [f"{stem}*{end}{_ENDING}" for end in ends])
    # The mask of a folder that holds one CT may have another stem.
    if own or len(list(image.parent.glob(f"*ct{_ENDING}"))) > 1:
        return own
    return first_match([image.parent], [f"*seg-vert*_msk{_ENDING}"])


def _names(folder: Path, stems: Iterable[tuple[str, Path]]) -> list[str]:
    """A name for each path: its stem, with its folders where that is not enough."""
    stems = list(stems)
    counts = collections.Counter(stem for stem, _ in stems)
    names = []
    for stem, path in stems:
        above = path.relative_to(folder).parent.parts or (folder.resolve().name,)
        alone = stem and counts[stem] == 1
        names.append(stem if alone else "_".join([*above, *([stem] if stem else [])]))
    return names


def _patient(folder: Path, path: Path, name: str) -> str:
    for part in reversed(path.relative_to(folder).parts):
        if found := _SUBJECT.match(part):
            return found.group(1)
    return name


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(
            "NO-FOLDER",
            folder,
            "a file" if folder.exists() else "not found",
            "a folder of cases",
            "another folder",
        )
