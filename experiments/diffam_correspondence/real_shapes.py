"""Real L1 surfaces with landmarks: do fitted vertices find the same places?

Two answers. A landmark is *carried over* when its place on the fitted mesh of each
other person, the face and the barycentric coordinates, is looked up on this one's; it
should meet this person's landmark. And where one of our landmarks means the same place
it is compared with it directly.
"""

import json
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from scipy.spatial import KDTree

from experiments.diffam_correspondence.errors import fitted_vertices_mm
from experiments.diffam_correspondence.individuals import label_volume
from spine_jax.anatomy.landmarks import landmarks_on_mesh
from spine_jax.core import Mesh
from spine_jax.fitting import FitConfig
from spine_jax.io.mask_centroids import centroids_from_labels
from spine_jax.io.meshes import load_mesh
from spine_jax.kernels.closest_point import closest_point
from spine_jax.kernels.hierarchy import build_hierarchy
from spine_jax.pipeline.template_cache import cached_level_template
from spine_jax.simulation.label_ct import ct_from_labels

L1 = 20
NAMED = {
    "A": "transverse_tip_left",
    "D": "transverse_tip_right",
    "G": "spinous_tip",
    "H": "superior_endplate_anterior",
    "J": "inferior_endplate_anterior",
}
"""Their letters, and ours. B, C and E, F are tips of articular processes, I the middle
of the anterior wall."""
_RAS_LPS = np.array([-1.0, -1.0, 1.0])
_OFF_MM = 10.0


def load_shapes(folder: Path) -> dict[str, tuple[Mesh, dict[str, np.ndarray]]]:
    """Surfaces and their landmarks [3] by letter, RAS+ mm, by name of the file.

    Landmarks are LPS, though their files do not say so, and lie on the surface. That
    tells the frame of a mesh whose header does not.
    """
    shapes = {}
    for path in sorted(folder.glob("*_L1.ply")):
        mesh = load_mesh(path)
        points = json.loads(path.with_suffix(".json").read_text())
        places_mm = np.array([p["coordinates"] for p in points]) * _RAS_LPS
        if KDTree(mesh.vertices_mm).query(places_mm)[0].max() > _OFF_MM:
            mesh = Mesh(mesh.vertices_mm * _RAS_LPS, mesh.faces)
        shapes[path.stem] = (
            mesh,
            {p["id"]: np.array(p["coordinates"]) * _RAS_LPS for p in points},
        )
    return shapes


def fit_shape(
    mesh: Mesh, fit_config: FitConfig, spacing_mm: float, seed: int
) -> np.ndarray:
    """Make a CT of a surface and fit it: vertices [V, 3], RAS+ mm."""
    hierarchy = build_hierarchy(mesh.vertices_mm, mesh.faces)
    labels = label_volume([(mesh.vertices_mm, hierarchy)], (L1,), spacing_mm)
    centroids = centroids_from_labels(labels, "L1")
    volume = ct_from_labels(labels, seed)
    return fitted_vertices_mm(volume, centroids, fit_config, seed)[1][0]


def landmark_rows(
    fitted_mm: dict[str, np.ndarray], landmarks_mm: dict[str, dict[str, np.ndarray]]
) -> list[dict]:
    """One row per person and landmark with its errors in mm.

    Args:
        fitted_mm: Vertices [V, 3] in correspondence, by person; two at least.
        landmarks_mm: Landmarks [3] by person and letter.
    """
    places = {
        person: {k: _place(vertices, p) for k, p in landmarks_mm[person].items()}
        for person, vertices in fitted_mm.items()
    }
    rows = []
    for person, vertices in fitted_mm.items():
        ours = landmarks_on_mesh(vertices, L1)
        for letter, true_mm in landmarks_mm[person].items():
            others = [own[letter] for name, own in places.items() if name != person]
            carried = [_at(vertices, place) for place in others]
            named = ours.get(NAMED.get(letter, ""))
            rows.append(
                {
                    "person": person,
                    "landmark": letter,
                    "carried_mm": _apart_mm(np.mean(carried, axis=0), true_mm),
                    "named_mm": None if named is None else _apart_mm(named, true_mm),
                }
            )
    return rows


def _place(vertices_mm: np.ndarray, point_mm: np.ndarray) -> tuple[np.ndarray, ...]:
    """Corners [3] of the nearest face and barycentric coordinates [3] on it."""
    faces = cached_level_template(L1).mesh.faces
    origin_mm = vertices_mm.mean(axis=0)
    face, barycentric = closest_point(
        jnp.asarray(point_mm - origin_mm, jnp.float32)[None],
        jnp.zeros(1, jnp.int32),
        jnp.asarray(vertices_mm - origin_mm, jnp.float32)[None],
        build_hierarchy(vertices_mm, faces),
    )
    return faces[int(face[0])], np.asarray(barycentric[0])


def _at(vertices_mm: np.ndarray, place: tuple[np.ndarray, ...]) -> np.ndarray:
    corners, barycentric = place
    return barycentric @ vertices_mm[corners]


def _apart_mm(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.linalg.norm(one - other))
