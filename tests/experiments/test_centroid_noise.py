import numpy as np

from experiments.centroid_noise import displaced, summary
from spine_jax.core import Centroids


def test_displacements_have_the_mean_length_and_follow_the_seed():
    given = Centroids(np.zeros((5000, 3)), (22,) * 5000)
    moved = np.asarray(displaced(given, 4.0, seed=1).points_mm)
    assert abs(np.linalg.norm(moved, axis=1).mean() - 4.0) < 0.05
    np.testing.assert_array_equal(displaced(given, 4.0, seed=1).points_mm, moved)
    assert np.abs(displaced(given, 4.0, seed=2).points_mm - moved).max() > 1
    np.testing.assert_array_equal(displaced(given, 0.0, seed=1).points_mm, 0)


def test_summary_names_the_worst():
    text = summary([{"L1": 0.9, "L2": 0.8}, {"L1": 0.7, "L2": 0.4}])
    assert text == (
        "L1 0.800 L2 0.600 | mean 0.700, worst draw 0.550, worst vertebra 0.400"
    )
