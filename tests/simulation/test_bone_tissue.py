"""The blurred cortical shell against the areas it must have."""

import dataclasses

import numpy as np
import pytest

from spine_jax.core import Mesh
from spine_jax.simulation.bone import Bone, Frame
from spine_jax.simulation.bone_tissue import BoneLook, paint_bone
from tests.helpers import box

GRID = (44, 44, 44)
LOOK = BoneLook(
    core_hu=100.0,
    arch_hu=200.0,
    subcortical_hu=0.0,
    texture_hu=0.0,
    body_cortex_mm=0.5,
    arch_cortex_mm=1.0,
    texture=np.zeros(GRID, np.float32),
    thickness=np.ones(GRID, np.float32),
)
# A cube from -15 to 15 mm, its faces off the voxel centres.
AFFINE = np.diag([1.0, 1.0, 1.0, 1.0])
AFFINE[:3, 3] = (-21.8, -21.6, -21.3)


def cube_bone(body_back_mm):
    corner = np.full(3, 16.0)
    return Bone(
        label=22,
        frame=Frame(np.eye(3), np.zeros(3), 1.0),
        parts=lambda points_mm: (points_mm[..., 0], points_mm[..., 0]),
        fillet_mm=1.0,
        bounds_mm=(-corner, corner),
        body_back_mm=body_back_mm,
        canal_centre_mm=np.zeros(3),
        canal_half_mm=(1.0, 1.0),
        body_half_mm=(1.0, 1.0),
        spinous_tip_mm=np.zeros(3),
    )


def painted(look, body_back_mm, sigma_mm=(0.5, 0.5, 0.5)):
    vertices, faces = box((30.0, 30.0, 30.0))
    image = np.zeros(GRID, np.float32)
    paint_bone(
        image,
        cube_bone(body_back_mm),
        subdivided(Mesh(vertices, faces), 5),
        look,
        AFFINE,
        np.asarray(sigma_mm),
    )
    return image


def subdivided(mesh, times):
    """Each face in four, `times` over; vertices are not shared, which is no matter."""
    corners = mesh.vertices_mm[mesh.faces]
    for _ in range(times):
        a, b, c = np.moveaxis(corners, 1, 0)
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
        parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        corners = np.concatenate([np.stack(part, axis=1) for part in parts])
    faces = np.arange(3 * len(corners)).reshape(-1, 3)
    return Mesh(corners.reshape(-1, 3), faces)


@pytest.mark.parametrize("sigma_mm", [(0.5, 0.5, 0.5), (0.5, 0.8, 1.2)])
@pytest.mark.parametrize(
    "body_back_mm, marrow, cortex", [(-99, 100, 0.5), (99, 200, 1.0)]
)
def test_line_through_the_cube_has_the_area_of_shell_and_marrow(
    body_back_mm, marrow, cortex, sigma_mm
):
    # Bone surface 0.7 mm inside the mesh: 28.6 mm of bone, of which two shells.
    image = painted(LOOK, body_back_mm, sigma_mm)
    expected = 1200.0 * 2 * cortex + marrow * (28.6 - 2 * cortex)
    for axis in range(3):
        line = np.moveaxis(image, axis, 0)[:, 22, 22]
        assert line.sum() == pytest.approx(expected, rel=0.01)


def test_core_and_surroundings_are_untouched_by_the_shell():
    image = painted(LOOK, -99.0)
    assert image[22, 22, 22] == pytest.approx(100.0)
    assert image[2, 2, 2] == 0.0


def test_blur_follows_the_axis_that_crosses_the_wall():
    image = painted(LOOK, -99.0, (0.4, 0.4, 1.5))
    assert image[:, 22, 22].max() > 1.5 * image[22, 22, :].max()


def test_marrow_is_denser_under_the_cortex():
    look = dataclasses.replace(LOOK, subcortical_hu=150.0)
    line = painted(look, -99.0)[:, 22, 22]
    # 2.5 mm under the bone surface: half of the 5 mm ramp, squared, a quarter of 150.
    depth = 15.0 - 0.7 - np.abs(np.arange(44) + AFFINE[0, 3])
    sampled = np.interp(2.5, depth[30:36][::-1], line[30:36][::-1])
    assert sampled == pytest.approx(100.0 + 150.0 / 4, abs=3.0)
