"""Draws what `spine-jax reconstruct` makes of a CBCT, from left to right.

Usage: `python -m experiments.draw_story CBCT.nii.gz FOLDER OUT.png`

CBCT, clean CT, mask with the body centres found in it, and the fitted meshes, all to
one scale in the sagittal slice that follows the spine.
"""

import argparse
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.draw_templates import draw_mesh
from spine_jax.core import Centroids, LabelVolume, Volume, mm_to_vox
from spine_jax.core.labels import anatomical_rank, label_name, label_number
from spine_jax.io.atomic import atomic_path
from spine_jax.io.centroids import load_centroids
from spine_jax.io.meshes import load_mesh
from spine_jax.io.nifti import load_labels, load_volume
from spine_jax.pipeline import panels, reformat
from spine_jax.pipeline.preview import BONE_WINDOW_HU
from spine_jax.pipeline.reformat import Region, Slice

HEIGHT, GAP, TITLE = 4.6, 0.25, 0.4
STEP_MM, MARGIN_MM = 0.4, 6.0
MASK = 1


def draw_story(cbct: Path, folder: Path, path: Path) -> None:
    """Write the picture of a finished folder.

    Raises:
        InputError: a file is missing or unreadable.
    """
    original, clean = load_volume(cbct), load_volume(folder / "translate/ct.nii.gz")
    mask = load_labels(folder / "segment/mask.nii.gz")
    centroids = load_centroids(folder / "centroids/centroids.mrk.json")
    view = _slice(mask, centroids)
    width = panels.width_inches(view, HEIGHT)
    figure = Figure((4 * width + 5 * GAP, HEIGHT + GAP + TITLE), facecolor="black")
    titles = ("CBCT", "clean CT", "vertebrae and centres", "labelled meshes")
    axes = []
    for k, title in enumerate(titles):
        place = (GAP + k * (width + GAP), TITLE, width, HEIGHT)
        axes.append(panels.add_panel(figure, place, view))
        panels.draw_frame(axes[k], view, title)
    window = _window(original)
    panels.draw_image(axes[0], view, original, window)
    panels.draw_image(axes[1], view, clean, BONE_WINDOW_HU)
    panels.draw_image(axes[2], view, original, window)
    _draw_mask(axes[2], view, mask)
    panels.draw_dots(axes[2], -centroids.points_mm[:, 1], centroids.points_mm[:, 2])
    _draw_meshes(axes[3], folder / "meshes", centroids)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=130)


def _slice(mask: LabelVolume, centroids: Centroids) -> Slice:
    """The sagittal slice along the spine over all that was imaged."""
    corners_mm = reformat.corners_mm(mask.affine_vox_to_mm, [_whole(mask)])
    curve = reformat.spine_curve(centroids.points_mm)
    low, high = corners_mm.min(axis=0), corners_mm.max(axis=0)
    return reformat.sagittal_slice(curve, low - MARGIN_MM, high + MARGIN_MM, STEP_MM)


def _whole(mask: LabelVolume) -> Region:
    return tuple(slice(0, side) for side in mask.array.shape)


def _window(volume: Volume) -> tuple[float, float]:
    low, high = np.percentile(volume.array, (10, 99.5))
    return float(low), float(high)


def _draw_mask(axes: Axes, view: Slice, mask: LabelVolume) -> None:
    points_vox = mm_to_vox(mask.affine_vox_to_mm, view.points_mm)
    cover = reformat.sample_mask(mask, MASK, _whole(mask), points_vox)
    panels.draw_outlines(axes, view, {MASK: cover})


def _draw_meshes(axes: Axes, folder: Path, centroids: Centroids) -> None:
    files = {label_number(path.stem): path for path in folder.glob("*.ply")}
    # Upper facets lie in front of the lower ones that they bear.
    for number in sorted(files, key=anatomical_rank):
        mesh = load_mesh(files[number])
        draw_mesh(axes, mesh, "from the left", panels.rgb(number))
    for label, point in zip(centroids.labels, centroids.points_mm, strict=True):
        place = (-point[1], point[2])
        axes.annotate(label_name(label), place, ha="center", va="center", fontsize=11)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Draws a finished reconstruction.")
    parser.add_argument("cbct", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    draw_story(chosen.cbct, chosen.folder, chosen.out)
