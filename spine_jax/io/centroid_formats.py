"""Centroid files as tables: labels, coordinates and the frame they count in.

VerSe JSON (with or without `direction`), TPTBox POI JSON, 3D Slicer markups and CSV.
What a file does not say stays open: `frame` is None.
"""

import csv
import dataclasses
import json
import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError
from spine_jax.core.labels import NON_VERTEBRAE, is_vertebra, label_number
from spine_jax.io.centroid_frames import DIRECTION, FORMATS, check_codes

_SHAPE = '[{"direction": ["P", "I", "R"]}, {"label": 20, "X": 75.1, "Y": 35, "Z": 22}]'
# TPTBox packs vertebra and part into one number: part * 256 + vertebra.
_PART_FACTOR = 256
_BODY_PARTS = (0, 50)
_BODY_KEYS = ("50", "Vertebra_Corpus")


@dataclasses.dataclass(frozen=True)
class CentroidTable:
    """What a centroid file says.

    Attributes:
        labels: B vertebra numbers as listed, duplicates included.
        coordinates: [B, 3] float64, in the frame.
        frame: A frame of `centroid_frames`, `own grid`, or None where the file does
            not say.
        affine_to_mm: [4, 4] for `own grid`, else None.
    """

    labels: tuple[int, ...]
    coordinates: np.ndarray
    frame: str | None
    affine_to_mm: np.ndarray | None = None


def read_table(path: Path) -> CentroidTable:
    """Read a `.json` or `.csv` centroid file.

    Raises:
        InputError: `FILE-TYPE`, `BAD-JSON`, `BAD-CENTROIDS`, `DIRECTION`,
            `UNKNOWN-LABEL` or `NO-CENTROIDS`.
    """
    if path.suffix.lower() == ".csv":
        return _read_csv(path)
    if path.suffix.lower() != ".json":
        raise InputError(
            "FILE-TYPE",
            path,
            f"unknown ending {path.suffix!r}",
            ".json (VerSe, TPTBox, 3D Slicer markups), .csv, or a .nii.gz label map",
            "rename or convert it",
        )
    content = _read_json(path)
    if isinstance(content, dict) and "markups" in content:
        return _from_markups(content, path)
    if not isinstance(content, list) or not all(isinstance(r, dict) for r in content):
        raise _bad(path, f"the file holds a JSON {type(content).__name__}")
    return _from_list(content, path)


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        found = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InputError(
            "BAD-JSON", path, found, f"JSON such as {_SHAPE}", "mend that line"
        ) from None
    except UnicodeDecodeError:
        raise InputError(
            "BAD-JSON", path, "not text", f"JSON such as {_SHAPE}", "another file"
        ) from None


def _from_list(content: list[dict], path: Path) -> CentroidTable:
    header: dict[str, Any] = {}
    if content and "label" not in content[0]:
        header, content = content[0], content[1:]
    frame, affine = _frame_of_header(header, path)
    if "label" in next(iter(content), {}):
        rows = [_xyz_row(row, path) for row in content if _is_body(row.get("label"))]
    else:
        rows = [item for group in content for item in _poi_rows(group, path)]
    return _table(rows, frame, affine, path)


def _frame_of_header(
    header: dict[str, Any], path: Path
) -> tuple[str | None, np.ndarray | None]:
    system = header.get("coordinate_system")
    if system in ("nib", "itk"):
        return {"nib": "world-ras", "itk": "world-lps"}[system], None
    if "direction" not in header:
        return None, None
    given = header["direction"]
    letters = map(str, given if isinstance(given, list | str) else [given])
    codes = check_codes(tuple(letters), path)
    frame = f"{DIRECTION} {' '.join(codes)}"
    if any(header.get(key) is None for key in ("zoom", "origin", "rotation")):
        return frame, None
    try:
        affine = np.eye(4)
        zoom = np.array(header["zoom"], np.float64)
        affine[:3, :3] = np.array(header["rotation"], np.float64) @ np.diag(zoom)
        affine[:3, 3] = header["origin"]
    except (TypeError, ValueError) as error:
        raise _bad(path, f"zoom, origin or rotation is malformed ({error})") from None
    return "own grid", affine


def _xyz_row(row: dict[str, Any], path: Path) -> tuple[Any, list[Any]]:
    missing = {"label", "X", "Y", "Z"} - row.keys()
    if missing:
        raise _bad(path, f"row {row} lacks {', '.join(sorted(missing))}")
    return row["label"], [row["X"], row["Y"], row["Z"]]


def _is_body(label: Any) -> bool:
    """Whether a packed TPTBox label means the body; labels not packed do."""
    if not isinstance(label, int) or not is_vertebra(label % _PART_FACTOR):
        return True
    return label // _PART_FACTOR in _BODY_PARTS


