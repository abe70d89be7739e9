"""The ablation's table, from made-up figures and one tiny run."""

import json

import jax
import numpy as np
import pytest

from experiments import a3dseg_table1 as experiment
from experiments.configs.disentangle import get_config
from spine_jax.core import InputError
from spine_jax.data import phantom_dataset
from spine_jax.disentangle import init_params, variant_config


def figures(slices, dice, assd_mm):
    return {"dice_of_slices": slices, "dice": dice, "assd_mm": assd_mm, "volume": "a"}


def test_table_holds_means_beside_the_papers():
    scored = {
        "m1": {"y_l": [figures(0.5, 0.6, 1.0), figures(0.7, 0.8, 2.0)]},
        "source-only": {"y_l": [figures(0.1, 0.2, None)], "y_h": []},
    }
    lines = experiment.as_markdown(scored, 7).splitlines()
    assert "7 steps" in lines[0]
    header = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[4:]]
    assert {len(row) for row in rows} == {len(header)} == {9}
    at = header.index("y_l")
    assert rows[0][0] == "m1" and rows[0][at] == "0.600 / 0.700 / 1.50"
    assert rows[1][0] == "paper" and rows[1][at] == "0.802 / 2.16"
    assert rows[1][header.index("m_l")] == ""
    assert rows[2][0] == "source-only" and rows[2][at] == "0.100 / 0.200 / -"
    assert rows[2][header.index("y_h")] == "" and len(rows) == 3


def test_maps_do_not_depend_on_who_shares_their_batch():
    model = variant_config("m4", base_channels=4, image_size=(32, 32))
    params = init_params(jax.random.key(0), model)
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (9, 32, 32, 1)).astype(np.float32)
    others = rng.uniform(-1, 1, (2, 32, 32, 1)).astype(np.float32)
    low = experiment.maps_of(params, images, others, "cbct")
    assert set(low) == {"m_l", "y_l", "y_ll", "y_lh"}
    # Nothing about a CBCT slice comes from its partner.
    alone = experiment.maps_of(params, images[:8], others[1:], "cbct")
    for name, found in low.items():
        assert found.shape == images.shape
        np.testing.assert_allclose(found[:8], alone[name], atol=1e-5)
    high = experiment.maps_of(params, images, others, "ct")
    assert set(high) == {"m_h", "y_h", "y_hh", "y_hl"}
    swapped = experiment.maps_of(params, images, others[::-1], "ct")
    np.testing.assert_allclose(high["y_hh"], swapped["y_hh"], atol=1e-5)
    assert np.abs(high["y_hl"] - swapped["y_hl"]).max() > 1e-4


def test_unknown_models_are_refused(tmp_path):
    with pytest.raises(InputError, match="m5"):
        experiment.make_table(get_config("smoke"), ("m5",), tmp_path, None)


@pytest.mark.slow
def test_smoke_table_is_kept_and_not_trained_again(tmp_path, capsys):
    config = get_config("smoke")
    config.plan.n_steps = 2
    dataset = phantom_dataset(config.phantom_seed)
    models = (experiment.SOURCE_ONLY, "m1")
    table = experiment.make_table(config, models, tmp_path, dataset, quiet=True)
    assert (tmp_path / "table1.md").read_text() == table
    columns = json.loads((tmp_path / "m1" / "columns.json").read_text())
    assert set(columns) == {"y_l", "y_ll", "y_lh", "y_h", "y_hh", "y_hl"}
    alone = json.loads((tmp_path / "source-only" / "columns.json").read_text())
    assert set(alone) == {"y_l", "y_h"}
    for rows in (columns | alone).values():
        assert len(rows) == 1 and 0 <= rows[0]["dice"] <= 1
    (tmp_path / "m1" / "columns.json").write_text(json.dumps({}))
    again = experiment.make_table(config, models, tmp_path, dataset, quiet=True)
    assert "| m1 |  |  |" in again


@pytest.fixture(autouse=True)
def compilation_as_before():
    yield
    jax.config.update("jax_disable_most_optimizations", False)
