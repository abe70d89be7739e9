"""Draws the templates of all levels side by side, in three views.

Usage: `python -m experiments.draw_templates [OUT.png]`
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from spine_jax.anatomy.template import level_template
from spine_jax.core import Mesh
from spine_jax.core.labels import ANATOMICAL_ORDER, label_name

LEVELS = tuple(label for label in ANATOMICAL_ORDER if label >= 8)
FIGURE = Path(__file__).parent / "figures" / "templates.png"
# Rows are the picture's right, its up, and the way to the viewer.
VIEWS = {
    "from the right": np.array([[0.0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    "from behind": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "from above": np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
}
LIGHT = np.array([-0.35, 0.5, 0.8]) / np.linalg.norm([-0.35, 0.5, 0.8])
REACH_MM = {
    "from the right": (-76.0, 24.0, -48.0, 32.0),
    "from behind": (-52.0, 52.0, -48.0, 32.0),
    "from above": (-52.0, 52.0, -76.0, 26.0),
}


def draw_levels(path: Path) -> None:
    """Write the picture: two banks of levels, a row per view in each."""
    banks = LEVELS[:10], LEVELS[10:]
    columns, rows = max(map(len, banks)), len(VIEWS)
    figure, axes = plt.subplots(
        rows * len(banks), columns, figsize=(1.9 * columns, 1.65 * rows * len(banks))
    )
    for axis in axes.ravel():
        axis.set_axis_off()
    for bank, labels in enumerate(banks):
        for column, label in enumerate(labels):
            mesh = level_template(label).mesh
            for row, view in enumerate(VIEWS):
                draw_mesh(axes[bank * rows + row, column], mesh, view)
            axes[bank * rows, column].set_title(label_name(label), fontsize=12)
    figure.subplots_adjust(0, 0, 1, 0.97, wspace=0.0, hspace=0.0)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_mesh(axis: Axes, mesh: Mesh, view: str) -> None:
    """Shaded triangles, painted from the far ones to the near ones."""
    turned = mesh.vertices_mm @ VIEWS[view].T
    corners = turned[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    order = np.argsort(corners[:, :, 2].mean(axis=1))
    order = order[normals[order, 2] > 0]
    shade = 0.3 + 0.7 * np.clip(normals[order] @ LIGHT, 0, 1)
    colours = shade[:, None] * np.array([0.96, 0.9, 0.78])
    axis.add_collection(
        PolyCollection(corners[order, :, :2], facecolors=colours, edgecolors=colours)
    )
    left, right, bottom, top = REACH_MM[view]
    axis.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")


if __name__ == "__main__":
    draw_levels(Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURE)