def _poi_rows(group: dict[str, Any], path: Path) -> list[tuple[Any, Any]]:
    """TPTBox: vertebra -> part -> point; only the body's point is a centroid."""
    rows = []
    for vertebra, parts in group.items():
        if not isinstance(parts, dict):
            raise _bad(path, f"entry {vertebra!r} is neither a row nor a set of points")
        rows += [(vertebra, parts[key]) for key in _BODY_KEYS if key in parts]
    return rows


def _from_markups(content: dict[str, Any], path: Path) -> CentroidTable:
    rows, systems = [], set()
    try:
        for markup in content["markups"]:
            # Slicer takes LPS where a file does not say.
            systems.add(str(markup.get("coordinateSystem", "LPS")).upper())
            rows += [
                (point.get("label"), point.get("position"))
                for point in markup["controlPoints"]
            ]
    except (KeyError, TypeError, AttributeError) as error:
        raise _bad(path, f"not a markups file ({error!r} missing or wrong)") from None
    if not systems <= {"LPS", "RAS"} or len(systems) > 1:
        raise _bad(path, f"coordinateSystem {sorted(systems)}, LPS or RAS needed")
    return _table(rows, f"world-{''.join(systems).lower() or 'lps'}", None, path)


def _read_csv(path: Path) -> CentroidTable:
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    delimiter = max(",;\t", key=(lines or [""])[0].count)
    reader = csv.DictReader(lines, delimiter=delimiter, skipinitialspace=True)
    names = [(name or "").strip().lower() for name in reader.fieldnames or []]
    reader.fieldnames = names
    axes = [name for a in "xyz" for name in names if name.split("_")[0] == a]
    if "label" not in names or len(axes) != 3:
        raise InputError(
            "BAD-CENTROIDS",
            path,
            f"columns {names}",
            "label,x_mm,y_mm,z_mm (RAS+ mm) or label,x,y,z with an optional space",
            "add a header line",
        )
    records = list(reader)
    rows = [(record["label"], [record[axis] for axis in axes]) for record in records]
    return _table(rows, _csv_frame(axes, records, path), None, path)


def _csv_frame(axes: list[str], records: list[dict], path: Path) -> str | None:
    spaces = {(record.get("space") or "").strip().lower() for record in records}
    spaces = {f"world-{s}" if s in ("ras", "lps") else s for s in spaces - {""}}
    if len(spaces) > 1 or not spaces <= set(FORMATS):
        raise _bad(path, f"space {sorted(spaces)}; use one of RAS, LPS, voxel")
    if spaces:
        return spaces.pop()
    units = {axis.partition("_")[2] for axis in axes}
    return {"mm": "world-ras", "vox": "voxel"}.get("".join(units))


def _table(
    rows: Iterable[tuple[Any, Any]],
    frame: str | None,
    affine: np.ndarray | None,
    path: Path,
) -> CentroidTable:
    labels, points, skipped = [], [], []
    for line, (label, point) in enumerate(rows, start=1):
        number = _number(label)
        if number in NON_VERTEBRAE:
            skipped.append(f"{label} ({NON_VERTEBRAE[number]})")
            continue
        if number is None or not is_vertebra(number):
            raise InputError(
                "UNKNOWN-LABEL",
                path,
                f"row {line}: label {label!r}",
                "a name such as L3 or a VerSe number (1-25, 28)",
                "correct or remove the row",
            )
        values = _coordinates(point, line, path)
        if all(map(math.isfinite, values)):
            labels.append(number)
            points.append(values)
        else:
            skipped.append(f"{label} (NaN)")
    if skipped:
        warnings.warn(f"{path}: rows skipped: {', '.join(skipped)}", stacklevel=2)
    if not labels:
        raise InputError(
            "NO-CENTROIDS",
            path,
            "no vertebra with finite coordinates",
            f"rows such as {_SHAPE}",
            "another file",
        )
    return CentroidTable(tuple(labels), np.array(points, np.float64), frame, affine)


def _number(label: Any) -> int | None:
    """Label number of `20`, `20.0`, `"20"`, `"L1"` or a packed TPTBox label."""
    if isinstance(label, float) and label.is_integer():
        label = int(label)
    if isinstance(label, int) and not isinstance(label, bool):
        return label % _PART_FACTOR if label >= _PART_FACTOR else label
    text = str(label).strip()
    if text.isdigit():
        return int(text)
    try:
        return label_number(text)
    except KeyError:
        return None


def _coordinates(point: Any, line: int, path: Path) -> list[float]:
    try:
        x, y, z = (math.nan if value is None else float(value) for value in point)
    except (TypeError, ValueError):
        raise _bad(path, f"row {line}: coordinates {point!r}") from None
    return [x, y, z]


def _bad(path: Path, found: str) -> InputError:
    return InputError(
        "BAD-CENTROIDS", path, found, f"rows such as {_SHAPE}", "correct the file"
    )
