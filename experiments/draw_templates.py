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

COLUMNS = 9
FIGURE = Path(__file__).parent / "figures" / "templates.png"
# Rows are the picture's right, its up, and the way to the viewer.
VIEWS = {
    "from the left": np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]]),
    "from behind": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "from above": np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]),
}
BONE = (0.96, 0.9, 0.78)
LIGHT = np.array([-0.35, 0.5, 0.8]) / np.linalg.norm([-0.35, 0.5, 0.8])
REACH_MM = {
    "from the left": (-24.0, 76.0, -48.0, 32.0),
    "from behind": (-52.0, 52.0, -48.0, 32.0),
    "from above": (-52.0, 52.0, -76.0, 26.0),
}


def draw_levels(path: Path) -> None:
    """Write the picture: banks of levels, a row per view in each, all to one scale."""
    order = ANATOMICAL_ORDER
    banks = [order[i : i + COLUMNS] for i in range(0, len(order), COLUMNS)]
    rows = len(VIEWS) * len(banks)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(1.9 * COLUMNS, 1.65 * rows))
    for axis in axes.ravel():
        axis.set_axis_off()
    for bank, labels in enumerate(banks):
        for column, label in enumerate(labels):
            mesh = level_template(label).mesh
            for row, view in enumerate(VIEWS, start=bank * len(VIEWS)):
                draw_mesh(axes[row, column], mesh, view)
                left, right, bottom, top = REACH_MM[view]
                axes[row, column].set(
                    xlim=(left, right), ylim=(bottom, top), aspect="equal"
                )
            axes[bank * len(VIEWS), column].set_title(label_name(label), fontsize=12)
    figure.subplots_adjust(0, 0, 1, 0.97, wspace=0.0, hspace=0.0)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def draw_mesh(
    axis: Axes, mesh: Mesh, view: str, colour: tuple[float, float, float] = BONE
) -> None:
    """Shaded triangles, painted from the far ones to the near ones.

    Args:
        axis: In mm.
        mesh: RAS+ mm.
        view: Of `VIEWS`.
        colour: In full light, RGB from 0 to 1.
    """
    turned = mesh.vertices_mm @ VIEWS[view].T
    corners = turned[mesh.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    order = np.argsort(corners[:, :, 2].mean(axis=1))
    order = order[normals[order, 2] > 0]
    shade = 0.3 + 0.7 * np.clip(normals[order] @ LIGHT, 0, 1)
    colours = shade[:, None] * np.array(colour)
    axis.add_collection(
        PolyCollection(corners[order, :, :2], facecolors=colours, edgecolors=colours)
    )


if __name__ == "__main__":
    draw_levels(Path(sys.argv[1]) if len(sys.argv) > 1 else FIGURE)
