import dataclasses

import jax
import pytest

from spine_jax.baselines import unet
from spine_jax.core import InputError
from tests.baselines.tiny import QUICKER, make_batch, moved, run_of


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


def test_each_domain_trains_on_its_own_images_and_labels():
    config = run_of("unet").config
    for domain, other in (("h", "l"), ("l", "h")):
        own = dataclasses.replace(config, domain=domain)
        state = unet.init_state(jax.random.key(0), own)
        step = jax.jit(unet.train_step, compiler_options=QUICKER)
        batch = make_batch(own)
        after, metrics = step(state, batch)
        del batch[f"x_{other}"], batch[f"y_{other}"]
        again, same = step(state, batch)
        assert moved(after, again) == set()
        assert metrics == same


def test_an_unknown_domain_is_told():
    with pytest.raises(InputError, match="UNKNOWN-DOMAIN"):
        unet.unet_config(domain="mr")
