"""The `evaluate` command: two label maps in, `metrics.json` out."""

import os
from pathlib import Path
from typing import Any

from spine_jax.core import InputError
from spine_jax.io.atomic import write_json_atomic
from spine_jax.io.nifti import check_has_vertebra, check_same_grid, load_labels
from spine_jax.metrics.report import evaluate_labels


def evaluate_files(
    prediction_path: str | os.PathLike,
    truth_path: str | os.PathLike,
    output_path: str | os.PathLike,
    *,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Score a label map against the truth and write the scores as JSON.

    Args:
        prediction_path: Label map, NIfTI.
        truth_path: Label map on the same grid, NIfTI.
        output_path: JSON to write, atomically.
        overwrite: Whether an existing output may be replaced.

    Returns:
        What was written: `metrics.report.evaluate_labels` and the two paths.

    Raises:
        InputError: if the output exists and may not be replaced, a file cannot be used,
            the grids differ, or the truth holds no vertebra. Nothing is written then.
    """
    output_path = Path(output_path)
    if output_path.is_dir() or (output_path.exists() and not overwrite):
        raise InputError(
            "OUTPUT-EXISTS",
            output_path,
            "this is a folder" if output_path.is_dir() else "the file exists",
            "the name of a new file",
            "another name after -o, or --overwrite to replace a file",
        )
    prediction = load_labels(prediction_path)
    truth = load_labels(truth_path)
    check_has_vertebra(truth, truth_path)
    check_same_grid(prediction, truth, prediction_path, truth_path)
    result = {
        "prediction": os.fspath(prediction_path),
        "truth": os.fspath(truth_path),
        **evaluate_labels(prediction, truth),
    }
    write_json_atomic(output_path, result)
    return result
