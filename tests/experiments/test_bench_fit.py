import dataclasses

import jax
import numpy as np
import pytest

from experiments import bench_fit
from spine_jax.anatomy.template import TemplateMesh
from spine_jax.core import Mesh, mm_to_vox
from spine_jax.fitting import CHUNK, PRESETS, Pose
from spine_jax.kernels.bench import spine_centroids
from spine_jax.kernels.cases import icosphere

CONFIG = dataclasses.replace(
    PRESETS["fast"], iterations=50, n_points=300, n_surface=300, n_modes=20
)


def ball(radius_mm):
    vertices, faces = icosphere(2)
    return TemplateMesh(Mesh(radius_mm * vertices, faces), "L3")


@pytest.fixture
def quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.slow
def test_rows_of_a_tiny_fit(monkeypatch, quick_compilation):
    monkeypatch.setattr(bench_fit, "PART_REPEATS", 1)
    problem = bench_fit.synthetic_problem(ball(14.0), (23, 24), CONFIG, voxel_mm=3.0)
    rows = list(bench_fit.rows(problem, CONFIG, n_timed=CHUNK, whole=True))
    whole, *parts, run = rows
    assert whole["part"] == "whole iteration" and whole["iterations"] == 50
    assert whole["projected_seconds"] == pytest.approx(
        whole["milliseconds"] * 50 / 1000, abs=0.06
    )
    total = parts.pop()
    assert total["part"] == "sum of the parts"
    summed = sum(part["milliseconds"] for part in parts)
    assert total["milliseconds"] == pytest.approx(summed, abs=0.01)
    names = [part["part"] for part in parts]
    assert len(set(names)) == 8 and "find_union_witness" in names
    assert run["part"] == "whole run" and run["seconds"] >= 0


def test_image_shows_soft_tissue_cortex_and_spongy_bone():
    vertices, faces = icosphere(4)
    centres_mm = np.array([[0, 0, 0], [0, 0, -50]])
    volume = bench_fit.ct_like_image(
        centres_mm[:, None] + 15.0 * vertices, faces, voxel_mm=1.0
    )
    assert min(volume.array.shape) >= 2 * bench_fit.IMAGE_MARGIN_MM
    grid = np.stack(np.indices(volume.array.shape), axis=-1)
    middle = mm_to_vox(volume.affine_vox_to_mm, centres_mm.astype(float))
    depth = 15 - np.min(
        [np.linalg.norm(grid - centre, axis=-1) for centre in middle], axis=0
    )
    # One voxel's noise is 25 HU; means over thousands are good to 2.
    assert volume.array[depth < -6].mean() == pytest.approx(40, abs=2)
    assert volume.array[depth > 6].mean() == pytest.approx(180, abs=3)
    # 1 mm deep the cortex is whole, and 1 / (1 + e^-2) of the voxel counts as bone.
    shell = volume.array[np.abs(depth - 1) < 0.05]
    assert shell.mean() == pytest.approx(40 + 140 * 0.881 + 500, abs=10)
    assert volume.array[depth < -6].std() == pytest.approx(25, rel=0.05)


def test_truth_is_disturbed_by_anatomical_amounts():
    n = 500
    turned = jax.tree.map(
        np.asarray, Pose(np.tile(np.eye(3), (n, 1, 1)), np.ones(n), 0)
    )
    found = bench_fit.disturbed(dataclasses.replace(turned, centre_mm=np.zeros((n, 3))))
    gram = found.rotation @ np.swapaxes(found.rotation, 1, 2)
    np.testing.assert_allclose(gram, np.tile(np.eye(3), (n, 1, 1)), atol=1e-12)
    angle = np.rad2deg(np.arccos((np.trace(found.rotation, axis1=1, axis2=2) - 1) / 2))
    # Three axes of 3 degrees each: root mean square 3 sqrt(3).
    assert np.sqrt(np.mean(angle**2)) == pytest.approx(5.2, rel=0.1)
    assert found.centre_mm.std() == pytest.approx(1.5, rel=0.1)
    assert np.log(found.scale).std() == pytest.approx(0.04, rel=0.1)


def test_spine_follows_the_mean_spacing():
    centroids = spine_centroids((22, 23, 24))
    gaps = np.linalg.norm(np.diff(centroids.points_mm, axis=0), axis=1)
    # L3 to L4 34.8 mm, L4 to L5 33.9 mm, down a curve that turns by 13 degrees at most.
    assert np.all(gaps > [34.7, 33.8]) and np.all(gaps < [35.8, 34.9])
    np.testing.assert_allclose(centroids.points_mm.mean(axis=0), 0, atol=1e-9)
