"""The 3D stage on a phantom, from a 2D model that has learnt nothing."""

import dataclasses
import os
import signal
from functools import partial

import jax
import numpy as np
import pytest

from experiments import train_segment3d as experiment
from experiments.configs import disentangle as config2d
from experiments.configs.segment3d import get_config
from experiments.harness import run
from experiments.harness.translations import TranslatedPatches, with_translations
from experiments.train_disentangle import model_config
from spine_jax.core import InputError
from spine_jax.data import (
    UnpairedStream,
    phantom_dataset,
    read_image,
    with_hidden_metal,
)
from spine_jax.disentangle import init_state, translate, translate_pairs
from spine_jax.pipeline.cbct_models import image_space, load_model, load_segment3d
from spine_jax.training.checkpoint import save_checkpoint
from spine_jax.training.interrupt import Interrupted
from spine_jax.training.loop import CHECKPOINTS, newest_checkpoint

# Compiling these steps takes minutes.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dataset():
    return phantom_dataset(1)


@pytest.fixture(scope="module")
def translator(dataset, tmp_path_factory):
    """A run of the 2D model as it starts."""
    model = model_config(config2d.get_config("smoke"))
    folder = tmp_path_factory.mktemp("translator")
    settings = {
        "model": dataclasses.asdict(model),
        "images": dataclasses.asdict(image_space(with_hidden_metal(dataset))),
    }
    state = init_state(jax.random.key(0), model)
    save_checkpoint(folder / CHECKPOINTS, 1, state, settings)
    return folder


def test_configs_are_of_the_papers_size():
    paper = experiment.model_config(get_config("paper"))
    assert paper.patch_size == (96, 128, 128) and paper.learning_rate == 1e-4
    assert get_config("paper").plane_shrink == 2
    assert get_config("paper").plan.n_steps == 78_386


def test_patches_come_with_translations_of_their_own_slices(
    dataset, translator, tmp_path
):
    model = load_model(translator).params
    translated = with_translations(dataset, model, 1, tmp_path, quiet=True)
    (volume,) = translated.select("cbct", "train")
    x_l = read_image(translated, volume, slice(3, 5))
    x_lh = translate(model, x_l).x_lh[..., 0]
    np.testing.assert_allclose(np.asarray(volume.translated)[3:5], x_lh, atol=1e-5)
    assert all(v.translated is None for v in dataset.volumes)
    stream = UnpairedStream(translated, 1, 0, depth=8)
    whole = next(TranslatedPatches(stream, model, 1).iterate(2))
    given = stream[2]
    np.testing.assert_array_equal(whole["x_lh"], given["x_lh"])
    x_hl = translate_pairs(model, given["x_l"][0], given["x_h"][0])
    np.testing.assert_allclose(whole["x_hl"][0], x_hl, atol=1e-5)
    halved = next(TranslatedPatches(stream, model, 2).iterate(2))
    assert {array.shape for array in halved.values()} == {(1, 8, 16, 16, 1)}
    np.testing.assert_allclose(
        halved["x_l"][0, 0, 0, 0, 0], given["x_l"][0, 0, :2, :2, 0].mean(), atol=1e-6
    )
    assert set(np.unique(halved["y_h"])) == {0.0, 1.0}


def test_segmentors_to_start_from_have_to_be_there(dataset, tmp_path):
    model = model_config(config2d.get_config("smoke,adn"))
    images = dataclasses.asdict(image_space(dataset))
    settings = {"model": dataclasses.asdict(model), "images": images}
    state = init_state(jax.random.key(0), model)
    save_checkpoint(tmp_path / "adn" / CHECKPOINTS, 1, state, settings)
    with pytest.raises(InputError, match="start_from_slices=False"):
        experiment.train_volumes(
            get_config("smoke"), tmp_path / "run", dataset, tmp_path / "adn", quiet=True
        )


def test_a_translator_of_another_size_is_refused(dataset, translator, tmp_path):
    config = get_config("smoke")
    config.plane_shrink = 2
    config.patch_size = (8, 16, 16)
    config.unet_depth = 1
    experiment.keep_translator(translator, tmp_path)
    assert load_model(tmp_path).step == 1
    wrong = dataclasses.replace(dataset, spacing_mm=(4.0, 3.0, 3.0))
    with pytest.raises(InputError, match="pixels of 4 mm.*3 mm"):
        experiment.train_volumes(config, tmp_path, wrong, translator, quiet=True)


@pytest.mark.slow
def test_an_interrupted_smoke_run_goes_on_to_the_same_bits(
    dataset, translator, tmp_path, monkeypatch
):
    config = get_config("smoke")
    train = partial(
        experiment.train_volumes,
        config,
        dataset=dataset,
        translator_run=translator,
        quiet=True,
    )
    expected = train(workdir=tmp_path / "whole")
    draw = run.draw

    def draw_and_interrupt(*arguments):
        draw(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(run, "draw", draw_and_interrupt)
        train(workdir=tmp_path / "broken")
    assert newest_checkpoint(tmp_path / "broken")[0] == 4
    found = train(workdir=tmp_path / "broken")
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)
    # It saw what its translator saw.
    seen = load_segment3d(tmp_path / "broken").images
    assert seen == load_model(translator).images
    assert seen.brightest < 1
    assert (tmp_path / "broken/pictures/0000006.png").is_file()
    model = load_segment3d(tmp_path / "broken")
    assert model.step == 6 and model.images.spacing_mm == dataset.spacing_mm
    assert load_model(tmp_path / "broken").params.config.image_size == (32, 32)


@pytest.fixture(autouse=True)
def compilation_as_before():
    yield
    jax.config.update("jax_disable_most_optimizations", False)
