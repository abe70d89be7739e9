"""Mesh files: PLY, OBJ, STL and GLB, in LPS for 3D Slicer or in RAS.

Slicer takes mesh files as LPS and reads `SPACE=LPS` or `SPACE=RAS` from a comment in
their header; we write that comment. LPS and RAS differ by half a turn about the z axis,
not by a mirror, so faces keep their order and outside stays outside.

PLY and OBJ keep vertices and their order exactly (float32 and 8 decimals). STL has no
shared vertices: three per face come back, and what was closed is then a soup. GLB is
for viewers and is only written.
"""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from spine_jax.core import InputError, Mesh
from spine_jax.io.atomic import atomic_path
from spine_jax.io.paths import require_file

_RAS_LPS = np.array([-1.0, -1.0, 1.0])
_WRITABLE = (".ply", ".obj", ".stl", ".glb")
_READABLE = (".ply", ".obj", ".stl")
_STL_HEADER_BYTES = 80
_COMMENT_BYTES = 4096  # header comments stand well before this


def save_mesh(
    path: str | os.PathLike,
    mesh: Mesh,
    *,
    colour: tuple[int, int, int] | None = None,
    space: str = "LPS",
) -> None:
    """Write a mesh; the ending chooses the format.

    Args:
        path: `.ply` (binary), `.obj`, `.stl` (binary) or `.glb`.
        mesh: Vertices in RAS+ mm.
        colour: RGB 0-255 of the whole mesh; STL has no place for it.
        space: `LPS` or `RAS`, the frame of the file.

    Raises:
        InputError: `FILE-TYPE` for another ending.
        ValueError: for another space.
    """
    suffix = _suffix(path, _WRITABLE)
    if space not in ("LPS", "RAS"):
        raise ValueError(f"space is {space!r}, expected LPS or RAS")
    vertices = np.asarray(mesh.vertices_mm, np.float64)
    body = trimesh.Trimesh(
        vertices * _RAS_LPS if space == "LPS" else vertices,
        np.asarray(mesh.faces),
        process=False,
        vertex_colors=colour and np.tile((*colour, 255), (len(vertices), 1)),
    )
    content: Any = body.export(file_type=suffix[1:])
    if isinstance(content, str):
        content = content.encode("utf-8")
    with atomic_path(path) as temporary:
        temporary.write_bytes(_with_space(content, suffix, space))


def load_mesh(path: str | os.PathLike) -> Mesh:
    """Read a mesh into RAS+ mm, vertices in the order of the file.

    A file that says `SPACE=LPS` in its header is turned; one that says nothing is taken
    in its own frame.

    Returns:
        Vertices [V, 3] float64, faces [F, 3] int32 (quads are split).

    Raises:
        InputError: `NOT-FOUND`, `EMPTY-FILE`, `FILE-TYPE` or `BAD-MESH`.
    """
    path = require_file(path)
    suffix = _suffix(path, _READABLE)
    options = {"maintain_order": True} if suffix == ".obj" else {}
    try:
        loaded = trimesh.load_mesh(path, process=False, **options)
        vertices = np.array(loaded.vertices, np.float64)
        faces = np.array(loaded.faces, np.int32)
    # Each of trimesh's parsers fails in its own way on a damaged file.
    except Exception as error:
        raise _bad_mesh(path, f"{type(error).__name__}: {error}") from error
    if not len(faces):
        raise _bad_mesh(path, "it holds no faces")
    if _space(path, suffix) == "LPS":
        vertices = vertices * _RAS_LPS
    return Mesh(vertices, faces)


def check_template_mesh(mesh: Mesh, source: object) -> None:
    """Check that a mesh can serve as a template: closed, outward, in millimetres.

    Raises:
        InputError: `BAD-TEMPLATE`, listing everything that is wrong.
    """
    vertices = np.asarray(mesh.vertices_mm, np.float64)
    faces = np.asarray(mesh.faces)
    problems = _index_problems(vertices, faces)
    if not problems:
        problems = _edge_problems(faces) + _size_problems(vertices, faces)
    if problems:
        raise InputError(
            "BAD-TEMPLATE",
            source,
            "; ".join(problems),
            "one closed surface in mm with faces counter-clockwise from outside",
            "repair it in a mesh editor and save it as PLY (STL shares no vertices)",
        )


