"""Configs, figures and pictures of a training, and one run end to end."""

import dataclasses
import json
import os
import signal
from functools import partial

import jax
import numpy as np
import pytest

from experiments import train_disentangle as experiment
from experiments.configs.disentangle import get_config
from experiments.harness import images, run, scores
from spine_jax.core import InputError
from spine_jax.training.interrupt import Interrupted
from spine_jax.training.loop import newest_checkpoint
from spine_jax.training.metrics_log import read_log
from tests.data.toy import toy_dataset


def test_configs_name_sizes_and_models():
    paper = experiment.model_config(get_config("paper"))
    assert (paper.base_channels, paper.image_size) == (64, (256, 256))
    assert (paper.learning_rate, paper.weight_decay) == (1e-4, 1e-4)
    assert get_config("paper").plan.n_steps == 15 * 19_012
    small = experiment.model_config(get_config("small,m2"))
    assert (small.base_channels, small.image_size) == (16, (128, 128))
    assert small.aade == () and small.weights.attention == 0
    assert small.weights.anatomy == 5 and small.weights.attention_hl == 0
    assert experiment.model_config(get_config("small")).weights.attention_hl == 5
    assert paper.weights.attention_hl == paper.weights.identity == 0
    smoke = experiment.model_config(get_config("smoke,adn"))
    assert (smoke.base_channels, smoke.image_size) == (4, (32, 32))
    assert not smoke.segments and smoke.n_residual == 1
    with pytest.raises(InputError, match="m1, m2, m3, m4, adn"):
        experiment.model_config(get_config("smoke,m5"))


def test_figures_of_a_mask():
    truth, found = np.zeros((2, 3, 4, 4, 1), bool)
    truth[1, 1, :, 0] = True
    found[1, 1, :2, 0] = True
    found[2, 0, 0, 0] = True
    affine = np.diag([2.0, 1, 1, 1])
    figures = scores.mask_figures(found, truth, affine)
    # 2 of 4 and 3 voxels agree; slices score 2 x 2 / 6 and 0, the empty one nothing.
    assert figures["dice"] == pytest.approx(4 / 7)
    assert figures["dice_of_slices"] == pytest.approx((2 / 3 + 0) / 2)
    assert 0 < figures["assd_mm"] < 3
    nothing = scores.mask_figures(np.zeros_like(found), truth, affine)
    assert nothing == {"dice": 0.0, "dice_of_slices": 0.0, "assd_mm": None}
    rows = [figures | {"volume": "a"}, nothing | {"volume": "b"}, {"volume": "c"}]
    mean = scores.mean_row(rows)
    assert set(mean) == {"dice", "dice_of_slices", "assd_mm"}
    assert mean["dice"] == pytest.approx(2 / 7)
    assert mean["assd_mm"] == figures["assd_mm"]


def test_data_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="--data=DIR"):
        images.open_data(get_config("small"), None)
    model = experiment.model_config(get_config("smoke"))
    with pytest.raises(InputError, match="slices of 8 x 8 pixels.*32 x 32"):
        images.shrink_to(model.image_size, toy_dataset())
    wide = toy_dataset(field_of_view=np.ones((64, 64), bool))
    assert images.shrink_to(model.image_size, wide) == 2


def test_metal_is_hidden_where_the_config_says_so(monkeypatch):
    monkeypatch.setattr(images, "phantom_dataset", lambda seed: toy_dataset())
    config = get_config("smoke")
    hidden = images.open_data(config, None).cbct_scale
    assert hidden.brightest < 1
    config.hide_metal = False
    plain = images.open_data(config, None).cbct_scale
    assert plain == dataclasses.replace(hidden, brightest=1.0)
    assert get_config("small").hide_metal and not get_config("paper").hide_metal


def test_pictures_are_of_held_out_slices():
    low, high = images.picture_slices(toy_dataset(), 1)
    # Slices 1 to 4 hold a vertebra; the third of volumes 6 (CBCT) and 3 (CT).
    assert low.shape == high.shape == (1, 8, 8, 1)
    assert np.rint((low[0, 3, 3, 0] + 1) * 1500 - 1000) == 603
    assert np.rint((high[0, 3, 3, 0] + 1) * 1500 - 1000) == 303


@pytest.mark.slow
def test_an_interrupted_smoke_run_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    config = get_config("smoke")
    dataset = images.open_data(config, None)
    train = partial(
        run.train, experiment.a3dsegnet(config), config, dataset=dataset, quiet=True
    )
    expected = train(tmp_path / "whole")

    draw = run.draw

    def draw_and_interrupt(*arguments):
        draw(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(run, "draw", draw_and_interrupt)
        train(tmp_path / "broken")
    # The evaluation of step 3 asked for it, the next step heard it.
    assert newest_checkpoint(tmp_path / "broken")[0] == 4
    found = train(tmp_path / "broken")
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(a, b)

    whole, broken = (
        {
            kind: [
                {k: v for k, v in row.items() if k != "seconds_per_step"}
                for row in read_log(tmp_path / run / f"{kind}.jsonl")
            ]
            for kind in ("metrics", "evaluation")
        }
        for run in ("whole", "broken")
    )
    assert whole == broken
    assert [row["step"] for row in broken["metrics"]] == [1, 2, 3, 4, 5, 6]
    assert [row["step"] for row in broken["evaluation"]] == [3, 6]
    # Six steps find no vertebra yet, but translate better than three.
    assert 0 <= broken["evaluation"][1]["dice"] < 1
    assert broken["evaluation"][1]["psnr"] > broken["evaluation"][0]["psnr"] > 5
    assert broken["evaluation"][1]["psnr_of_cbct"] > 10
    (row,) = json.loads((tmp_path / "broken/evaluations/0000006.json").read_text())
    assert row["dice"] == broken["evaluation"][1]["dice"]
    pictures = sorted((tmp_path / "broken" / "pictures").iterdir())
    assert [path.name for path in pictures] == ["0000003.png", "0000006.png"]
    assert pictures[0].read_bytes().startswith(b"\x89PNG")

    from spine_jax.pipeline.cbct_models import load_model

    model = load_model(tmp_path / "broken")
    assert model.step == 6 and model.images.spacing_mm == dataset.spacing_mm


@pytest.fixture(autouse=True)
def compilation_as_before():
    yield
    jax.config.update("jax_disable_most_optimizations", False)
