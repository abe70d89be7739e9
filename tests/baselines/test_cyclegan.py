import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.baselines.cyclegan.nets import Generator, Generators
from spine_jax.baselines.cyclegan.step import START
from spine_jax.layers.initial import draw_params
from tests.baselines.tiny import make_batch, moved, run_of


def test_terms_are_weighted_and_added():
    run = run_of("cyclegan")
    for m in run.metrics:
        expected = m["adversarial"] + 10 * m["cycle"] + 5 * m["identity"]
        np.testing.assert_allclose(m["generator_loss"], expected, rtol=1e-6)


def test_losses_are_of_the_images_of_their_own_domain():
    run = run_of("cyclegan")
    batch, config = make_batch(run.config), run.config
    networks = run.states[0].params.networks["generators"]
    made = Generators(config).apply({"params": networks}, batch["x_l"], batch["x_h"])

    def mean(a, b):
        return np.abs(a - b).mean()

    x_l, x_h = batch["x_l"], batch["x_h"]
    cycle = mean(made.x_lhl, x_l) + mean(made.x_hlh, x_h)
    identity = mean(made.x_ll, x_l) + mean(made.x_hh, x_h)
    np.testing.assert_allclose(run.metrics[0]["cycle"], cycle, rtol=1e-4)
    np.testing.assert_allclose(run.metrics[0]["identity"], identity, rtol=1e-4)
    # There and back is one generator after the other; the identity is one alone.
    parts = {name: Generator(4, 1) for name in ("g_lh", "g_hl")}

    def run_part(name, x):
        return parts[name].apply({"params": networks[name]}, x)

    np.testing.assert_allclose(made.x_lh, run_part("g_lh", x_l), atol=1e-5)
    np.testing.assert_allclose(made.x_hh, run_part("g_lh", x_h), atol=1e-5)
    back = run_part("g_hl", made.x_lh)
    np.testing.assert_allclose(made.x_lhl, back, atol=1e-5)


def test_each_discriminator_sees_the_reals_of_its_own_domain():
    run = run_of("cyclegan")
    batch = make_batch(run.config)
    # The pools' images are made of the old batch in either case.
    start = dataclasses.replace(run.states[0], step=jnp.int32(0))
    _, before = run.step(start, batch)
    for name, its in (("x_l", "d_l"), ("x_h", "d_h")):
        changed = batch | {name: batch[name][:, ::-1] * 0.5}
        after, _ = run.step(start, changed)
        plain, _ = run.step(start, batch)
        # Its discriminator sees other reals, the other one other translations.
        assert its in moved(after, plain)


def test_pools_hold_the_translations_of_the_first_images():
    run = run_of("cyclegan")
    batch, networks = make_batch(run.config), run.states[0].params.networks
    made = Generators(run.config).apply(
        {"params": networks["generators"]}, batch["x_l"], batch["x_h"]
    )
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
