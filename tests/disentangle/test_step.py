import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.disentangle import init_state, train_step
from spine_jax.disentangle.losses import adversarial_loss
from spine_jax.disentangle.nets import Discriminators
from spine_jax.disentangle.step import (
    discriminator_objective,
    generator_objective,
    update,
)
from tests.disentangle.tiny import make_batch, quick_jit, tiny_config


@pytest.fixture(scope="module")
def first(step, state, batch):
    return step(state, batch)


def moments(optimizer_state):
    """Adam's first moment, as path -> array."""
    mean = optimizer_state[1].mu
    flat, _ = jax.tree_util.tree_flatten_with_path(mean)
    return {"/".join(k.key for k in path): np.asarray(leaf) for path, leaf in flat}


def assert_same_bits(a, b):
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_array_equal(x, y)


def test_same_key_same_bits(step, config, state, batch, first):
    again = step(init_state(jax.random.key(0), config), batch)
    assert_same_bits(first, again)
    other = init_state(jax.random.key(1), config)
    assert other.params.generators["g_s"]["final"]["conv"]["kernel"].std() > 0
    assert not np.array_equal(
        other.params.generators["g_s"]["final"]["conv"]["kernel"],
        state.params.generators["g_s"]["final"]["conv"]["kernel"],
    )


def test_every_parameter_is_trained_but_cancelled_biases(first):
    state, _ = first
    without_instance_norm = ("final/", "layer0/", "score/", "g_l/up", "g_s/up")
    for optimizer_state in (
        state.generator_optimizer,
        state.discriminator_optimizer,
    ):
        for path, mean in moments(optimizer_state).items():
            cancelled = path.endswith("conv/bias") and not any(
                part in path for part in without_instance_norm
            )
            assert bool(np.any(mean != 0)) != cancelled, path


def test_discriminators_learn_from_their_own_loss_at_the_old_parameters(
    config, state, batch, first, decodings_of
):
    after, metrics = first
    old = state.params
    made = decodings_of(old.generators, batch["x_l"], batch["x_h"])
    objective = partial(discriminator_objective, batch=batch, config=config)
    gradient, own = quick_jit(jax.grad(objective, has_aux=True))(
        old.discriminators, made
    )
    for name, value in own.items():
        np.testing.assert_allclose(metrics[name], value, rtol=1e-4)
    mean = after.discriminator_optimizer[1].mu
    for found, g in zip(*map(jax.tree.leaves, jax.device_get((mean, gradient)))):
        np.testing.assert_allclose(found, 0.5 * g, atol=1e-4 * np.abs(g).max())
    # The generators' adversarial loss, too, is that of the old discriminators.
    nets = Discriminators(config)

    def adversarial(p):
        scores = [
            nets.apply({"params": p}, x, method=method)[0]
            for x, method in ((made.x_hl, "low"), (made.x_lh, "high"))
        ]
        return adversarial_loss(*scores)

    adversarial = quick_jit(adversarial)
    np.testing.assert_allclose(
        metrics["adversarial"], adversarial(old.discriminators), rtol=1e-4
    )
    new = adversarial(after.params.discriminators)
    assert abs(new - metrics["adversarial"]) > 1e-3 * new


def test_each_discriminator_sees_the_reals_of_its_own_domain(
    config, state, batch, decodings_of
):
    made = decodings_of(state.params.generators, batch["x_l"], batch["x_h"])
    objective = quick_jit(partial(discriminator_objective, config=config))
    _, before = objective(state.params.discriminators, made, batch)
    for name, moved in (("x_l", "discriminator_l"), ("x_h", "discriminator_h")):
        changed = batch | {name: batch[name][:, ::-1] + 0.5}
        _, after = objective(state.params.discriminators, made, changed)
        assert {n for n in before if before[n] != after[n]} == {moved}


def test_first_step_is_adams(config, state, first):
    # Without decay the first step of every trained number is the learning rate.
    kernel = "e_l", "scales", "scale0", "conv", "kernel"
    before, after = state.params.generators, first[0].params.generators
    for name in kernel:
        before, after = before[name], after[name]
    size = np.abs(np.asarray(after - before))
    np.testing.assert_allclose(np.median(size), config.learning_rate, rtol=1e-3)


