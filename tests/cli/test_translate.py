"""`spine-jax translate` and `segment` with an untrained model on tiny scans."""

import dataclasses
import json

import jax
import nibabel
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from spine_jax.cli.main import main
from spine_jax.core import Volume, spacing_mm, vox_to_mm
from spine_jax.data import Scale
from spine_jax.disentangle import init_state, segment, translate
from spine_jax.io.nifti import save_volume
from spine_jax.pipeline.cbct_frame import lay_frame, model_images
from spine_jax.pipeline.cbct_models import (
    ImageSpace,
    as_trained,
    image_space,
    load_model,
)
from spine_jax.training.checkpoint import save_checkpoint
from spine_jax.training.loop import CHECKPOINTS
from tests.cli.test_bad_input import assert_refused, run
from tests.data.toy import toy_dataset
from tests.disentangle.tiny import tiny_config

IMAGES = ImageSpace((4.0, 2.0, 2.0), 30.0, (-500.0, 1500.0), (-0.8, 0.6))
SIZE = (32, 32)
OWN_GRID = np.array([[0, 0, -2.0, 7], [0, -2.0, 0, 3], [4.0, 0, 0, -9], [0, 0, 0, 1]])
"""(slice, row, column) to RAS+ mm as the model has them: up, back and left."""


@pytest.fixture(scope="module", autouse=True)
def quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def save_run(folder, config, images=IMAGES, step=7, state=None):
    settings = {
        "model": dataclasses.asdict(config),
        "images": dataclasses.asdict(images),
    }
    state = state or init_state(jax.random.key(1), config)
    save_checkpoint(folder / CHECKPOINTS, step, state, settings)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    config = dataclasses.replace(tiny_config(), image_size=SIZE)
    return save_run(tmp_path_factory.mktemp("trained"), config)


def scan(affine, shape, seed=3):
    """Smooth noise of some 100 about 300."""
    noise = np.random.default_rng(seed).normal(size=shape)
    smooth = gaussian_filter(noise, 1.5)
    array = 300 + 100 * smooth / smooth.std()
    return Volume(array.astype(np.float32), np.asarray(affine, float))


def oblique(spacing=(1.5, 1.7, 3.1)):
    """Axes close to posterior, inferior and right, turned by some 15 degrees."""
    axes = np.array([[0.1, -1, 0.2], [0.2, 0.15, -1], [1, 0.1, 0.15]])
    rotation, _ = np.linalg.qr(axes.T)
    affine = np.eye(4)
    affine[:3, :3] = rotation * np.sign(np.sum(rotation * axes.T, 0)) * spacing
    affine[:3, 3] = [12, -30, 50]
    return affine


def command(name, image, output, folder, *options):
    arguments = [name, "-i", image, "-o", output, "--ckpt", folder, *options]
    return main([str(a) for a in (*arguments, "--quiet")])


def load(path):
    return np.asarray(nibabel.load(path).dataobj)


def test_the_frame_lies_around_the_middle_of_an_oblique_scan():
    volume = scan(oblique(), (30, 40, 22))
    frame = lay_frame(volume, IMAGES, SIZE)
    # 40 voxels of 1.7 mm along the spine are 17 slices of 4 mm.
    assert frame.shape == (17, 32, 32)
    frame_to_mm = volume.affine_vox_to_mm @ frame.frame_to_vox
    np.testing.assert_allclose(spacing_mm(frame_to_mm), IMAGES.spacing_mm)
    middle = vox_to_mm(volume.affine_vox_to_mm, np.array([14.5, 19.5, 10.5]))
    np.testing.assert_allclose(
        vox_to_mm(frame_to_mm, np.array([8, 15.5, 15.5])), middle, atol=1e-9
    )
    # Slices go up, rows back, columns to the left, but for 15 degrees.
    up, back, left = (frame_to_mm[:3, :3] / IMAGES.spacing_mm).T
    assert up[2] > 0.9 and back[1] < -0.9 and left[0] < -0.9


