import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax

from spine_jax.baselines import adaptsegnet
from spine_jax.baselines.adaptsegnet.nets import (
    Bottleneck,
    Heads,
    max_pool_overlapping,
)
from spine_jax.layers.initial import draw_params
from tests.baselines.tiny import make_batch, run_of


def test_terms_are_weighted_and_added():
    for m in run_of("adaptsegnet").metrics:
        expected = (
            m["segmentation"]
            + 0.1 * m["segmentation_aux"]
            + 0.001 * m["adversarial"]
            + 0.0002 * m["adversarial_aux"]
        )
        np.testing.assert_allclose(m["generator_loss"], expected, rtol=1e-5)


def test_gains_and_shifts_stay_and_every_kernel_moves():
    run = run_of("adaptsegnet")
    before, after = (s.params.networks["trunk"] for s in (run.states[0], run.states[4]))
    leaves = jax.tree_util.tree_leaves_with_path
    for (path, old), (_, new) in zip(leaves(before), leaves(after)):
        name = path[-1].key
        assert bool((old != new).any()) == (name == "kernel"), path
        assert name == "kernel" or (new == float(name == "gain")).all()


def test_heads_learn_ten_times_as_fast():
    run = run_of("adaptsegnet")
    old, new = run.states[0], run.states[1]
    for name, rate in (("trunk", 2.5e-4), ("heads", 2.5e-3)):
        # The first buffer of momentum is gradient plus decay.
        buffer = optax.tree_utils.tree_get(new.optimizers[name], "trace")
        pairs = [s.params.networks[name] for s in (old, new)]
        for x, y, g in zip(*map(jax.tree.leaves, (*pairs, buffer))):
            np.testing.assert_allclose(y, x - rate * g, atol=1e-7 + 1e-6 * rate)


def test_rates_fall_towards_more_steps_than_there_are():
    run = run_of("adaptsegnet")
    start = dataclasses.replace(run.states[0], step=np.int32(5))
    after, _ = run.step(start, make_batch(run.config))
    buffer = optax.tree_utils.tree_get(after.optimizers["heads"], "trace")
    # Step 5 of 10 * 5 / 3: 0.7^0.9.
    rate = 2.5e-3 * 0.7**0.9
    for old, new, g in zip(
        *map(
            jax.tree.leaves,
            (start.params.networks["heads"], after.params.networks["heads"], buffer),
        )
    ):
        np.testing.assert_allclose(new, old - rate * g, atol=1e-7)


def test_a_map_is_the_sum_of_all_rates_the_releases_of_the_first_two():
    assert adaptsegnet.adaptsegnet_config().aspp_rates == (6, 12, 18, 24)
    random = np.random.default_rng(0)
    features = [random.normal(size=(1, 30, 30, c)).astype(np.float32) for c in (3, 5)]
    params = draw_params(jax.random.key(0), Heads((6, 12, 18, 24)), features)

    def maps(*rates):
        own = {
            name: value
            for name, value in params.items()
            if any(name.endswith(f"rate{rate}") for rate in rates)
        }
        return Heads(rates).apply({"params": own}, features)

    every, release = maps(6, 12, 18, 24), maps(6, 12)
    for i in range(2):
        apart = [maps(rate)[i] for rate in (6, 12, 18, 24)]
        np.testing.assert_allclose(every[i], sum(apart), atol=1e-5)
        np.testing.assert_allclose(release[i], sum(apart[:2]), atol=1e-5)
        assert jnp.abs(every[i] - release[i]).max() > 0.1


def test_only_the_head_of_a_rate_that_is_left_out_does_not_exist():
    config = dataclasses.replace(run_of("adaptsegnet").config, aspp_rates=(6, 12))
    state = adaptsegnet.init_state(jax.random.key(0), config)
    assert set(state.params.networks["heads"]) == {
        f"{depth}_rate{rate}" for depth in ("aux", "main") for rate in (6, 12)
    }


def test_discriminators_call_cone_beam_ct_one():
    run = run_of("adaptsegnet")
    discriminator = {
        name: run.states[0].params.networks[name] for name in ("d_main", "d_aux")
    }
    # A bias that says "cone-beam CT" for certain is right about half of what is seen.
    biased = jax.tree_util.tree_map_with_path(
        lambda path, x: (
            x + 50 * (path[-2].key == "conv" and path[-3].key == "score")
            if path[-1].key == "bias"
            else x
        ),
        discriminator,
    )
    params = run.states[0].params
    params = dataclasses.replace(params, networks=params.networks | biased)
    start = dataclasses.replace(run.states[0], params=params)
    _, metrics = run.step(start, make_batch(run.config))
    # Cost 50 for CT, taken for cone-beam CT, and 50 for the segmentor found out.
    for name in ("discriminator", "discriminator_aux"):
        np.testing.assert_allclose(metrics[name], 25, atol=1)
    for name in ("adversarial", "adversarial_aux"):
        np.testing.assert_allclose(metrics[name], 50, atol=1)


def test_overlapping_maximum_goes_beyond_the_last_pixel():
    row = jnp.array([1.0, 5, 2, 3, 4, 0]).reshape(1, 6, 1, 1) * jnp.ones((1, 1, 6, 1))
    found = max_pool_overlapping(row)
    assert found.shape == (1, 4, 4, 1)
    np.testing.assert_array_equal(found[0, :, 0, 0], [5, 5, 4, 0])


def test_without_a_projection_a_bottleneck_starts_from_its_input():
    x = np.abs(np.random.default_rng(0).normal(size=(1, 6, 6, 16))).astype(np.float32)
    block = Bottleneck(4, 1, 2, project=False)
    params = draw_params(jax.random.key(0), block, x)
    params["expand_norm"]["gain"] *= 0
    np.testing.assert_array_equal(block.apply({"params": params}, x), x)
    strided = Bottleneck(4, 2, 1, project=True)
    params = draw_params(jax.random.key(0), strided, x)
    assert strided.apply({"params": params}, x).shape == (1, 3, 3, 16)
