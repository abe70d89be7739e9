import dataclasses

import jax
import pytest

from spine_jax.baselines import unet
from spine_jax.core import InputError
from tests.baselines.tiny import QUICKER, assert_same_bits, make_batch, run_of


def test_it_learns_its_batch():
    run = run_of("unet")
    faster = dataclasses.replace(run.config, learning_rate=1e-2)
    state = unet.init_state(jax.random.key(0), faster)
    step = jax.jit(unet.train_step, compiler_options=QUICKER)
    batch = make_batch(faster)
    state, first = step(state, batch)
    for _ in range(40):
        state, metrics = step(state, batch)
    assert metrics["segmentation"] < 0.3 * first["segmentation"]
    # The map is the mask of the images it learnt on.
    found = unet.segment(state.params, batch["x_h"]) > 0.5
    assert (found == (batch["y_h"] > 0)).mean() > 0.97


def test_the_other_domain_trains_on_its_own_images_and_labels():
    run = run_of("unet")
    low = dataclasses.replace(run.config, domain="l")
    batch = make_batch(low)
    step = jax.jit(unet.train_step, compiler_options=QUICKER)
    of_l = {name: batch[name] for name in ("x_l", "y_l")}
    after, metrics = step(unet.init_state(jax.random.key(0), low), of_l)
    renamed = {"x_h": batch["x_l"], "y_h": batch["y_l"]}
    renamed |= {"x_l": batch["x_h"], "y_l": batch["y_h"]}
    expected, as_h = run.step(run.states[0], renamed)
    assert_same_bits(after.params.networks, expected.params.networks)
    assert metrics == as_h


def test_an_unknown_domain_is_told():
    with pytest.raises(InputError, match="UNKNOWN-DOMAIN"):
        unet.unet_config(domain="mr")
