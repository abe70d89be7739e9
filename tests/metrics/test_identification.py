"""Identification by centroids, on a spine of three points drawn by hand."""

import numpy as np
import pytest

from spine_jax.core import Centroids, InputError
from spine_jax.metrics.identification import identification_rate, mean_localisation_mm

TRUTH = Centroids(
    np.array([[0.0, 0.0, 60.0], [0.0, 0.0, 30.0], [0.0, 0.0, 0.0]]), (20, 21, 22)
)


def _predicted(**points_mm: tuple[float, float, float]) -> Centroids:
    labels = tuple(int(name[1:]) for name in points_mm)
    return Centroids(np.array(list(points_mm.values())).reshape(-1, 3), labels)


def test_all_found_where_they_are():
    assert identification_rate(TRUTH, TRUTH) == 1.0
    assert mean_localisation_mm(TRUTH, TRUTH) == 0.0


def test_missed_vertebra_stays_in_the_denominator():
    predicted = _predicted(v20=(3.0, 4.0, 60.0), v22=(0.0, 0.0, 1.0))
    assert identification_rate(predicted, TRUTH) == pytest.approx(2 / 3)
    # 3-4-5 and 1 mm, over the two labels that both have.
    assert mean_localisation_mm(predicted, TRUTH) == 3.0


def test_a_spine_named_one_level_too_high_identifies_nothing():
    shifted = _predicted(v19=(0, 0, 60.0), v20=(0, 0, 30.0), v21=(0, 0, 0.0))
    assert identification_rate(shifted, TRUTH) == 0.0
    assert mean_localisation_mm(shifted, TRUTH) == 30.0


def test_nearest_but_too_far_does_not_count():
    assert identification_rate(_predicted(v20=(19.9, 0, 60.0)), TRUTH) > 0
    assert identification_rate(_predicted(v20=(20.0, 0, 60.0)), TRUTH) == 0


def test_near_enough_but_nearer_to_the_neighbour_does_not_count():
    assert identification_rate(_predicted(v21=(0, 0, 16.0)), TRUTH) > 0
    assert identification_rate(_predicted(v21=(0, 0, 14.0)), TRUTH) == 0


def test_nothing_predicted():
    nothing = Centroids(np.zeros((0, 3)), ())
    assert identification_rate(nothing, TRUTH) == 0.0
    assert mean_localisation_mm(nothing, TRUTH) is None


def test_no_truth_is_refused():
    with pytest.raises(InputError, match="NO-VERTEBRA"):
        identification_rate(TRUTH, Centroids(np.zeros((0, 3)), ()))