def test_slices_do_not_depend_on_how_the_voxels_are_stored():
    volume = scan(oblique(), (30, 40, 22))
    turn = np.array([[0, 0, -1, 29], [1.0, 0, 0, 0], [0, -1, 0, 21], [0, 0, 0, 1]])
    # New voxel (i, j, k) is old voxel (29 - k, i, 21 - j).
    stored = volume.array[::-1, :, ::-1].transpose(1, 2, 0)
    other = Volume(np.ascontiguousarray(stored), volume.affine_vox_to_mm @ turn)
    frames = [lay_frame(v, IMAGES, SIZE) for v in (volume, other)]
    a, b = (
        model_images(v, f, IMAGES, own=False) for v, f in zip((volume, other), frames)
    )
    np.testing.assert_allclose(a, b, atol=1e-5)
    back = [f.restored(a[..., 0], 9.0) for f in frames]
    np.testing.assert_allclose(
        back[0][::-1, :, ::-1].transpose(1, 2, 0), back[1], atol=1e-5
    )


def test_there_and_back_keeps_a_smooth_scan():
    affine = oblique((2.0, 2.0, 2.0))
    volume = scan(affine, (24, 24, 24))
    array = gaussian_filter(volume.array, 3.0)
    frame = lay_frame(Volume(array, affine), IMAGES, SIZE)
    back = frame.restored(frame.cut(array), -5.0)
    seen = np.broadcast_to(frame.in_view, array.shape)
    # Slices of 4 mm between voxels of 2 mm cost a little.
    assert np.abs(back - array)[seen][...].max() < 0.2 * array.std()
    small = dataclasses.replace(IMAGES, view_radius_mm=10.0)
    frame = lay_frame(volume, small, SIZE)
    outside = ~np.broadcast_to(frame.in_view, array.shape)
    # pi 10^2 of 48^2 mm2.
    assert outside.mean() == pytest.approx(1 - np.pi * 100 / 48**2, abs=0.02)
    assert np.all(frame.restored(frame.cut(array), -5.0)[outside] == -5.0)


def test_a_scan_on_the_models_own_grid_comes_back_as_the_model_makes_it(
    trained, tmp_path
):
    volume = scan(OWN_GRID, (8, *SIZE))
    save_volume(tmp_path / "cbct.nii.gz", volume)
    model = load_model(trained)
    assert model.step == 7 and model.params.discriminators == {}
    # -500 to 1500 becomes -1 to 1; 15 of 16 pixels from the middle are in view.
    y, x = np.mgrid[:32, :32] - 15.5
    view = x**2 + y**2 <= 15**2
    x_l = np.where(view, (volume.array - 500) / 1000, -1)[..., None]
    made = translate(model.params, x_l)
    y_lh = segment(model.params, x_l)[..., 0]

    assert command("translate", tmp_path / "cbct.nii.gz", tmp_path / "t", trained) == 0
    hu = np.where(view, 500 + 1500 * made.x_lh[..., 0], -1000)
    np.testing.assert_allclose(load(tmp_path / "t" / "ct.nii.gz"), hu, atol=0.6)
    attention = load(tmp_path / "t" / "attention.nii.gz")
    np.testing.assert_allclose(
        attention, np.where(view, made.m_l[..., 0], 0), atol=1e-4
    )
    report = json.loads((tmp_path / "t" / "report.json").read_text())
    assert report["extra"]["checkpoint_step"] == 7

    arguments = (tmp_path / "cbct.nii.gz", tmp_path / "s", trained, "--probability")
    assert command("segment", *arguments) == 0
    probability = load(tmp_path / "s" / "probability.nii.gz")
    np.testing.assert_allclose(probability, np.where(view, y_lh, 0), atol=1e-4)


