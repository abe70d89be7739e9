"""The phantom: exact truth, plausible anatomy, plausible Hounsfield units."""

import numpy as np
import pytest
from scipy import ndimage

from spine_jax.anatomy.body_centre import body_centre_from_mesh
from spine_jax.core import InputError, Mesh, mm_to_vox, vox_to_mm
from spine_jax.geometry import enclosed_volume, unique_edges, winding_number
from spine_jax.simulation.phantom import lumbar_phantom
from spine_jax.simulation.raster import inside_voxels

SPACING_MM = (2.0, 2.0, 2.0)
SEED = 3
# Median volumes of the morphometry table, cm3.
VOLUME_CM3 = {20: 48.2, 21: 53.7, 22: 60.8, 23: 63.3, 24: 65.1}


@pytest.fixture(scope="module")
def phantom():
    return lumbar_phantom(SEED, spacing_mm=SPACING_MM)


@pytest.fixture(scope="module")
def single():
    return lumbar_phantom(SEED, spacing_mm=SPACING_MM, labels=(22,))


def centre_vox(phantom):
    points = mm_to_vox(phantom.volume.affine_vox_to_mm, phantom.centroids.points_mm)
    return np.round(points).astype(int)


def body_core(phantom):
    """Voxels deeper than 6 mm in front of the middle of each body."""
    labels = phantom.labels.array
    deep = ndimage.distance_transform_edt(labels > 0, sampling=SPACING_MM) > 6.0
    y = np.arange(labels.shape[1])[:, None]
    core = np.zeros(labels.shape, bool)
    for number, centre in zip(phantom.centroids.labels, centre_vox(phantom)):
        core |= deep & (labels == number) & (y >= centre[1])
    return core


def test_same_seed_same_bits(single):
    again = lumbar_phantom(SEED, spacing_mm=SPACING_MM, labels=(22,))
    assert np.array_equal(single.volume.array, again.volume.array)
    assert np.array_equal(single.labels.array, again.labels.array)
    assert np.array_equal(
        single.meshes["L3"].vertices_mm, again.meshes["L3"].vertices_mm
    )


def test_other_seed_is_another_patient(single):
    other = lumbar_phantom(SEED + 1, spacing_mm=SPACING_MM, labels=(22,))
    sizes = [np.ptp(p.meshes["L3"].vertices_mm, axis=0) for p in (single, other)]
    assert np.abs(sizes[0] - sizes[1]).max() > 1.0
    assert np.abs(single.centroids.points_mm - other.centroids.points_mm).max() > 1.0


def test_bones_do_not_depend_on_the_spacing(single):
    coarse = lumbar_phantom(SEED, spacing_mm=(3.0, 3.0, 4.0), labels=(22,))
    assert np.array_equal(single.centroids.points_mm, coarse.centroids.points_mm)
    np.testing.assert_allclose(np.diag(coarse.volume.affine_vox_to_mm)[:3], (3, 3, 4))


def test_grid_is_ras_with_an_offset_and_margins(phantom):
    affine, labels = phantom.volume.affine_vox_to_mm, phantom.labels.array
    assert phantom.volume.array.dtype == np.float32
    assert phantom.volume.array.shape == labels.shape
    assert np.array_equal(affine, phantom.labels.affine_vox_to_mm)
    np.testing.assert_array_equal(affine[:3, :3], np.diag(SPACING_MM))
    assert np.all(affine[:3, 3] != 0)
    where = np.argwhere(labels)
    assert np.all(where.min(axis=0) * 2.0 >= 15.0)
    assert np.all((np.array(labels.shape) - 1 - where.max(axis=0)) * 2.0 >= 15.0)


def test_meshes_are_closed_outward_rings(phantom):
    assert list(phantom.meshes) == ["L1", "L2", "L3", "L4", "L5"]
    for mesh in phantom.meshes.values():
        directed = np.concatenate([mesh.faces[:, [i, (i + 1) % 3]] for i in range(3)])
        forward = {tuple(edge) for edge in directed.tolist()}
        assert len(forward) == len(directed)
        assert {(b, a) for a, b in forward} == forward
        euler = len(mesh.vertices_mm) - len(unique_edges(mesh.faces)) + len(mesh.faces)
        assert euler == 0
        assert enclosed_volume(mesh.vertices_mm, mesh.faces) > 0


def padded(meshes, origin_mm):
    """Meshes with equal array sizes, so that one compiled program serves them all."""
    n_vertices = max(len(mesh.vertices_mm) for mesh in meshes)
    n_faces = max(len(mesh.faces) for mesh in meshes)
    for mesh in meshes:
        missing = n_vertices - len(mesh.vertices_mm), n_faces - len(mesh.faces)
        vertices = np.pad(mesh.vertices_mm - origin_mm, ((0, missing[0]), (0, 0)))
        yield Mesh(np.float32(vertices), np.pad(mesh.faces, ((0, missing[1]), (0, 0))))


