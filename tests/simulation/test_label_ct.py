"""A CT around a label map: tissue where it belongs, bone where the labels say."""

import numpy as np
import pytest
from scipy import ndimage

from spine_jax.core import InputError, LabelVolume, mm_to_vox
from spine_jax.io.nifti import load_labels
from spine_jax.simulation.label_ct import ct_from_labels
from spine_jax.simulation.scanner import Scanner
from tests.simulation.label_maps import column_labels

SPACING_MM = 1.3
QUIET = Scanner(np.array([0.7, 0.7, 0.7]), noise_hu=0.0, sharpness=0.5)
UPPER, LOWER = 22, 23


@pytest.fixture(scope="module")
def column():
    """Label map and the bones in it."""
    return column_labels(5, (UPPER, LOWER), SPACING_MM)


@pytest.fixture(scope="module")
def labels(column):
    return column[0]


@pytest.fixture(scope="module")
def image(labels):
    before = labels.array.copy()
    volume = ct_from_labels(labels, 1, scanner=QUIET)
    assert np.array_equal(labels.array, before)
    assert np.array_equal(volume.affine_vox_to_mm, labels.affine_vox_to_mm)
    return volume.array


@pytest.fixture(scope="module")
def centres(column):
    """Body centres [2, 3], voxels."""
    points = np.array([bone.body_centre_mm() for bone in column[1]])
    return np.round(mm_to_vox(column[0].affine_vox_to_mm, points)).astype(int)


def depth_mm(mask):
    """Distance under the surface of a mask, negative outside."""
    inside = ndimage.distance_transform_edt(mask, sampling=SPACING_MM)
    outside = ndimage.distance_transform_edt(~mask, sampling=SPACING_MM)
    return inside - outside - np.where(mask, 0.5, -0.5) * SPACING_MM


def around(image, place, half):
    return image[tuple(slice(p - h, p + h + 1) for p, h in zip(place, half))]


@pytest.fixture(scope="module")
def small(labels):
    """Every other voxel, 2.6 mm: quick."""
    affine = labels.affine_vox_to_mm @ np.diag([2.0, 2.0, 2.0, 1.0])
    return LabelVolume(labels.array[::2, ::2, ::2], affine)


@pytest.fixture(scope="module")
def small_ct(small):
    return ct_from_labels(small, 3)


def renamed(labels, names):
    array = np.zeros_like(labels.array)
    for old, new in names.items():
        array[labels.array == old] = new
    return LabelVolume(array, labels.affine_vox_to_mm)


def test_image_lies_on_the_grid_and_is_finite(labels, image):
    assert image.shape == labels.array.shape
    assert image.dtype == np.float32
    assert np.all(np.isfinite(image))
    assert image.min() >= -1024.0
    assert 600.0 < image.max() < 1600.0


def test_wall_of_the_bone_lies_just_inside_the_label(labels, image):
    depth = depth_mm(labels.array > 0)
    at_mm = np.arange(-3.5, 5.0) * SPACING_MM / 2
    near = [np.abs(depth - at) < SPACING_MM / 3 for at in at_mm]
    profile = np.array([image[voxels].mean() for voxels in near])
    peak = int(np.argmax(profile))
    assert 0.7 <= at_mm[peak] <= 2.1
    # The image crosses half of its peak within half a voxel of the label's surface.
    half = (profile[0] + profile[peak]) / 2
    crossing = np.interp(half, profile[: peak + 1], at_mm[: peak + 1])
    assert abs(crossing) < SPACING_MM / 2


def test_core_is_spongy_and_the_arch_is_denser(labels, image, centres):
    depth = depth_mm(labels.array > 0)
    y = np.arange(image.shape[1])[:, None]
    body = image[(depth > 6.0) & (y > centres[0][1] - 5)]
    assert 80.0 < body.mean() < 300.0
    assert 20.0 < body.std() < 90.0
    arch = image[(labels.array > 0) & (y < centres[0][1] - 30 / SPACING_MM)]
    assert arch.mean() > body.mean() + 80.0


