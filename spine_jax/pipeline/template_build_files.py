"""The `template build` command: label maps in; mesh, JSON and report out."""

import dataclasses
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from spine_jax.core import InputError, LabelVolume
from spine_jax.core.labels import label_name, label_number
from spine_jax.io.atomic import atomic_path, write_json_atomic
from spine_jax.io.meshes import save_mesh
from spine_jax.io.nifti import load_labels
from spine_jax.io.paths import require_file
from spine_jax.io.report import write_report
from spine_jax.pipeline.template_build import (
    AverageTemplate,
    FittedVertebra,
    average_surfaces,
    collect_surfaces,
)
from spine_jax.pipeline.template_build_shapes import ShapeModel

_MESH_ENDINGS = (".ply", ".obj")
_FEWEST_VERTICES = 500


@dataclasses.dataclass(frozen=True)
class TemplateRequest:
    """Everything the command line can say to `template build`; see its `--help`.

    Attributes:
        masks: Label maps.
        output: A mesh file for one level, or a folder for any number.
        levels: Names such as `"L3"`.
        modes: Principal modes to store, 0 for none.
        vertices: Number to remesh to; None keeps our template's vertices and faces.
        seed: The same seed gives the same bits.
        overwrite: Whether earlier results may be replaced.
    """

    masks: tuple[Path, ...]
    output: Path
    levels: tuple[str, ...] = ("L3",)
    modes: int = 0
    vertices: int | None = None
    seed: int = 0
    overwrite: bool = False


def build_to_files(
    request: TemplateRequest,
    on_fitted: Callable[[int, FittedVertebra], None] = lambda level, fitted: None,
) -> dict[str, AverageTemplate]:
    """Build the templates asked for and write them; each report comes last.

    Writes for every level NAME.ply, NAME.json as `load_template` reads them, with
    `modes` also NAME_modes.npz, and NAME_report.json.

    Args:
        request: What to build.
        on_fitted: Called with the level after each vertebra.

    Returns:
        The templates by the name of their level.

    Raises:
        InputError: for input that cannot be used; nothing is written then.
    """
    started = time.perf_counter()
    levels = _levels(request.levels)
    paths = _paths(request, levels)
    _check_numbers(request)
    _check_masks(request.masks)
    surfaces = collect_surfaces(_label_maps(request.masks), levels)
    collected = time.perf_counter()
    built = {
        level: average_surfaces(
            surfaces[level],
            level,
            n_modes=request.modes,
            vertex_count=request.vertices,
            seed=request.seed,
            on_fitted=lambda fitted, level=level: on_fitted(level, fitted),
        )
        for level in levels
    }
    timings = {
        "surfaces": collected - started,
        "average": time.perf_counter() - collected,
    }
    for level, average in built.items():
        _write(paths[level], average, request, timings)
    return {label_name(level): average for level, average in built.items()}


def _label_maps(paths: tuple[Path, ...]) -> Iterator[tuple[str, LabelVolume]]:
    for path in paths:
        yield os.fspath(path), load_labels(path)


def _check_masks(masks: tuple[Path, ...]) -> None:
    """Refuse missing files, and a map given twice, which would count twice."""
    seen = set()
    for mask in masks:
        resolved = require_file(mask).resolve()
        if resolved in seen:
            raise InputError(
                "MASK-TWICE",
                mask,
                "given twice",
                "each label map once",
                "leaving it out",
            )
        seen.add(resolved)


def _levels(names: tuple[str, ...]) -> tuple[int, ...]:
    try:
        # Once each, in the order given.
        return tuple(dict.fromkeys(label_number(name) for name in names))
    except KeyError as error:
        raise InputError(
            "LEVEL",
            "--level",
            f"{error.args[0]!r} is no vertebra",
            "C1-C7, T1-T13 or L1-L6",
            "L3",
        ) from error


