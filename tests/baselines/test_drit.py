import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.baselines import drit
from spine_jax.baselines.drit.nets import ContentDiscriminator, ImageDiscriminator
from spine_jax.layers.initial import draw_params
from tests.baselines.tiny import CONFIGS, make_batch, moved, run_of, updates

# Compiling these steps takes minutes.
pytestmark = pytest.mark.slow


def test_the_content_discriminator_learns_alone_in_two_of_three_steps():
    run = run_of("drit")
    every = set(run.states[0].params.networks)
    expected = [{"d_content"}, {"d_content"}, every, {"d_content"}]
    assert [moved(*pair) for pair in zip(run.states, run.states[1:])] == expected
    assert [m["trains_all"] for m in run.metrics] == [0, 0, 1, 0]
    assert all(m["content_discriminator"] > 0 for m in run.metrics)
    assert [m["generator_loss"] > 0 for m in run.metrics] == [False, False, True, False]


def test_a_full_step_updates_generator_and_content_encoder_twice():
    state = run_of("drit").states[3]
    assert {name: updates(state, name) for name in state.optimizers} == {
        "content_encoder": 2,
        "attribute_encoder": 1,
        "generator": 2,
        "d_content": 3,
        "d_l": 1,
        "d_h": 1,
        "d_l_random": 1,
        "d_h_random": 1,
    }


def test_terms_are_weighted_and_added():
    m = run_of("drit").metrics[2]
    first = (
        m["adversarial"]
        + m["content_adversarial"]
        + 10 * m["reconstruction"]
        + 10 * m["cycle"]
        + 0.01 * m["kl"]
        + 0.01 * m["content_size"]
    )
    np.testing.assert_allclose(m["generator_loss"], first, rtol=1e-5)
    second = m["random_adversarial"] + 10 * m["latent"] + m["mode_seeking"]
    np.testing.assert_allclose(m["random_loss"], second, rtol=1e-5)


def test_every_other_image_is_shown_to_the_discriminators_of_random_attributes_only():
    run = run_of("drit")
    batch = make_batch(run.config)
    _, before = run.step(run.states[2], batch)
    batch["x_h"] = np.stack([batch["x_h"][0], -0.5 * batch["x_h"][1]])
    _, after = run.step(run.states[2], batch)
    untouched = ("discriminator_h", "reconstruction", "cycle", "discriminator_l_random")
    for name in untouched:
        assert before[name] == after[name]
    assert before["discriminator_h_random"] != after["discriminator_h_random"]


def test_an_image_alone_serves_as_both():
    run = run_of("drit")
    alone = make_batch(run.config, size=1)
    after, metrics = jax.eval_shape(drit.train_step, run.states[0], alone)
    shapes = lambda tree: jax.tree.map(lambda x: (x.shape, x.dtype), tree)  # noqa: E731
    assert shapes(after) == shapes(run.states[0])
    assert metrics.keys() == run.metrics[0].keys()


def test_noise_is_another_one_in_every_step():
    run = run_of("drit")
    batch = make_batch(run.config)
    losses = set()
    for step in (0, 1, 3):
        state = dataclasses.replace(run.states[0], step=np.int32(step))
        losses.add(float(run.step(state, batch)[1]["content_discriminator"]))
    assert len(losses) == 3


def shifted(config, content):
    """What the score becomes when the first layer's bias is raised."""
    module = ContentDiscriminator(config)
    params = draw_params(jax.random.key(0), module, content)
    before = module.apply({"params": params}, content)
    params["layer0"]["conv"]["bias"] += 1
    return before, module.apply({"params": params}, content)


def test_the_content_discriminators_norm_is_there_and_can_be_left_out():
    content = np.random.default_rng(0).normal(size=(1, 16, 16, 8)).astype(np.float32)
    config = dataclasses.replace(
        CONFIGS["drit"], image_size=(64, 64), base_channels=2, content_layers=1
    )
    assert drit.drit_config().content_norm
    # An instance norm takes the bias away again.
    before, after = shifted(config, content)
    np.testing.assert_allclose(before, after, atol=1e-5)
    release = dataclasses.replace(config, content_norm=False)
    before, after = shifted(release, content)
    assert np.abs(before - after).max() > 0.01


def test_the_content_discriminator_has_a_map_left_at_every_size():
    for side, layers, left in ((256, 3, 2), (128, 2, 2), (64, 1, 3)):
        config = drit.drit_config(image_size=(side, side), base_channels=4)
        assert config.content_layers == layers
        module = ContentDiscriminator(config)
        content = jax.ShapeDtypeStruct((1, side // 4, side // 4, 16), jnp.float32)
        scores = jax.eval_shape(module.init_with_output, jax.random.key(0), content)[0]
        assert scores.shape == (1, left, left, 1)


def test_images_are_looked_at_in_three_resolutions():
    module = ImageDiscriminator(drit.drit_config(base_channels=4))
    image = jax.ShapeDtypeStruct((1, 256, 256, 1), jnp.float32)
    scores = jax.eval_shape(module.init_with_output, jax.random.key(0), image)[0]
    assert [x.shape for x in scores] == [(1, n, n, 1) for n in (16, 8, 4)]


def test_translation_takes_the_attributes_it_is_given():
    params = run_of("drit").states[-1].params
    x_l = make_batch(CONFIGS["drit"])["x_l"]
    plain = drit.translate(params, x_l)
    zero = drit.translate(params, x_l, z=np.zeros(2))
    np.testing.assert_array_equal(plain, zero)
    other = drit.translate(params, x_l, z=np.array([3.0, -3.0]))
    assert np.abs(plain - other).max() > 1e-4
    found = drit.attributes(params, x_l)
    assert found.shape == (2, 2)
    assert np.abs(found[0] - found[1]).max() > 0