def test_disc_between_the_bodies(labels, image, centres):
    middle = (centres[0] + centres[1]) // 2
    assert labels.array[tuple(middle)] == 0
    assert 50.0 < around(image, middle, (4, 4, 0)).mean() < 115.0


def test_canal_muscle_fat_and_air(labels, image, centres):
    x, y, z = centres[0]
    canal = labels.array[x, :y, z]
    hole = np.flatnonzero((canal == 0) & (np.arange(y) > y - 28))
    canal_hu = around(image, (x, int(np.median(hole)), z), (1, 1, 2)).mean()
    assert -30.0 < canal_hu < 60.0
    side = around(image, (x + 25, y - 32, z), (4, 4, 4))
    assert 0.0 < np.median(side) < 70.0
    fat = image[(image > -130) & (image < -60)]
    assert -105.0 < np.median(fat) < -90.0


def test_air_lies_behind_the_back_and_not_at_the_bone(labels, image):
    depth = depth_mm(labels.array > 0)
    assert np.count_nonzero(image < -900) > 0
    assert depth[image < -900].max() < -8.0


def test_spine_goes_on_above_and_below_without_a_label(labels, image):
    for end in (0, -1):
        assert not labels.array[:, :, end].any()
        assert np.count_nonzero(image[:, :, end] > 250) * SPACING_MM**2 > 100.0


def test_same_seed_same_bits_and_another_seed_another_patient(small, small_ct):
    again, other = (ct_from_labels(small, seed).array for seed in (3, 8))
    assert np.array_equal(small_ct.array, again)
    assert np.abs(small_ct.array - other).mean() > 10.0


@pytest.mark.parametrize(
    "order, flips", [((1, 2, 0), (1, 1, 0)), ((2, 0, 1), (0, 1, 1))]
)
def test_order_and_direction_of_the_axes_do_not_matter(small, small_ct, order, flips):
    turned, affine = reoriented(small.array, small.affine_vox_to_mm, order, flips)
    other = ct_from_labels(LabelVolume(turned, affine), 3)
    expected, _ = reoriented(small_ct.array, affine, order, flips)
    assert np.array_equal(other.array, expected)


def reoriented(array, affine, order, flips):
    array = np.transpose(array, order)
    affine = affine @ np.eye(4)[:, [*order, 3]]
    for axis, flip in enumerate(flips):
        if flip:
            flipping = np.eye(4)
            flipping[axis, axis], flipping[axis, 3] = -1, array.shape[axis] - 1
            array, affine = np.flip(array, axis), affine @ flipping
    return array, affine


def test_given_scanner_follows_the_axes_of_the_labels(small):
    order = (1, 0, 2)
    array, affine = reoriented(small.array, small.affine_vox_to_mm, order, (0, 0, 0))
    along_y = Scanner(np.array([1.3, 4.0, 1.3]), 0.0, 0.0, slice_axis=1)
    first_axis = Scanner(np.array([4.0, 1.3, 1.3]), 0.0, 0.0, slice_axis=0)
    one = ct_from_labels(small, 3, scanner=along_y).array
    two = ct_from_labels(LabelVolume(array, affine), 3, scanner=first_axis).array
    assert np.array_equal(np.transpose(one, order), two)
    bone = ndimage.binary_dilation(small.array > 0)
    even = ndimage.gaussian_filter(one, (3.8 / 2.6, 0.0, 0.0))

    def steps(image, axis):
        return np.abs(np.gradient(image, axis=axis))[bone].mean()

    # Blurring by the missing amount along x makes x and y alike.
    assert steps(one, 1) < 0.8 * steps(one, 0)
    assert steps(even, 0) < 1.2 * steps(even, 1)


