"""The `demo` command: a phantom with exact truth, fitted and scored."""

from pathlib import Path

from spine_jax.core import InputError
from spine_jax.io.centroids import save_centroids_mrk
from spine_jax.io.nifti import save_labels, save_volume
from spine_jax.pipeline.evaluate import evaluate_files
from spine_jax.pipeline.fit_files import FitRequest, fit_to_folder
from spine_jax.simulation.phantom import lumbar_phantom


def run_demo(
    output: Path, *, seed: int = 0, overwrite: bool = False, quiet: bool = False
) -> dict:
    """Write the phantom to OUT/phantom, the fit to OUT/fit, and OUT/metrics.json.

    Returns:
        The evaluation, as `evaluate_files`.

    Raises:
        InputError: when the folder is not empty and may not be overwritten.
    """
    if output.exists() and any(output.iterdir()) and not overwrite:
        raise InputError(
            "OUTPUT-EXISTS",
            output,
            "the folder is not empty",
            "a new or empty folder",
            "--overwrite to replace it",
        )
    phantom = lumbar_phantom(seed)
    folder = output / "phantom"
    folder.mkdir(parents=True, exist_ok=True)
    save_volume(folder / "ct.nii.gz", phantom.volume)
    save_labels(folder / "labels.nii.gz", phantom.labels)
    save_centroids_mrk(folder / "centroids.mrk.json", phantom.centroids)
    fit_to_folder(
        FitRequest(
            image=folder / "ct.nii.gz",
            centroids=folder / "centroids.mrk.json",
            output=output / "fit",
            seed=seed,
            overwrite=overwrite,
            quiet=quiet,
        )
    )
    return evaluate_files(
        output / "fit" / "labels.nii.gz",
        folder / "labels.nii.gz",
        output / "metrics.json",
        overwrite=overwrite,
    )