def test_results_lie_on_the_grid_of_an_oblique_scan(trained, tmp_path, capsys):
    volume = scan(oblique(), (30, 40, 22))
    save_volume(tmp_path / "cbct.nii.gz", volume)
    assert command("translate", tmp_path / "cbct.nii.gz", tmp_path / "t", trained) == 0
    arguments = (tmp_path / "cbct.nii.gz", tmp_path / "s", trained, "--probability")
    assert command("segment", *arguments) == 0
    paths = [tmp_path / "t" / name for name in ("ct.nii.gz", "attention.nii.gz")]
    paths += [tmp_path / "s" / name for name in ("mask.nii.gz", "probability.nii.gz")]
    for path in paths:
        image = nibabel.load(path)
        assert image.shape == volume.array.shape
        np.testing.assert_allclose(image.affine, volume.affine_vox_to_mm, atol=1e-4)
    ct, attention, mask, probability = map(load, paths)
    assert (
        np.issubdtype(ct.dtype, np.integer) and ct.min() >= -1000 and ct.max() <= 2000
    )
    assert 0 <= attention.min() and attention.max() <= 1 and attention.std() > 0
    np.testing.assert_array_equal(mask, probability > 0.5)

    # A folder with results is left alone, unless told.
    before = (tmp_path / "s" / "report.json").read_bytes()
    assert command("segment", *arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (tmp_path / "s" / "report.json").read_bytes() == before
    assert command("segment", *arguments[:-1], "--overwrite") == 0
    names = {path.name for path in (tmp_path / "s").iterdir()}
    assert names == {"mask.nii.gz", "report.json"}


def test_own_scale_gives_a_scan_of_another_device_the_usual_values():
    volume = scan(OWN_GRID, (8, *SIZE))
    other = Volume(7 * volume.array - 4000, volume.affine_vox_to_mm)
    frame = lay_frame(volume, IMAGES, SIZE)
    a, b = (model_images(v, frame, IMAGES, own=True) for v in (volume, other))
    np.testing.assert_allclose(a, b, atol=1e-4)
    y, x = np.mgrid[:32, :32] - 15.5
    seen = a[:, x**2 + y**2 <= 15**2]
    np.testing.assert_allclose(np.percentile(seen, (5, 95)), (-0.8, 0.6), atol=1e-3)


def test_metal_is_shown_as_bright_as_in_training():
    volume = scan(OWN_GRID, (8, *SIZE))
    frame = lay_frame(volume, IMAGES, SIZE)
    hiding = dataclasses.replace(IMAGES, brightest=0.1)
    for own in (False, True):
        whole = model_images(volume, frame, IMAGES, own)
        assert whole.max() > 0.15
        made = model_images(volume, frame, hiding, own)
        np.testing.assert_array_equal(made, np.minimum(whole, np.float32(0.1)))


def test_image_space_of_a_data_set():
    y, x = np.mgrid[:8, :8] - 3.5
    view = np.hypot(x, y) <= 4
    space = image_space(toy_dataset(field_of_view=view), shrink=2)
    assert space.spacing_mm == (2.0, 2.0, 2.0)
    np.testing.assert_array_equal(np.hypot(x, y) <= space.view_radius_mm, view)
    assert space.cbct_scale == (-1000, 2000)
    # The first slices of training volumes 4 and 5 are 400 and 500, but for a column.
    assert space.usual == pytest.approx(((400 - 500) / 1500, (1500 - 500) / 1500))
    assert space.brightest == 1
    # Own scales are told from images whose metal is not hidden.
    dim = toy_dataset(field_of_view=view, cbct_scale=Scale(-1000, 2000, 0.0))
    assert image_space(dim, shrink=2) == dataclasses.replace(space, brightest=0.0)
    assert as_trained(toy_dataset(), space).cbct_scale == Scale(-1000, 2000)
    hiding = dataclasses.replace(space, brightest=0.0)
    assert as_trained(toy_dataset(), hiding).cbct_scale == Scale(-1000, 2000, 0.0)


def test_bad_input_is_one_sentence(trained, tmp_path, capsys):
    image, output = tmp_path / "cbct.nii.gz", tmp_path / "out"
    save_volume(image, scan(OWN_GRID, (8, *SIZE)))

    def refused(name, image, folder, *words, options=()):
        arguments = (name, "-i", image, "-o", output, "--ckpt", folder, *options)
        assert_refused(*run(capsys, *arguments), output, *words)

    refused("translate", tmp_path / "cbt.nii.gz", trained, "cbct.nii.gz")
    refused("segment", image, tmp_path / "none", "NO-CHECKPOINT", "no such folder")
    refused("segment", image, tmp_path, "no complete checkpoint")
    refused("translate", image, trained, "--batch-size", options=("--batch-size", 0))
    adn = dataclasses.replace(tiny_config("adn"), image_size=SIZE)
    refused("segment", image, save_run(tmp_path / "adn", adn), "NO-SEGMENTOR", "m4")
    save_checkpoint(tmp_path / "fit" / CHECKPOINTS, 3, {"a": np.zeros(3)}, {"seed": 1})
    refused("translate", image, tmp_path / "fit", "CHECKPOINT", "train_disentangle.py")
    solid = save_run(tmp_path / "3d", tiny_config(ndim=3))
    refused("translate", image, solid, "3D model")
    # As of a version whose states were made otherwise.
    old = dataclasses.replace(tiny_config(), image_size=SIZE)
    state = {"params": init_state(jax.random.key(0), old).params}
    other = save_run(tmp_path / "old", old, state=state)
    refused("translate", image, other, "another version", "training again")