def test_bone_cut_by_the_border_goes_on_to_it(labels, centres):
    z = int(centres[1][2])
    cut = LabelVolume(labels.array[:, :, z:], labels.affine_vox_to_mm)
    image = ct_from_labels(cut, 2, scanner=QUIET).array
    deep = depth_mm(labels.array > 0)[:, :, z] > 6.0
    # A wall across the cut would be twice as bright.
    assert image[:, :, 0][deep].mean() == pytest.approx(
        image[:, :, 3][deep].mean(), rel=0.25
    )


def test_tiny_field_of_view(labels, centres):
    x, y, z = centres[0]
    array = labels.array[x - 8 : x + 8, y - 30 : y - 6, z - 6 : z + 20]
    image = ct_from_labels(LabelVolume(array, labels.affine_vox_to_mm), 0).array
    assert image.shape == array.shape
    assert np.all(np.isfinite(image))


def test_chest_has_lungs_and_ribs_and_the_loin_has_not(small, small_ct):
    chest = renamed(small, {UPPER: 13, LOWER: 14})
    hu = ct_from_labels(chest, 4, scanner=QUIET).array
    far = ndimage.distance_transform_edt(small.array == 0, sampling=2.6) > 6.0
    front = np.arange(hu.shape[1])[:, None] > hu.shape[1] // 2

    def lung(image):
        return np.count_nonzero((image > -900) & (image < -720) & front)

    assert lung(hu) > 500 > 50 > lung(small_ct.array)
    unlabelled_bone = np.count_nonzero((hu > 300) & far) * 2.6**3
    assert unlabelled_bone > 2000.0


def test_neck_has_an_airway_in_front(small):
    neck = renamed(small, {UPPER: 4, LOWER: 5})
    hu = ct_from_labels(neck, 4, scanner=QUIET).array
    y = np.arange(hu.shape[1])[:, None]
    front = np.max(np.where(neck.array.any(axis=(0, 2)))[0])
    assert np.count_nonzero((hu < -800) & (y > front - 6)) > 50


def test_skull_rises_above_the_atlas(small):
    atlas = renamed(small, {UPPER: 1, LOWER: 2})
    hu = ct_from_labels(atlas, 4, scanner=QUIET).array
    top = np.argwhere(atlas.array == 1)[:, 2].max()
    above = hu[:, :, top + 3 :]
    assert np.count_nonzero(above > 300) > 50
    assert np.count_nonzero((above > 20) & (above < 50)) > 200


def test_sacrum_and_other_bones_of_the_map_are_painted(small):
    named = renamed(small, {UPPER: 24, LOWER: 26})
    hu = ct_from_labels(named, 4, scanner=QUIET).array
    assert np.median(hu[named.array == 26]) > 150.0


@pytest.mark.parametrize("numbers", [(), (26, 27)])
def test_map_without_a_vertebra_is_refused(numbers):
    array = np.zeros((9, 9, 9), np.uint8)
    for i, number in enumerate(numbers):
        array[3 + i, 3:6, 3:6] = number
    with pytest.raises(InputError, match="NO-VERTEBRA"):
        ct_from_labels(LabelVolume(array, np.eye(4)), 0)


@pytest.mark.parametrize("spacing", [0.2, 6.0])
def test_spacing_out_of_range_is_refused(labels, spacing):
    affine = np.diag([spacing, 1.0, 1.0, 1.0])
    with pytest.raises(InputError, match="LABEL-SPACING"):
        ct_from_labels(LabelVolume(labels.array, affine), 0)


def test_real_map_of_thick_sagittal_slices(shared_data):
    whole = load_labels(shared_data / "ct/verse014/sub-verse014_seg-vert_msk.nii.gz")
    part = LabelVolume(whole.array[:, 60:110], whole.affine_vox_to_mm.copy())
    part.affine_vox_to_mm[:3, 3] += 60 * part.affine_vox_to_mm[:3, 1]
    hu = ct_from_labels(part, 0, scanner=QUIET).array
    mask = part.array > 0
    inner = ndimage.binary_erosion(mask, iterations=2)
    assert hu[inner].mean() > 100.0
    assert hu[mask].mean() > hu[~mask].mean() + 250.0