def test_labels_are_where_meshes_wind_around(phantom):
    """Voxels around the surface, against the exact winding number of `geometry`."""
    origin_mm = phantom.centroids.points_mm[2]
    meshes = padded(list(phantom.meshes.values()), origin_mm)
    for number, mesh in zip(phantom.centroids.labels, meshes):
        mask = phantom.labels.array == number
        shell = ndimage.binary_dilation(mask) & ~ndimage.binary_erosion(mask)
        voxels = np.random.default_rng(0).permutation(np.argwhere(shell))[:300]
        points_mm = vox_to_mm(phantom.labels.affine_vox_to_mm, voxels) - origin_mm
        winding = winding_number(
            np.float32(points_mm), mesh, implementation="reference"
        )
        assert np.array_equal(np.asarray(winding) > 0.5, mask[tuple(voxels.T)])


def test_volumes_agree_with_meshes_and_morphometry(phantom):
    for number, mesh in zip(phantom.centroids.labels, phantom.meshes.values()):
        volume = float(enclosed_volume(mesh.vertices_mm, mesh.faces)) / 1000
        voxels = np.count_nonzero(phantom.labels.array == number) * 8.0 / 1000
        np.testing.assert_allclose(voxels, volume, rtol=0.02)
        assert 0.6 < volume / VOLUME_CM3[number] < 1.6


def test_vertebrae_do_not_overlap(phantom):
    affine = phantom.labels.affine_vox_to_mm @ np.diag([0.5, 0.5, 0.5, 1.0])
    shape = tuple(2 * n for n in phantom.labels.array.shape)
    masks = [inside_voxels(mesh, shape, affine) for mesh in phantom.meshes.values()]
    assert np.max(np.sum(masks, axis=0, dtype=int)) == 1


def test_centroids_lie_in_their_bodies(phantom):
    labels = phantom.labels.array
    assert phantom.centroids.labels == (20, 21, 22, 23, 24)
    for number, centre in zip(phantom.centroids.labels, centre_vox(phantom)):
        assert labels[tuple(centre)] == number
    # L3 stands nearly upright, as the finder of bodies needs it.
    found = body_centre_from_mesh(phantom.meshes["L3"])
    np.testing.assert_allclose(phantom.centroids.points_mm[2], found, atol=1.5)


def test_column_is_stacked_and_lordotic(phantom):
    points = phantom.centroids.points_mm
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.all(np.diff(points[:, 2]) < -25.0)
    assert np.all((steps > 28.0) & (steps < 40.0))
    # The belly of a lordotic curve lies in front of the line between its ends.
    assert points[2, 1] > (points[0, 1] + points[4, 1]) / 2 + 2.0


def test_hounsfield_units(phantom):
    image, labels = phantom.volume.array, phantom.labels.array
    depth = ndimage.distance_transform_edt(labels > 0, sampling=SPACING_MM)
    core_hu = image[body_core(phantom)].mean()
    assert 90.0 < core_hu < 260.0
    skin_deep = (depth > 0) & (depth <= 2.0)
    assert image[skin_deep].mean() > core_hu + 80.0
    x, y, z = centre_vox(phantom)[2]
    muscle = image[:, y - 24 : y - 20, z - 4 : z + 4]
    assert 0.0 < np.median(muscle[x - 15 : x - 8]) < 70.0
    assert 0.0 < np.median(muscle[x + 9 : x + 16]) < 70.0
    assert image.min() == pytest.approx(-1000.0, abs=24.0)


def test_fat_is_the_most_frequent_tissue_in_front(phantom):
    x, y, z = centre_vox(phantom)[2]
    front = phantom.volume.array[:, y + 12 :, :]
    counts, edges = np.histogram(front, bins=np.arange(-180.0, 200.0, 20.0))
    assert -120.0 <= edges[np.argmax(counts)] <= -80.0


def test_disc_and_canal(phantom):
    image = ndimage.uniform_filter(phantom.volume.array, 3)
    centres = centre_vox(phantom)
    x, y, z = (centres[1] + centres[2]) // 2
    assert 50.0 < image[x, y, z] < 130.0
    x, y, z = centres[2]
    canal = phantom.labels.array[x, : y + 1, z]
    hole = np.flatnonzero((canal == 0) & (np.arange(y + 1) > y - 20))
    assert -60.0 < image[x, int(np.median(hole)), z] < 60.0


@pytest.mark.parametrize("labels", [(), (24, 23), (20, 22), (19, 20), (24, 25)])
def test_refuses_labels_that_are_no_lumbar_run(labels):
    with pytest.raises(InputError, match="PHANTOM-LABELS"):
        lumbar_phantom(0, labels=labels)


@pytest.mark.parametrize("spacing_mm", [(1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 9.0)])
def test_refuses_spacings(spacing_mm):
    with pytest.raises(InputError, match="PHANTOM-SPACING"):
        lumbar_phantom(0, spacing_mm=spacing_mm)
