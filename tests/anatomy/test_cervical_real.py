"""Our cervical templates against surfaces of real people; needs ../shared."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.anatomy.template import level_template
from tests.anatomy.meshes import align_by_similarity

SHARED = Path(__file__).parents[3] / "shared/data"
MESHES = SHARED / "meshes/cervical"
GOAL_MM = 1.5


def two_way_distance(label, points, faces):
    """Mean surface distance after similarity alignment of the template, mm.

    Tries three pitches, since necks are bent; points [P, 3] have x right, z up.
    """
    mesh = level_template(label).mesh
    surface = SurfacePoints(points, faces)
    target = points[:: max(len(points) // 2500, 1)]
    found = []
    for pitch in (-20, 0, 20):
        turn = Rotation.from_euler("x", pitch, degrees=True).as_matrix()
        start = mesh.vertices_mm @ turn.T
        start = start - start.mean(axis=0) + target.mean(axis=0)
        aligned = align_by_similarity(start, target)
        there = surface.closest(aligned) - aligned
        back = SurfacePoints(aligned, mesh.faces).closest(target) - target
        both = [np.linalg.norm(d, axis=1).mean() for d in (there, back)]
        found.append(np.mean(both))
    return min(found)


@pytest.mark.skipif(not MESHES.exists(), reason="needs ../shared")
@pytest.mark.parametrize("label", range(1, 7))
def test_template_is_near_the_surface_of_one_person(label):
    real = trimesh.load(MESHES / f"C{label}.ply", process=False)
    # The file has y backwards.
    points = np.asarray(real.vertices) * [-1, -1, 1]
    assert two_way_distance(label, points, np.asarray(real.faces)) < GOAL_MM
