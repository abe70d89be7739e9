"""The preview of a simulated scan: three slices, before, after and with the truth."""

import os

import numpy as np
from matplotlib.figure import Figure

from spine_jax.core import LabelVolume, Volume, mm_to_vox, spacing_mm, vox_to_mm
from spine_jax.io.atomic import atomic_path
from spine_jax.pipeline import panels, reformat
from spine_jax.pipeline.preview import BONE_WINDOW_HU
from spine_jax.pipeline.reformat import Region, Slice
from spine_jax.simulation.cbct import CbctScan

_METAL = "#ffffff"
_PANEL, _EDGE, _GAP, _TITLE = 3.0, 0.25, 0.2, 0.45
_DPI = 120
_WINDOW_PERCENTILES = (1.0, 99.7)
# Array axis to the right and up, whether it is turned round, and the letters at the
# edges. The grid runs right, front and up; right is on the left of a picture.
_VIEWS = {
    "Axial": (2, (0, True), (1, False), "RLPA"),
    "Coronal": (1, (0, True), (2, False), "RLIS"),
    "Sagittal": (0, (1, True), (2, False), "APIS"),
}


def cbct_figure(scan: CbctScan) -> Figure:
    """Rows axial, coronal and sagittal through the isocentre; columns CT, CBCT and the
    CBCT with outlines of the labels, and of metal in white."""
    size = 2 * _EDGE + 3 * _PANEL + 2 * _GAP
    figure = Figure((size, size + 3 * _TITLE), facecolor=panels.BACKGROUND)
    window = _window(scan)
    regions = reformat.label_regions(scan.labels)
    for row, name in enumerate(_VIEWS):
        view = _middle_slice(scan.volume, name)
        top = _EDGE + _TITLE + row * (_PANEL + _GAP + _TITLE)
        for column, (title, image, limits) in enumerate(
            (
                (f"{name}, CT", scan.ct, BONE_WINDOW_HU),
                ("CBCT", scan.volume, window),
                ("labels and metal", scan.volume, window),
            )
        ):
            place = (_EDGE + column * (_PANEL + _GAP), top, _PANEL, _PANEL)
            axes = panels.add_panel(figure, place, view)
            panels.draw_image(axes, view, image, limits)
            if column == 2:
                _draw_truth(axes, view, scan, regions)
            panels.draw_frame(axes, view, title)
    return figure


def draw_cbct_preview(path: str | os.PathLike, scan: CbctScan) -> None:
    """Write `cbct_figure` as a PNG, atomically."""
    figure = cbct_figure(scan)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)


def _middle_slice(volume: Volume, name: str) -> Slice:
    """The slice of the grid through its middle."""
    across, right, up, letters = _VIEWS[name]
    shape = np.array(volume.array.shape)
    spacing = spacing_mm(volume.affine_vox_to_mm)
    column, row = (
        np.arange(shape[axis])[:: -1 if turned else 1] for axis, turned in (right, up)
    )
    voxels = np.empty((len(row), len(column), 3))
    voxels[..., across] = (shape[across] - 1) / 2
    voxels[..., right[0]] = column[None, :]
    voxels[..., up[0]] = row[:, None]
    return Slice(
        points_mm=vox_to_mm(volume.affine_vox_to_mm, voxels),
        right_mm=np.arange(len(column)) * spacing[right[0]],
        up_mm=np.arange(len(row)) * spacing[up[0]],
        letters=letters,
    )


def _draw_truth(axes, view: Slice, scan: CbctScan, regions: dict[int, Region]) -> None:
    points = mm_to_vox(scan.labels.affine_vox_to_mm, view.points_mm)
    covers = {
        number: reformat.sample_mask(scan.labels, number, region, points)
        for number, region in regions.items()
    }
    panels.draw_outlines(axes, view, covers)
    metal = _cover(scan.metal, points)
    if metal.max() > 0:
        axes.contour(
            view.right_mm,
            view.up_mm,
            metal,
            levels=[0.5],
            colors=[_METAL],
            linewidths=0.9,
        )


def _cover(mask: LabelVolume, points_vox: np.ndarray) -> np.ndarray:
    index = np.rint(points_vox).astype(int)
    index = np.clip(index, 0, np.array(mask.array.shape) - 1)
    return mask.array[tuple(np.moveaxis(index, -1, 0))].astype(float)


def _window(scan: CbctScan) -> tuple[float, float]:
    """What is shown black and white of the CBCT's own grey scale."""
    seen = scan.volume.array[np.asarray(scan.seen.array) > 0]
    low, high = np.percentile(seen, _WINDOW_PERCENTILES)
    return float(low), float(max(high, low + 1.0))
