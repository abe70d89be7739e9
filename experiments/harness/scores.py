"""Figures of predictions on held-out CBCTs."""

import itertools
from collections.abc import Callable

import numpy as np
from skimage.metrics import structural_similarity

from experiments.harness.method import Prediction
from spine_jax.core import spacing_mm
from spine_jax.core.types import Array
from spine_jax.data import Dataset, held_out_volumes, read_mask, shrunk_affine
from spine_jax.data.store import StoredVolume
from spine_jax.metrics.overlap import dice
from spine_jax.metrics.surface import surface_scores

Row = dict[str, float | None]


def evaluate(
    predict: Callable[[np.ndarray], Prediction],
    dataset: Dataset,
    shrink: int,
    count: int | None = None,
) -> list[dict]:
    """Figures of held-out CBCTs, one row each.

    Args:
        predict: From slices [Z, H, W, 1].
        dataset: With a test split.
        shrink: Pixels of it along a side of a model's.
        count: Of volumes; None for all.
    """
    view = dataset.field_of_view[shrink // 2 :: shrink, shrink // 2 :: shrink]
    rows = []
    for volume in itertools.islice(held_out_volumes(dataset, shrink), count):
        made = predict(volume.x_l)
        row: dict = {"volume": volume.name}
        if made.x_lh is not None and volume.clean is not None:
            for suffix, image in (("", made.x_lh), ("_of_cbct", volume.x_l)):
                figures = image_figures(image, volume.clean, view)
                row |= {name + suffix: value for name, value in figures.items()}
        if made.y_l is not None and volume.y_l is not None:
            found, truth = made.y_l > 0.5, volume.y_l > 0.5
            row |= mask_figures(found, truth, volume.affine_vox_to_mm)
        rows.append(row)
    return rows


def stored_figures(
    volume: StoredVolume, probabilities: np.ndarray, shrink: int
) -> dict:
    """`mask_figures` of where a probability is above one half, beside the labels of a
    stored volume, and its name.

    Args:
        volume: With labels.
        probabilities: [Z, H, W, 1], of slices whose pixels are averaged by `shrink`.
        shrink: Pixels of the data set along a side of a model's.
    """
    truth = read_mask(volume, slice(None), shrink) > 0.5
    affine = shrunk_affine(volume.affine_vox_to_mm, shrink)
    return {"volume": volume.name} | mask_figures(probabilities > 0.5, truth, affine)


def image_figures(image: np.ndarray, truth: np.ndarray, view: np.ndarray) -> Row:
    """Peak signal-to-noise ratio in dB and mean structural similarity inside the view.

    Args:
        image, truth: [Z, H, W, 1] in [-1, 1].
        view: [H, W] bool.
    """
    similarity = [
        structural_similarity(a, b, data_range=2, full=True)[1][view].mean()
        for a, b in zip(image[..., 0], truth[..., 0])
    ]
    error = (image - truth)[:, view]
    return {
        "psnr": float(10 * np.log10(4 / np.mean(error**2))),
        "ssim": float(np.mean(similarity)),
    }


def mask_figures(found: np.ndarray, truth: np.ndarray, affine_vox_to_mm: Array) -> Row:
    """Dice of the volume, mean Dice of slices that hold or are given a vertebra, and
    surface distance of the volume, of masks [Z, H, W, 1] bool."""
    mask, truth = found[..., 0], truth[..., 0]
    of_slices = [dice(a, b) for a, b in zip(mask, truth) if a.any() or b.any()]
    scores = surface_scores(mask, truth, spacing_mm=spacing_mm(affine_vox_to_mm))
    return {
        "dice": dice(mask, truth),
        "dice_of_slices": float(np.mean(of_slices)) if of_slices else None,
        "assd_mm": scores.assd_mm,
    }


def as_text(row: Row, forms: dict[str, str]) -> list[str]:
    """Figures of a row, each in its form; "-" where it has none."""
    return [
        "-" if row.get(key) is None else format(row[key], form)
        for key, form in forms.items()
    ]


def mean_row(rows: list[dict]) -> Row:
    """Mean of each figure over the rows that have it."""
    names = sorted({name for row in rows for name in row} - {"volume"})
    values = {k: [row[k] for row in rows if row.get(k) is not None] for k in names}
    return {k: float(np.mean(each)) for k, each in values.items() if each}
