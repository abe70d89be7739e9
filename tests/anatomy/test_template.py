"""The template is a closed, centred, even vertebra of the measured sizes."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from spine_jax.anatomy.body import body_distance
from spine_jax.anatomy.body_centre import body_centre_from_mesh, solid_voxels
from spine_jax.anatomy.implicit import body_centre_of_shape, vertebra_distance
from spine_jax.anatomy.levels import lumbar_shape, random_shape
from spine_jax.anatomy.morphometry import level_morphometry
from spine_jax.anatomy.surface import SurfacePoints
from spine_jax.anatomy.template import (
    lumbar_template,
    rotation_to_template,
    template_from_mesh,
    template_from_shape,
)
from spine_jax.core import InputError, Mesh
from tests.anatomy.meshes import (
    align_by_similarity,
    edge_lengths,
    euler_characteristic,
    is_closed,
    torus,
    triangle_quality,
    volume,
)

LEVELS = range(20, 25)


def arrays(template):
    return template.mesh.vertices_mm, template.mesh.faces


def test_template_is_closed_genus_one_outward_even_and_centred():
    vertices, faces = arrays(lumbar_template())
    assert is_closed(faces) and euler_characteristic(vertices, faces) == 0
    assert volume(vertices, faces) == pytest.approx(60787, rel=0.05)  # median of L3
    assert 1800 < len(vertices) < 2200
    assert 2.0 < edge_lengths(vertices, faces).mean() < 3.0
    assert triangle_quality(vertices, faces).min() > 0.3
    assert np.linalg.norm(body_centre_from_mesh(lumbar_template().mesh)) < 0.5


def test_template_is_deterministic_symmetric_and_read_only():
    first, faces = arrays(lumbar_template())
    again = template_from_shape(lumbar_shape(22), "L3")
    np.testing.assert_array_equal(first, again.mesh.vertices_mm)
    np.testing.assert_array_equal(faces, again.mesh.faces)
    assert {(-x, y, z) for x, y, z in first.tolist()} == {*map(tuple, first.tolist())}
    with pytest.raises(ValueError, match="read-only"):
        first[0, 0] = 1.0


@pytest.mark.parametrize("label", LEVELS)
def test_levels_share_faces_and_lie_on_their_own_shape(label):
    vertices, faces = arrays(lumbar_template(label))
    np.testing.assert_array_equal(faces, lumbar_template().mesh.faces)
    shape = lumbar_shape(label)
    distance = vertebra_distance(vertices + body_centre_of_shape(shape), shape)
    assert np.abs(distance).max() < 0.1
    assert triangle_quality(vertices, faces).min() > 0.1
    assert np.linalg.norm(body_centre_of_shape(shape)) < 0.5


@pytest.mark.parametrize("label", LEVELS)
def test_outer_sizes_match_the_figures_within_4_mm(label):
    vertices, _ = arrays(lumbar_template(label))
    row = level_morphometry(label)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert high[0] - low[0] == pytest.approx(row.transverse_span_mm, abs=4)
    assert low[1] == pytest.approx(row.spinous_tip_y_mm, abs=4)
    assert high[1] == pytest.approx(row.body_front_y_mm, abs=1.5)
    assert high[2] == pytest.approx(row.superior_process_tip_z_mm, abs=4)
    assert low[2] == pytest.approx(row.inferior_process_tip_z_mm, abs=4)


@pytest.mark.parametrize("label", LEVELS)
def test_body_sizes_match_the_figures_within_1_mm(label):
    row = level_morphometry(label)
    measured = measure_body(lumbar_shape(label))
    for name, value in measured.items():
        assert value == pytest.approx(getattr(row, name), abs=1.0), name


MEAN_L3 = Path(__file__).parents[3] / "shared/data/meshes/mean_lumbar/L3.ply"


@pytest.mark.skipif(not MEAN_L3.exists(), reason="needs ../shared")
def test_dense_real_mesh_becomes_a_template_close_to_ours():
    real = trimesh.load(MEAN_L3, process=False)
    mesh = Mesh(np.asarray(real.vertices), np.asarray(real.faces))
    rotation = rotation_to_template({"anterior": "+x", "cranial": "+z"})
    turned = Mesh(mesh.vertices_mm @ rotation.T, mesh.faces)
    centre_mm = rotation.T @ body_centre_from_mesh(turned)
    theirs = template_from_mesh(
        mesh, centre_mm, axes={"anterior": "+x", "cranial": "+z"}
    )
    vertices, faces = arrays(theirs)
    assert is_closed(faces) and euler_characteristic(vertices, faces) == 0
    assert 1800 < len(vertices) < 2200
    assert triangle_quality(vertices, faces).min() > 0.2
    # Coarsening stays on the dense surface.
    nearest, _ = cKDTree(turned.vertices_mm - rotation @ centre_mm).query(vertices)
    assert nearest.max() < 1.0
    aligned = align_by_similarity(arrays(lumbar_template())[0], vertices)
    ours, both = SurfacePoints(aligned, lumbar_template().mesh.faces), theirs.mesh
    there = np.linalg.norm(ours.closest(vertices) - vertices, axis=1)
    back = SurfacePoints(both.vertices_mm, both.faces).closest(aligned) - aligned
    mean_mm = (there.mean() + np.linalg.norm(back, axis=1).mean()) / 2
    assert mean_mm < 0.6


def measure_body(shape, step=0.25):
    """Body sizes by the rules the figures were taken with."""
    axes = [np.arange(-r, r, step) + step / 2 for r in (32.0, 24.0, 18.0)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    solid = body_distance(grid, shape.body) < 0
    filled = np.flatnonzero(solid.any(axis=(0, 1)))
    height = (np.arange(len(axes[2])) - filled[0] + 0.5) / len(filled)
    middle = solid[len(axes[0]) // 2]
    rows = np.flatnonzero(middle.any(axis=1))
    depth = (np.arange(len(axes[1])) - rows[0] + 0.5) / len(rows)
    widths = solid[:, depth > 0.3].any(axis=1).sum(axis=0) * step
    depths = middle.sum(axis=0) * step
    columns = middle.sum(axis=1) * step
    upper, lower = (height > 0.72) & (height < 0.97), (height > 0.03) & (height < 0.28)
    waist = np.abs(height - 0.5) < 0.1
    return {
        "body_width_upper_mm": np.percentile(widths[upper], 90),
        "body_width_mid_mm": np.percentile(widths[waist], 10),
        "body_width_lower_mm": np.percentile(widths[lower], 90),
        "body_depth_upper_mm": np.percentile(depths[upper], 90),
        "body_depth_mid_mm": np.percentile(depths[waist], 10),
        "body_depth_lower_mm": np.percentile(depths[lower], 90),
        "height_anterior_mm": np.percentile(
            columns[(depth > 0.78) & (depth < 0.94)], 85
        ),
        "height_posterior_mm": np.percentile(
            columns[(depth > 0.06) & (depth < 0.22)], 85
        ),
    }


@pytest.mark.parametrize(("seed", "label"), [(0, 20), (1, 22), (2, 24)])
def test_random_shapes_are_closed_genus_one_and_repeatable(seed, label):
    shape = random_shape(np.random.default_rng(seed), label)
    assert shape == random_shape(np.random.default_rng(seed), label)
    vertices, faces = arrays(template_from_shape(shape, "random", vertex_count=1200))
    assert is_closed(faces) and euler_characteristic(vertices, faces) == 0
    assert volume(vertices, faces) > 0
    # Left and right differ.
    assert abs(vertices[:, 0].max() + vertices[:, 0].min()) > 1e-3


def test_random_sizes_spread_as_the_interquartile_range_says():
    rng = np.random.default_rng(0)
    depths = [random_shape(rng, 22).body.depth_mid_mm for _ in range(400)]
    sigma = 3.1 / 1.35
    assert np.mean(depths) == pytest.approx(32.7, abs=0.5)
    assert np.std(depths) == pytest.approx(sigma, rel=0.2)
    assert max(abs(np.array(depths) - 32.7)) <= 2 * sigma + 1e-9


def test_user_mesh_is_turned_centred_and_coarsened():
    vertices, faces = torus(20.0, 8.0, 80, 40)
    # A ring about z; its hole is the canal, the part at +x the body.
    moved = vertices + [100.0, 5.0, -3.0]
    template = template_from_mesh(
        Mesh(moved, faces),
        np.array([120.0, 5.0, -3.0]),
        axes={"anterior": "+x", "cranial": "+z"},
        vertex_count=500,
    )
    result, new_faces = arrays(template)
    assert is_closed(new_faces) and euler_characteristic(result, new_faces) == 0
    assert volume(result, new_faces) > 0
    assert result[:, 1].min() == pytest.approx(-48.0, abs=0.5)
    assert result[:, 1].max() == pytest.approx(8.0, abs=0.5)


def test_axes_name_a_right_handed_frame():
    np.testing.assert_array_equal(
        rotation_to_template({"anterior": "+x", "cranial": "+z"}) @ [1.0, 2.0, 3.0],
        [-2.0, 1.0, 3.0],
    )
    np.testing.assert_array_equal(
        rotation_to_template({"left": "+x", "posterior": "+y", "cranial": "+z"}),
        np.diag([-1.0, -1.0, 1.0]),
    )
    for bad in (
        {"anterior": "+x"},
        {"anterior": "+x", "cranial": "-x"},
        {"up": "+z", "anterior": "+x"},
        {"left": "+x", "anterior": "+y", "cranial": "+z"},
    ):
        with pytest.raises(InputError, match="TEMPLATE-AXES"):
            rotation_to_template(bad)


def test_open_and_inside_out_meshes_are_refused():
    vertices, faces = torus(20.0, 8.0, 20, 10)
    with pytest.raises(InputError, match="TEMPLATE-OPEN"):
        template_from_mesh(Mesh(vertices, faces[1:]), np.zeros(3))
    with pytest.raises(InputError, match="TEMPLATE-INSIDE-OUT"):
        template_from_mesh(Mesh(vertices, faces[:, ::-1]), np.zeros(3))


def test_a_mesh_without_canal_has_no_body_centre():
    corners = np.array(
        [[x, y, z] for x in (0, 9) for y in (0, 9) for z in (0, 9)], float
    )
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4)]
    quads.append((1, 5, 7, 3))
    faces = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    assert volume(corners, faces) == pytest.approx(729.0)
    with pytest.raises(InputError, match="NO-CANAL"):
        body_centre_from_mesh(Mesh(corners, faces))


def test_voxels_of_a_torus_fill_its_volume():
    vertices, faces = torus(20.0, 8.0, 80, 40)
    solid, origin_mm = solid_voxels(vertices, faces, 1.0)
    assert solid.sum() == pytest.approx(volume(vertices, faces), rel=0.02)
    centre = origin_mm + np.argwhere(solid).mean(axis=0)
    np.testing.assert_allclose(centre, 0.0, atol=0.2)


def test_asymmetry_is_the_only_difference_between_sides():
    shape = lumbar_shape(22)
    points = np.array([[12.0, -20.0, 3.0], [30.0, -30.0, 5.0], [2.0, -60.0, -5.0]])
    mirror = points * [-1, 1, 1]
    np.testing.assert_array_equal(
        vertebra_distance(points, shape), vertebra_distance(mirror, shape)
    )
    grown = dataclasses.replace(shape, side_growth=0.05)
    outside = vertebra_distance(np.array([[46.0, -34.0, 5.0]]), grown)
    other = vertebra_distance(np.array([[-46.0, -34.0, 5.0]]), grown)
    assert outside < other


def test_axes_may_be_tilted_vectors():
    tilt = np.deg2rad(10)
    cranial = [0.0, np.sin(tilt), np.cos(tilt)]
    rotation = rotation_to_template({"anterior": [0, 2, 0], "cranial": cranial})
    np.testing.assert_allclose(rotation @ cranial, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    # Cranial is kept exactly; anterior gives way by the 10 degrees.
    assert rotation[1] @ [0, 1, 0] == pytest.approx(np.cos(tilt))


@pytest.mark.parametrize(
    "axes",
    [
        {"anterior": [0, 0, 0], "cranial": "+z"},
        {"anterior": [0, 1, 3], "cranial": [0, 0, 1]},
        {"anterior": [0, 1], "cranial": "+z"},
        {"right": "-x", "anterior": "+y", "cranial": "+z"},
    ],
)
def test_axes_that_make_no_frame_are_refused(axes):
    with pytest.raises(InputError, match="TEMPLATE-AXES"):
        rotation_to_template(axes)
