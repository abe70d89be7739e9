"""Whether vertebrae carry the right name, judged by their centres."""

import numpy as np

from spine_jax.core import Centroids, InputError

IDENTIFICATION_RADIUS_MM = 20.0


def identification_rate(predicted: Centroids, truth: Centroids) -> float:
    """Share of the true vertebrae that were found under their own name.

    A true vertebra counts if the prediction has a point of its label, of all true
    points that of the same label is nearest to it, and the distance is under 20 mm.
    Missed vertebrae stay in the denominator.

    Raises:
        InputError: if there is no true vertebra.
    """
    if not truth.labels:
        raise InputError(
            "NO-VERTEBRA",
            "truth",
            "no vertebra",
            "at least one, as a rate over none is undefined",
            "check the file of true centroids",
        )
    points_mm = _points_by_label(predicted)
    true_points_mm = np.asarray(truth.points_mm, np.float64)
    correct = 0
    for index, label in enumerate(truth.labels):
        if label not in points_mm:
            continue
        distances_mm = np.linalg.norm(true_points_mm - points_mm[label], axis=1)
        nearest = int(np.argmin(distances_mm))
        if nearest == index and distances_mm[index] < IDENTIFICATION_RADIUS_MM:
            correct += 1
    return correct / len(truth.labels)


def mean_localisation_mm(predicted: Centroids, truth: Centroids) -> float | None:
    """Mean distance in mm between points of the same label.

    Over the labels that both have; None if they share none.
    """
    predicted_mm = _points_by_label(predicted)
    truth_mm = _points_by_label(truth)
    shared = [label for label in truth.labels if label in predicted_mm]
    if not shared:
        return None
    return float(
        np.mean([np.linalg.norm(predicted_mm[k] - truth_mm[k]) for k in shared])
    )


def _points_by_label(centroids: Centroids) -> dict[int, np.ndarray]:
    return dict(zip(centroids.labels, np.asarray(centroids.points_mm, np.float64)))