def _suffix(path: str | os.PathLike, known: tuple[str, ...]) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in known:
        raise InputError(
            "FILE-TYPE",
            path,
            f"unknown mesh ending {suffix!r}",
            ", ".join(known),
            "the ending .ply",
        )
    return suffix


def _with_space(content: bytes, suffix: str, space: str) -> bytes:
    tag = f"SPACE={space}".encode()
    if suffix == ".ply":
        magic, form, rest = content.split(b"\n", 2)
        return b"\n".join([magic, form, b"comment " + tag, rest])
    if suffix == ".obj":
        return b"# " + tag + b"\n" + content
    if suffix == ".stl":
        return tag.ljust(_STL_HEADER_BYTES) + content[_STL_HEADER_BYTES:]
    return content


def _space(path: Path, suffix: str) -> str | None:
    with open(path, "rb") as file:
        head = file.read(_STL_HEADER_BYTES if suffix == ".stl" else _COMMENT_BYTES)
    if suffix == ".ply":
        head = head.partition(b"end_header")[0]
    found = re.search(rb"SPACE=(LPS|RAS)", head)
    return found.group(1).decode() if found else None


def _bad_mesh(path: Path, found: str) -> InputError:
    return InputError(
        "BAD-MESH", path, f"not readable ({found})", "a triangle mesh", "another export"
    )


def _index_problems(vertices: np.ndarray, faces: np.ndarray) -> list[str]:
    problems = []
    if not len(faces):
        problems.append("no faces")
    elif faces.min() < 0 or faces.max() >= len(vertices):
        problems.append(f"faces name vertices outside 0 to {len(vertices) - 1}")
    if not np.isfinite(vertices).all():
        problems.append("vertices with NaN or infinite coordinates")
    return problems


def _edge_problems(faces: np.ndarray) -> list[str]:
    start, end = faces.astype(np.int64).T, np.roll(faces, -1, axis=1).T
    # One number per edge, which sorts much faster than a pair.
    base = int(faces.max()) + 1
    edges = np.minimum(start, end) * base + np.maximum(start, end)
    _, uses = np.unique(edges, return_counts=True)
    _, repeats = np.unique(start * base + end, return_counts=True)
    unshared, crowded = int((uses == 1).sum()), int((uses > 2).sum())
    problems = []
    if unshared:
        problems.append(f"{unshared} open edges")
    if crowded:
        problems.append(f"{crowded} non-manifold edges (more than two faces)")
    elif (repeats > 1).any():
        count = int((repeats > 1).sum())
        problems.append(f"{count} edges between faces of opposite orientation")
    return problems


def _size_problems(vertices: np.ndarray, faces: np.ndarray) -> list[str]:
    a, b, c = (vertices[faces[:, i]] - vertices.mean(axis=0) for i in range(3))
    normals = np.cross(b - a, c - a)
    extent_mm = float(np.ptp(vertices, axis=0).max())
    flat = int((np.linalg.norm(normals, axis=1) < 1e-12 * extent_mm**2).sum())
    volume = float(np.einsum("fi,fi->", a, normals)) / 6
    problems = []
    if flat:
        problems.append(f"{flat} zero-area faces")
    if volume < 0:
        problems.append("inverted: faces point inward")
    # Adult vertebrae have 12,000 (C3) to 81,000 mm3 (L3); children's have less.
    if abs(volume) < 500:
        unit = "metres" if extent_mm < 1 else "centimetres"
        problems.append(f"volume {abs(volume):.2g} mm3 suggests {unit}")
    elif abs(volume) > 1e6:
        problems.append(f"volume {abs(volume):.2g} mm3 suggests micrometres")
    return problems
