"""`segment` with a run of the 3D stage: any grid, whole volumes, the mask cleaned."""

import dataclasses
import json

import jax
import nibabel
import numpy as np
import pytest

from spine_jax.disentangle.segment3d import Segment3DConfig, init_state, segment_low
from spine_jax.io.nifti import save_volume
from spine_jax.pipeline.cbct_files import without_small_pieces
from spine_jax.pipeline.cbct_models import load_segment3d
from spine_jax.training.checkpoint import save_checkpoint
from spine_jax.training.loop import CHECKPOINTS
from tests.cli.test_translate import IMAGES, OWN_GRID, command, load, oblique, scan

PATCH = (8, 32, 32)


@pytest.fixture(scope="module", autouse=True)
def quick_compilation():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    config = Segment3DConfig(patch_size=PATCH, unet_channels=2, unet_depth=2)
    settings = {
        "segment3d": dataclasses.asdict(config),
        "images": dataclasses.asdict(IMAGES),
    }
    folder = tmp_path_factory.mktemp("run3d")
    state = init_state(jax.random.key(1), config)
    save_checkpoint(folder / CHECKPOINTS, 5, state, settings)
    return folder


def test_a_devices_volume_is_seen_as_in_training(run, tmp_path):
    volume = scan(OWN_GRID, (20, 32, 32))
    save_volume(tmp_path / "cbct.nii.gz", volume)
    arguments = (tmp_path / "cbct.nii.gz", tmp_path / "s", run, "--probability")
    assert command("segment", *arguments) == 0
    model = load_segment3d(run)
    assert model.step == 5 and model.params.config.patch_size == PATCH
    y, x = np.mgrid[:32, :32] - 15.5
    view = x**2 + y**2 <= 15**2
    x_l = np.where(view, (volume.array - 500) / 1000, -1)[..., None]
    y_l = segment_low(model.params, x_l.astype(np.float32))[..., 0]
    probability = load(tmp_path / "s" / "probability.nii.gz")
    np.testing.assert_allclose(probability, np.where(view, y_l, 0), atol=1e-4)
    report = json.loads((tmp_path / "s" / "report.json").read_text())
    assert report["extra"]["checkpoint_step"] == 5
    # Windows that do not overlap are other windows.
    assert command("segment", *arguments[:-1], "--overwrite", "--fast") == 0
    assert not (tmp_path / "s" / "probability.nii.gz").exists()


def test_a_larger_volume_is_segmented_to_its_corners(run, tmp_path):
    # 90 x 80 x 66 mm beside a view of 64 mm.
    volume = scan(oblique((2.0, 2.0, 3.0)), (40, 45, 22))
    save_volume(tmp_path / "ct.nii.gz", volume)
    arguments = (tmp_path / "ct.nii.gz", tmp_path / "s", run, "--probability")
    assert command("segment", *arguments) == 0
    image = nibabel.load(tmp_path / "s" / "probability.nii.gz")
    np.testing.assert_allclose(image.affine, volume.affine_vox_to_mm, atol=1e-4)
    probability = load(tmp_path / "s" / "probability.nii.gz")
    assert probability.shape == volume.array.shape
    corners = probability[:: probability.shape[0] - 1, :, :: probability.shape[2] - 1]
    assert corners.min() > 0


def test_small_pieces_are_no_vertebrae():
    mask = np.zeros((20, 20, 20), bool)
    mask[1:9, 1:9, 1:9] = True  # 4,096 mm^3 at 2 mm
    mask[12:19, 12:19, 12:19] = True  # 2,744
    kept = without_small_pieces(mask, np.diag([2.0, 2, 2, 1]))
    assert kept.sum() == 512 and kept[1:9, 1:9, 1:9].all()
    # At 3 mm both are larger than 3,000 mm^3.
    both = without_small_pieces(mask, np.diag([3.0, 3, 3, 1]))
    np.testing.assert_array_equal(both, mask)
    assert not without_small_pieces(np.zeros((2, 2, 2), bool), np.eye(4)).any()


def test_a_run_of_the_3d_stage_alone_cannot_translate(run, tmp_path, capsys):
    save_volume(tmp_path / "cbct.nii.gz", scan(OWN_GRID, (8, 32, 32)))
    assert command("translate", tmp_path / "cbct.nii.gz", tmp_path / "t", run) == 2
    error = capsys.readouterr().err
    assert error.startswith("error[CHECKPOINT]") and error.count("\n") == 1