def _paths(request: TemplateRequest, levels: tuple[int, ...]) -> dict[int, Path]:
    """The mesh file of each level, none of which is there unless it may be replaced."""
    output = request.output
    if output.suffix and not output.is_dir():
        if output.suffix.lower() not in _MESH_ENDINGS:
            raise InputError(
                "FILE-TYPE",
                output,
                f"the ending {output.suffix!r}",
                "a mesh that ends in .ply or .obj, or a folder",
                "the ending .ply",
            )
        if len(levels) > 1:
            raise InputError(
                "OUTPUT",
                output,
                f"one file for {len(levels)} levels",
                "a folder, which gets a template per level",
                "a name without an ending after -o",
            )
        paths = dict.fromkeys(levels, output)
    else:
        paths = {level: output / f"{label_name(level)}.ply" for level in levels}
    for path in paths.values():
        _check_free(path, request.overwrite)
    return paths


def _check_free(mesh: Path, overwrite: bool) -> None:
    folder = next(p for p in mesh.parents if p.exists())
    if not folder.is_dir():
        raise InputError(
            "OUTPUT", folder, "a file", "a folder", "another name after -o"
        )
    taken = [path for path in _outputs(mesh) if path.exists()]
    if taken and not overwrite:
        raise InputError(
            "OUTPUT-EXISTS",
            taken[0],
            "the file exists",
            "the name of a new file",
            "another name after -o, or --overwrite to replace it",
        )


def _outputs(mesh: Path) -> tuple[Path, Path, Path, Path]:
    """Mesh, its JSON, modes and report."""
    return (
        mesh,
        mesh.with_suffix(".json"),
        mesh.with_name(f"{mesh.stem}_modes.npz"),
        mesh.with_name(f"{mesh.stem}_report.json"),
    )


def _check_numbers(request: TemplateRequest) -> None:
    if request.modes < 0:
        raise InputError(
            "MODES", "--modes", f"{request.modes}", "0 or more", "0 for no shape model"
        )
    if request.vertices is not None and request.vertices < _FEWEST_VERTICES:
        raise InputError(
            "VERTICES",
            "--vertices",
            f"{request.vertices}",
            f"at least {_FEWEST_VERTICES}",
            "2000, or leaving it out to keep our vertices",
        )


def _write(
    path: Path,
    average: AverageTemplate,
    request: TemplateRequest,
    timings_s: dict[str, float],
) -> None:
    mesh, beside, modes, report = _outputs(path)
    # No part of an earlier template may pass for this one's.
    for old in (report, modes, beside):
        old.unlink(missing_ok=True)
    save_mesh(mesh, average.template.mesh)
    write_json_atomic(
        beside,
        {
            "level": average.template.name,
            "body_centre_mm": [0.0, 0.0, 0.0],
            "axes": {"anterior": "+y", "cranial": "+z"},
            "remesh": False,
            "landmarks": average.template.landmarks,
        },
    )
    outputs = [mesh, beside]
    if average.model is not None:
        _save_modes(modes, average.model, average.faces)
        outputs.append(modes)
    options = dataclasses.asdict(request)
    write_report(
        report,
        command="template build",
        options=options,
        seed=request.seed,
        inputs=request.masks,
        outputs=[output.name for output in outputs],
        timings_s=timings_s,
        extra=report_entries(average, request.vertices is None),
    )


def _save_modes(path: Path, model: ShapeModel, faces: np.ndarray) -> None:
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            mean_mm=model.mean_mm,
            modes=model.modes,
            standard_deviations_mm=model.standard_deviations_mm,
            explained=model.explained,
            faces=faces,
        )


def report_entries(average: AverageTemplate, own_vertices: bool) -> dict[str, Any]:
    """What the report says about a template.

    Args:
        average: The template.
        own_vertices: Whether it has the vertices and faces of our own template.
    """
    model = average.model
    return {
        "level": average.template.name,
        "n_vertices": len(average.template.mesh.vertices_mm),
        "corresponds_to_level_template": own_vertices,
        "mean_residual_mm": float(np.mean([each.mean_mm for each in average.used])),
        "checks": dataclasses.asdict(average.checks),
        "used": [
            {
                "mask": each.source,
                "residual_mean_mm": each.mean_mm,
                "residual_p95_mm": each.p95_mm,
                "scale": each.scale,
            }
            for each in average.used
        ],
        "left_out": [
            {"mask": other.source, "reason": other.reason} for other in average.left_out
        ],
        "modes": model
        and {
            "explained_variance": model.explained,
            "standard_deviations_mm": model.standard_deviations_mm,
        },
    }