def test_a_trained_model_is_the_running_mean_of_what_was_trained(state):
    assert state.averaged == {} and state.trained is state.params
    config = dataclasses.replace(state.params.config, averaging=0.75)
    kept = init_state(jax.random.key(0), config)
    assert_same_bits(kept.trained.generators, state.params.generators)
    gradients = jax.tree.map(
        jnp.ones_like, (kept.params.generators, kept.params.discriminators)
    )
    expected, run = kept.params.generators, quick_jit(update)
    for _ in range(3):
        kept, state = run(gradients, kept), run(gradients, state)
        expected = jax.tree.map(
            lambda a, b: 0.75 * a + 0.25 * b, expected, kept.params.generators
        )
    # Training itself knows nothing of it.
    assert_same_bits(kept.params.generators, state.params.generators)
    assert_same_bits(kept.trained.discriminators, state.params.discriminators)
    pairs = zip(jax.tree.leaves(kept.trained.generators), jax.tree.leaves(expected))
    for found, wanted in pairs:
        np.testing.assert_allclose(found, wanted, atol=1e-7)
    moved = max(
        float(np.abs(a - b).max())
        for a, b in zip(
            jax.tree.leaves(kept.trained.generators),
            jax.tree.leaves(kept.params.generators),
        )
    )
    assert moved > 1e-5


def test_not_a_number_changes_nothing_but_the_counters(step, state, batch, first):
    bad = {name: np.copy(x) for name, x in batch.items()}
    bad["x_l"][1, 3, 3] = np.nan
    after, metrics = step(state, bad)
    assert metrics["skipped"] == 1
    assert first[1]["skipped"] == 0
    assert (after.step, after.skipped) == (1, 1)
    assert (first[0].step, first[0].skipped) == (1, 0)
    same = dataclasses.replace(after, step=state.step, skipped=state.skipped)
    assert_same_bits(same, state)


def test_a_few_dozen_steps_learn_the_batch(step, state, batch, first):
    metrics = first[1]
    for _ in range(60):
        state, metrics = step(state, batch)
    for name in ("reconstruction", "cycle", "segmentation", "attention", "anatomy"):
        assert metrics[name] < 0.75 * first[1][name], name
    assert all(jnp.isfinite(value) for value in metrics.values())


def test_half_precision_is_close_and_keeps_parameters_whole(
    config, state, batch, first
):
    half = dataclasses.replace(config, compute_dtype="bfloat16")
    p = state.params
    objective = quick_jit(partial(generator_objective, config=half))
    loss, (made, terms) = objective(
        p.generators, p.discriminators, batch, step=state.step
    )
    assert made.x_lh.dtype == jnp.float32
    assert all(term.dtype == jnp.float32 for term in terms.values())
    np.testing.assert_allclose(loss, first[1]["generator_loss"], rtol=2e-2)
    assert loss != first[1]["generator_loss"]
    in_half = dataclasses.replace(state, params=dataclasses.replace(p, config=half))
    after, _ = jax.eval_shape(train_step, in_half, batch)
    for leaf in jax.tree.leaves(after):
        assert leaf.dtype in (jnp.float32, jnp.int32)


def test_arrays_that_do_not_fit_are_told():
    config = tiny_config("m1")
    state = init_state(jax.random.key(0), config)
    batch = make_batch(config)
    for name, wrong in (("x_h", batch["x_h"][:1]), ("y_h", batch["y_h"][..., 0])):
        with pytest.raises(ValueError, match=name):
            jax.eval_shape(train_step, state, batch | {name: wrong})


def test_adn_needs_no_masks():
    config = tiny_config("adn")
    batch = make_batch(config)
    del batch["y_h"]
    state = init_state(jax.random.key(0), config)
    _, metrics = jax.eval_shape(train_step, state, batch)
    assert "segmentation" not in metrics
    assert "artifact" in metrics
