"""Figures per vertebra for statistics.json and .csv."""

import numpy as np

from spine_jax.core import LabelVolume, Mesh, Volume, vox_to_mm, voxel_volume_mm3
from spine_jax.core.labels import label_number
from spine_jax.geometry import enclosed_volume, triangle_areas

VISIBLE = 0.995
"""Share of the surface inside the image from which a vertebra counts as whole."""
DOUBTFUL = 0.7
"""A fit whose image falls less across the surface than this share of the fall at the
best vertebra of the case is to be looked at: `experiments/README.md` tells what it
catches."""


def vertebra_statistics(
    volume: Volume,
    labels: LabelVolume,
    meshes: dict[str, Mesh],
    summaries: list[dict[str, float]],
) -> list[dict]:
    """One JSON-ready row per vertebra, in the meshes' order.

    Args:
        volume: The CT, HU.
        labels: On the same grid.
        meshes: By vertebra name.
        summaries: `FitSummary.vertebrae`, same order.

    Returns:
        Per row: name, label, voxel and mesh volume (mm3), surface area (mm2), mean and
        standard deviation of HU, centroid (mm), whether the label touches the border,
        whether the vertebra is fully visible, and the fit's own figures. Figures of the
        voxels are None where the label holds none. `edge_share` is the fall of the
        image across the surface over that of the case's best vertebra, `doubtful`
        whether it is less than `DOUBTFUL`; a single vertebra is its own best.
    """
    rows = []
    edges = np.array([summary["edge_hu_per_mm"] for summary in summaries])
    shares = edges / max(float(edges.max()), 1e-6)
    for (name, mesh), summary, share in zip(
        meshes.items(), summaries, shares, strict=True
    ):
        inside = np.argwhere(labels.array == label_number(name))
        area = triangle_areas(mesh.vertices_mm, mesh.faces).sum()
        rows.append(
            {
                "name": name,
                "label": label_number(name),
                **_voxel_figures(volume, inside),
                "mesh_volume_mm3": float(enclosed_volume(mesh.vertices_mm, mesh.faces)),
                "mesh_area_mm2": float(area),
                "fully_visible": bool(summary["visible_fraction"] >= VISIBLE),
                **{key: float(value) for key, value in summary.items()},
                "edge_share": float(share),
                "doubtful": bool(share < DOUBTFUL),
            }
        )
    return rows


def remarks(row: dict) -> str:
    """What to know before a row's vertebra is used; empty where nothing is."""
    said = [] if row.get("fully_visible", True) else ["partly outside the image"]
    if row.get("doubtful", False):
        said.append(f"doubtful: edges {row['edge_share']:.0%} of the best's")
    return ", ".join(said)


def _voxel_figures(volume: Volume, inside: np.ndarray) -> dict:
    """Figures of the voxels [N, 3] of one label."""
    count = len(inside)
    hounsfield = np.asarray(volume.array)[tuple(inside.T)].astype(np.float64)
    last = np.array(volume.array.shape) - 1
    centroid = (
        vox_to_mm(volume.affine_vox_to_mm, inside.mean(axis=0)) if count else None
    )
    return {
        "n_voxels": count,
        "volume_mm3": count * voxel_volume_mm3(volume.affine_vox_to_mm),
        "mean_hu": float(hounsfield.mean()) if count else None,
        "std_hu": float(hounsfield.std()) if count else None,
        "centroid_mm": centroid.tolist() if centroid is not None else None,
        "touches_border": bool(((inside == 0) | (inside == last)).any()),
    }
