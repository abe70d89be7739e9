"""Figures per vertebra: sizes, and which fits are to be looked at."""

import numpy as np
import pytest

from spine_jax.core import LabelVolume, Mesh, Volume
from spine_jax.pipeline.statistics import remarks, vertebra_statistics

CUBE_CORNERS = np.array(list(np.ndindex(2, 2, 2)), np.float32)
CUBE_FACES = np.array(
    [
        [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
        [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
    ],
    np.int32,
)  # fmt: skip


def rows_of(edges, visible=1.0):
    """Of cubes of 10 mm, one per edge strength."""
    names = [f"L{number}" for number in range(1, len(edges) + 1)]
    labels = np.zeros((12, 12, 12 * len(edges)), np.uint8)
    meshes = {}
    for place, name in enumerate(names):
        low = 12 * place + 1
        labels[1:11, 1:11, low : low + 10] = 20 + place
        meshes[name] = Mesh(10 * CUBE_CORNERS + [0.5, 0.5, low - 0.5], CUBE_FACES)
    volume = Volume(100.0 * labels.astype(np.float32), np.eye(4))
    summaries = [
        {"image_error_hu": 1.0, "edge_hu_per_mm": edge, "visible_fraction": visible}
        for edge in edges
    ]
    return vertebra_statistics(
        volume, LabelVolume(labels, np.eye(4)), meshes, summaries
    )


def test_sizes_and_intensities_are_those_of_the_cubes():
    rows = rows_of([200.0, 200.0])
    for place, row in enumerate(rows):
        assert row["n_voxels"] == 1000
        assert row["volume_mm3"] == pytest.approx(1000.0)
        assert row["mesh_volume_mm3"] == pytest.approx(1000.0, rel=1e-5)
        assert row["mesh_area_mm2"] == pytest.approx(600.0, rel=1e-5)
        assert row["mean_hu"] == pytest.approx(2000.0 + 100.0 * place)


def test_a_vertebra_on_much_weaker_edges_than_the_best_is_doubtful():
    rows = rows_of([300.0, 215.0, 205.0, 100.0])
    assert [row["doubtful"] for row in rows] == [False, False, True, True]
    assert rows[3]["edge_share"] == pytest.approx(1 / 3)
    assert [remarks(row) for row in rows[:2]] == ["", ""]
    assert remarks(rows[3]) == "doubtful: edges 33% of the best's"


@pytest.mark.parametrize("edge", [0.0, -5.0])
def test_a_single_vertebra_without_any_edge_gives_finite_figures(edge):
    (row,) = rows_of([edge])
    assert np.isfinite(row["edge_share"]) and row["doubtful"]


def test_a_cut_vertebra_is_told():
    (row,) = rows_of([200.0], visible=0.5)
    assert remarks(row) == "partly outside the image"


def test_rows_of_an_older_file_have_nothing_to_remark():
    assert remarks({"name": "L1"}) == ""
