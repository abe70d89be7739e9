import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.baselines.cyclegan.nets import Generator, Generators, discriminator
from spine_jax.baselines.cyclegan.step import START
from spine_jax.layers.initial import draw_params
from tests.baselines.tiny import QUICKER, make_batch, moved, run_of


def test_terms_are_weighted_and_added():
    run = run_of("cyclegan")
    for m in run.metrics:
        expected = m["adversarial"] + 10 * m["cycle"] + 5 * m["identity"]
        np.testing.assert_allclose(m["generator_loss"], expected, rtol=1e-6)


@pytest.fixture(scope="module")
def first():
    """Batch of the first step, networks before it, and what they make of it."""
    run = run_of("cyclegan")
    batch, networks = make_batch(run.config), run.states[0].params.networks
    make = jax.jit(Generators(run.config).apply, compiler_options=QUICKER)
    made = make({"params": networks["generators"]}, batch["x_l"], batch["x_h"])
    return batch, networks, made


def test_losses_are_of_the_images_of_their_own_domain(first):
    run, (batch, networks, made) = run_of("cyclegan"), first
    x_l, x_h = batch["x_l"], batch["x_h"]

    def mean(a, b):
        return np.abs(a - b).mean()

    def score(name, x):
        apply = jax.jit(discriminator(run.config).apply, compiler_options=QUICKER)
        return np.asarray(apply({"params": networks[name]}, x))

    expected = {
        "cycle": mean(made.x_lhl, x_l) + mean(made.x_hlh, x_h),
        "identity": mean(made.x_ll, x_l) + mean(made.x_hh, x_h),
        "adversarial": 0.0,
    }
    # The pools are not full yet: what is made is shown.
    for name, real, fake in (("l", x_l, made.x_hl), ("h", x_h, made.x_lh)):
        scores = [score(f"d_{name}", x) for x in (real, fake)]
        told = ((scores[0] - 1) ** 2).mean() + (scores[1] ** 2).mean()
        expected[f"discriminator_{name}"] = told / 2
        expected["adversarial"] += ((scores[1] - 1) ** 2).mean()
    for name, value in expected.items():
        np.testing.assert_allclose(run.metrics[0][name], value, rtol=1e-4)


def test_there_and_back_is_one_generator_after_the_other(first):
    run, (batch, networks, made) = run_of("cyclegan"), first
    generator = Generator(run.config.base_channels, run.config.n_residual)
    apply = jax.jit(generator.apply, compiler_options=QUICKER)
    g_lh, g_hl = (
        partial(apply, {"params": networks["generators"][name]})
        for name in ("g_lh", "g_hl")
    )
    x_l, x_h = batch["x_l"], batch["x_h"]
    pairs = {
        "x_lh": g_lh(x_l),
        "x_hh": g_lh(x_h),
        "x_hlh": g_lh(g_hl(x_h)),
        "x_hl": g_hl(x_h),
        "x_ll": g_hl(x_l),
        "x_lhl": g_hl(g_lh(x_l)),
    }
    for name, expected in pairs.items():
        np.testing.assert_allclose(getattr(made, name), expected, atol=1e-5)


def test_pools_hold_the_translations_of_the_first_images(first):
    run, (_, _, made) = run_of("cyclegan"), first
    pools = run.states[1].pools
    for name, images in (("l", made.x_hl), ("h", made.x_lh)):
        assert pools[name].held == 2
        np.testing.assert_allclose(pools[name].images[:2], images, atol=1e-5)
        assert (pools[name].images[2] == 0).all()
        assert run.states[2].pools[name].held == 3


def test_the_rate_holds_and_then_falls_to_nothing():
    run = run_of("cyclegan")
    batch = make_batch(run.config)
    kernel = lambda s: s.params.networks["d_l"]["score"]["conv"]["kernel"]  # noqa: E731
    # Adam's first step is the rate wherever there is a gradient.
    for step, rate in ((0, 2e-4), (5, 2e-4), (8, 0.8e-4)):
        start = dataclasses.replace(run.states[0], step=np.int32(step))
        after, _ = run.step(start, batch)
        size = np.median(np.abs(kernel(after) - kernel(start)))
        np.testing.assert_allclose(size, rate, rtol=1e-2)
    start = dataclasses.replace(run.states[0], step=np.int32(10))
    assert moved(start, run.step(start, batch)[0]) == set()


def test_kernels_start_narrow_and_biases_at_nothing():
    image = jax.ShapeDtypeStruct((1, 16, 16, 1), jnp.float32)
    params = draw_params(jax.random.key(0), Generator(16, 2), image, start=START)
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if path[-1].key == "bias":
            assert (leaf == 0).all()
        elif leaf.size > 2000:
            np.testing.assert_allclose(jnp.std(leaf), 0.02, rtol=0.1)
