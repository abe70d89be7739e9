"""Preparing a case; running one is tested through the command."""

import numpy as np
import pytest

from spine_jax.anatomy.template import TemplateMesh, lumbar_template
from spine_jax.core import Centroids, InputError, Mesh, Volume
from spine_jax.fitting import pose_from_centroids
from spine_jax.pipeline.fit import prepare_case
from tests.helpers import icosphere

CENTROIDS = Centroids(
    np.array([[0.0, 0, 70], [3, -2, 35], [0, 0, 0]]), labels=(21, 22, 23)
)
VOLUME = Volume(
    np.zeros((20, 20, 40), np.float32),
    np.array([[4.0, 0, 0, -40], [0, 4, 0, -40], [0, 0, 4, -40], [0, 0, 0, 1]]),
)
TEMPLATE = TemplateMesh(Mesh(*icosphere(1, 15.0)), "L3")


def prepare(**options):
    return prepare_case(VOLUME, CENTROIDS, template=TEMPLATE, **options)


def test_subset_keeps_the_pose_of_the_whole():
    case = prepare(vertebrae=["L4", "l3"], preset="paper")
    assert case.labels == (22, 23)
    np.testing.assert_allclose(case.origin_mm, CENTROIDS.points_mm[1:].mean(axis=0))
    whole = pose_from_centroids(CENTROIDS, 22, anatomical=False)
    np.testing.assert_allclose(case.problem.rotation, whole.rotation[1:], atol=1e-6)


def test_every_level_starts_from_its_own_shape():
    case = prepare_case(VOLUME, CENTROIDS, preset="fast")
    assert len(case.problem.groups) == 1
    own = 64 * case.problem.groups[0].template.vertices[2]
    np.testing.assert_allclose(own, lumbar_template(23).mesh.vertices_mm, atol=1e-4)
    single = prepare_case(VOLUME, CENTROIDS, preset="paper")
    assert single.problem.groups[0].template.vertices.shape[0] == 1


def test_landmarks_go_with_the_template_and_its_group():
    assert prepare(preset="fast").landmarks == ({}, {}, {})
    own = prepare_case(VOLUME, CENTROIDS, preset="fast").landmarks
    assert all("superior_endplate_centre" in each for each in own)
    marked = TemplateMesh(TEMPLATE.mesh, "L3", {"tip": np.array([4])})
    neck = Centroids(CENTROIDS.points_mm, labels=(7, 8, 9))
    # C7 has another topology than L3, T1 and T2 have the same.
    c7, t1, t2 = prepare_case(VOLUME, neck, "paper", marked).landmarks
    assert c7 == {} and set(t1) == set(t2) == {"tip"}


def test_iterations_replace_the_presets():
    assert prepare(iterations=7).config.iterations == 7
    assert prepare(preset="paper").config.iterations == 3000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"preset": "best"}, ["best", "paper", "default", "fast"]),
        ({"vertebrae": ["L7"]}, ["L7", "L2 L3 L4"]),
        ({"iterations": -1}, ["-1", "at least 1"]),
    ],
)
def test_impossible_wishes_are_refused(options, words):
    with pytest.raises(InputError) as error:
        prepare(**options)
    assert all(word in str(error.value) for word in words)
