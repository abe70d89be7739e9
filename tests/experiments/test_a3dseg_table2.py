"""The table of competitors, from made-up figures; and each method's smoke run."""

import json

import jax
import numpy as np
import pytest

from experiments import a3dseg_table2 as experiment
from experiments.harness.run import train
from spine_jax.core import InputError
from spine_jax.data import held_out_volumes, phantom_dataset


def figures(**changes):
    row = {"volume": "a", "dice_of_slices": 0.5, "dice": 0.6, "assd_mm": 2.0}
    return row | changes


def test_tables_hold_ours_beside_the_papers_and_both_bounds():
    translated = figures(psnr=25.0, ssim=0.75, psnr_of_cbct=20.0, ssim_of_cbct=0.25)
    scored = {
        "source-only": {"segmentation": [figures()], "ct": [figures(dice=0.9)]},
        "sifa": {"segmentation": [figures(dice=0.7), figures(dice=0.8)]},
        "a3dsegnet": {
            "segmentation": [figures()],
            "translation": [translated],
        },
    }
    lines = experiment.as_markdown(scored, 7).splitlines()
    assert "| sifa | 0.500 | 0.750 | 2.000 | 0.825 / 1.93 |" in lines
    assert "| source-only | 0.500 | 0.600 | 2.000 |  |" in lines
    assert lines.index("| sifa | 0.500 | 0.750 | 2.000 | 0.825 / 1.93 |") < 12
    ours = "| a3dsegnet | 0.500 | 0.600 | 2.000 | 25.000 | 0.750 | 0.846 / 1.72 |"
    assert ours in lines
    assert "| CBCT as it is | 0.500 | 0.600 | 2.000 | 20.000 | 0.250 |  |" in lines
    assert "| real CT | 0.500 | 0.900 | 2.000 | - | - |  |" in lines


def test_unknown_methods_are_refused(tmp_path):
    with pytest.raises(InputError, match="cyclogan"):
        experiment.make_tables("smoke", 2, ("cyclogan",), tmp_path, None)


@pytest.fixture(scope="module")
def dataset():
    return phantom_dataset(1)


@pytest.mark.parametrize("name", sorted({*experiment.METHODS} - {"simulation-only"}))
def test_every_method_trains_and_predicts(name, dataset, tmp_path):
    method, config = experiment.method_of(name, "smoke", 2)
    params = method.trained(train(method, config, tmp_path, dataset, quiet=True))
    (row,) = json.loads((tmp_path / "evaluations/0000002.json").read_text())
    assert ("psnr" in row) == (name in experiment.TRANSLATING)
    assert ("dice" in row) == (name in experiment.SEGMENTING)
    assert 0 < row.get("psnr", 1) < 60 and 0 <= row.get("dice", 1) <= 1
    x_l = next(held_out_volumes(dataset)).x_l[:1]
    made = method.predict(params, x_l)
    for image in filter(lambda image: image is not None, (made.x_lh, made.y_l)):
        assert image.shape == x_l.shape and np.isfinite(image).all()


@pytest.mark.slow
def test_tables_are_made_and_made_again_from_what_is_there(dataset, tmp_path):
    table = experiment.make_tables("smoke", 2, ("adn",), tmp_path, dataset, quiet=True)
    assert "| adn |" in table and "| real CT |" in table and "| sifa |" not in table
    assert (tmp_path / "table2.md").read_text() == table
    assert (tmp_path / "panel.png").read_bytes().startswith(b"\x89PNG")
    made = (tmp_path / "adn" / "scores.json").stat().st_mtime_ns
    again = experiment.make_tables("smoke", 2, ("adn",), tmp_path, dataset, quiet=True)
    assert again == table
    assert (tmp_path / "adn" / "scores.json").stat().st_mtime_ns == made


@pytest.fixture(autouse=True)
def compilation_as_before():
    yield
    jax.config.update("jax_disable_most_optimizations", False)
