"""The `view` command: a folder of results in, one self-contained HTML file out."""

import html
import json
from importlib import resources
from pathlib import Path
from typing import Any

from spine_jax.core import InputError, LabelVolume, Mesh, Volume
from spine_jax.core.labels import anatomical_rank, label_number
from spine_jax.io.atomic import write_text_atomic
from spine_jax.io.meshes import load_mesh
from spine_jax.io.nifti import load_labels, load_volume
from spine_jax.pipeline.statistics import remarks
from spine_jax.pipeline.view_data import (
    grey_voxels,
    label_voxels,
    mesh_entry,
    packed,
    slice_grid,
    table_of,
)

PAGE = "view.html"
CLEAN_CT = Path("translate/ct.nii.gz")


def view_to_file(
    folder: Path,
    output: Path | None = None,
    *,
    image: Path | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the page of a result of `fit` or `reconstruct`.

    Args:
        folder: The result.
        output: File to write; None writes `view.html` into the folder, where an
            earlier one is replaced.
        image: Image to show; None takes that of the report, which must still be there.
        overwrite: Whether another file may be replaced.

    Returns:
        The file.

    Raises:
        InputError: for a folder that holds no complete result, a file that is missing,
            or an output that exists.
    """
    report = _report(folder)
    target = folder / PAGE if output is None else output
    if target.is_dir() or (output is not None and target.exists() and not overwrite):
        raise InputError(
            "OUTPUT-EXISTS",
            target,
            "this is a folder" if target.is_dir() else "the file exists",
            "the name of a new file",
            "another name after -o, or --overwrite to replace a file",
        )
    labels = load_labels(folder / "labels.nii.gz")
    images = [
        (name, load_volume(path)) for name, path in _images(folder, report, image)
    ]
    statistics = json.loads((folder / "statistics.json").read_text())["vertebrae"]
    title = f"{folder.resolve().name}: {', '.join(row['name'] for row in statistics)}"
    page = page_of(title, _meshes(folder), labels, images, statistics)
    write_text_atomic(target, page)
    return target


def page_of(
    title: str,
    meshes: dict[str, Mesh],
    labels: LabelVolume,
    images: list[tuple[str, Volume]],
    statistics: list[dict[str, Any]],
) -> str:
    """The page as text.

    Args:
        title: Above everything.
        meshes: By name, in the order of the list.
        labels: Outlined in the slices.
        images: Name and image, at least one; the first is shown first.
        statistics: Rows of statistics.json.
    """
    grid = slice_grid(labels)
    notes = {row["name"]: remarks(row) for row in statistics}
    data = {
        "meshes": [
            mesh_entry(name, mesh, notes.get(name, "")) for name, mesh in meshes.items()
        ],
        "grid": grid,
        "labels": packed(label_voxels(labels, grid)),
        "images": [
            {"name": name, "voxels": packed(grey_voxels(volume, grid))}
            for name, volume in images
        ],
        "table": table_of(statistics),
    }
    # No text of the data may end the script element that holds it.
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    parts = resources.files("spine_jax.pipeline") / "viewer"
    page = (parts / "page.html").read_text(encoding="utf-8")
    for name, value in {
        "TITLE": html.escape(title),
        "STYLE": (parts / "style.css").read_text(encoding="utf-8"),
        "SCRIPT": (parts / "viewer.js").read_text(encoding="utf-8"),
        "DATA": text,
    }.items():
        page = page.replace(f"{{{{{name}}}}}", value)
    return page


def _report(folder: Path) -> dict[str, Any]:
    """The report of a complete result."""
    path = folder / "report.json"
    try:
        report = json.loads(path.read_text())
    except (OSError, ValueError):
        report = {}
    if report.get("command") in ("fit", "reconstruct"):
        return report
    found = "no report.json of a fit" if folder.is_dir() else "no such folder"
    raise InputError(
        "NO-RESULT",
        folder,
        found,
        "a folder that spine-jax fit or reconstruct has filled",
        "another folder, or running the command to its end",
    )


def _images(
    folder: Path, report: dict[str, Any], chosen: Path | None
) -> list[tuple[str, Path]]:
    """Names and files of the images to show."""
    if chosen is not None:
        return [(chosen.name, chosen)]
    given = Path(report["inputs"][0]["path"])
    if report["command"] == "fit":
        images = [("CT", given)]
    else:
        images = [("CBCT", given), ("clean CT", folder / CLEAN_CT)]
    there = [(name, path) for name, path in images if path.is_file()]
    if there:
        return there
    raise InputError(
        "NOT-FOUND",
        given,
        "the image of the report is not there",
        "the file that was fitted",
        "--image with where it is now",
    )


def _meshes(folder: Path) -> dict[str, Mesh]:
    """By name, cranial first; the writer's comment tells their space."""
    paths = {path.stem: path for path in (folder / "meshes").glob("*.ply")}
    ordered = sorted(paths, key=lambda name: anatomical_rank(label_number(name)))
    return {name: load_mesh(paths[name]) for name in ordered}
