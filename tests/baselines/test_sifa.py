import dataclasses

import jax
import numpy as np
import pytest

from spine_jax.baselines import sifa
from spine_jax.baselines.sifa.forward import make
from spine_jax.baselines.sifa.nets import BatchResidual, segmentor_of
from spine_jax.layers.initial import draw_params
from spine_jax.layers.norms import BatchNorm, initial_statistics
from tests.baselines.tiny import QUICKER, make_batch, run_of, updates

# Compiling these steps takes minutes.
pytestmark = pytest.mark.slow


def test_every_network_is_updated_once_a_step():
    state = run_of("sifa").states[4]
    assert {name: updates(state, name) for name in state.optimizers} == dict.fromkeys(
        state.params.networks, 4
    )


def test_terms_are_weighted_and_added():
    m = run_of("sifa").metrics[0]
    expected = 10 * m["cycle"] + m["adversarial_l"]
    np.testing.assert_allclose(m["generator_loss"], expected, rtol=1e-5)


def test_updates_follow_each_other():
    run = run_of("sifa")
    batch, config = make_batch(run.config), run.config
    old, new = (s.params.networks for s in run.states[:2])

    run_make = jax.jit(make, static_argnums=4, compiler_options=QUICKER)
    statistics = run.states[0].params.statistics["segmentor"]

    def cycle(networks):
        networks = {k: v for k, v in networks.items() if not k.startswith("d_")}
        made, _ = run_make(networks, statistics, batch["x_l"], batch["x_h"], config)
        back = np.abs(made.x_lhl - batch["x_l"]).mean()
        return back + np.abs(made.x_hlh - batch["x_h"]).mean()

    first = run.metrics[0]
    np.testing.assert_allclose(first["cycle"], cycle(old), rtol=1e-5)
    # The decoder's turn comes after the generator's and the segmentor's.
    then = old | {name: new[name] for name in ("generator", "segmentor")}
    of_decoder = (first["decoder_loss"] - first["adversarial_h"]) / 10
    np.testing.assert_allclose(of_decoder, cycle(then), rtol=1e-5)
    assert abs(cycle(then) - cycle(old)) > 1e-4


def test_running_averages_are_of_both_domains_and_used_in_inference():
    run = run_of("sifa")
    before, after = (s.params.statistics["segmentor"] for s in run.states[:2])
    first = lambda s: s["encoder"]["first_norm"]  # noqa: E731
    assert (first(before)["mean"] == 0).all()
    assert (first(before)["variance"] == 1).all()
    # Two calls a step: 0.81 of the start is left, and no variance is negative.
    assert (first(after)["variance"] > 0.81).all()
    params = run.states[4].params
    x_l = make_batch(run.config)["x_l"]
    shifted = jax.tree.map(lambda x: x + 0.5, params.statistics)
    other = sifa.segment(dataclasses.replace(params, statistics=shifted), x_l)
    assert (other != sifa.segment(params, x_l)).any()


def test_a_narrow_input_is_put_in_the_middle_of_the_channels():
    x = np.abs(np.random.default_rng(0).normal(size=(1, 4, 4, 2))).astype(np.float32)
    block = BatchResidual(6, lambda name: BatchNorm(train=True, name=name))
    params = draw_params(jax.random.key(0), block, x)
    params["second_norm"]["gain"] *= 0
    variables = {"params": params, "statistics": initial_statistics(block, x)}
    found = block.apply(variables, x)
    np.testing.assert_array_equal(found[..., 2:4], x)
    assert (found[..., :2] == 0).all() and (found[..., 4:] == 0).all()


def test_smaller_encoders_end_as_wide_as_their_last_block():
    config = run_of("sifa").config
    segmentor = segmentor_of(config, train=True)
    image = jax.ShapeDtypeStruct((1, 16, 16, 1), np.float32)
    made, _ = jax.eval_shape(segmentor.init_with_output, jax.random.key(0), image)
    assert made[0].shape == (1, 2, 2, config.n_features) == (1, 2, 2, 8)
