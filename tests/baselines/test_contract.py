"""What every method has to keep to, so that one harness drives them all."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.training.checkpoint import load_checkpoint, save_checkpoint
from tests.baselines.tiny import (
    CONFIGS,
    MODULES,
    assert_same_bits,
    make_batch,
    moved,
    run_of,
)

# Compiling these steps takes minutes.
pytestmark = pytest.mark.slow

SEGMENTS = {"unet", "adaptsegnet", "sifa"}


@pytest.fixture(params=list(MODULES))
def name(request):
    return request.param


@pytest.fixture
def run(name):
    return run_of(name)


def test_steps_give_finite_scalars_and_move_every_network(run):
    for metrics in run.metrics:
        for value in metrics.values():
            assert value.shape == ()
            assert value.dtype == np.float32
            assert np.isfinite(value)
        assert metrics["skipped"] == 0
        assert metrics.keys() == run.metrics[0].keys()
    first, last = run.states[0], run.states[-1]
    assert moved(first, last) == set(first.params.networks)
    assert (last.step, last.skipped) == (4, 0)


def test_an_interrupted_run_goes_on_to_the_same_bits(run, tmp_path):
    save_checkpoint(tmp_path, 2, run.states[2], {})
    # Bound to a device, as it comes, it would be compiled for again.
    state = jax.device_get(load_checkpoint(tmp_path, like=run.states[0]))
    for i in (2, 3):
        state, metrics = run.step(state, make_batch(run.config, seed=i))
    assert_same_bits(state, run.states[4])
    assert_same_bits(metrics, run.metrics[3])


def test_not_a_number_changes_nothing_but_the_counters(name, run):
    batch = make_batch(run.config)
    images = "x_h" if name == "unet" else "x_l"
    batch[images][0, 3, 3] = np.nan
    before = run.states[2]
    after, metrics = run.step(before, batch)
    assert metrics["skipped"] == 1
    assert (after.step, after.skipped) == (3, 1)
    same = dataclasses.replace(after, step=before.step, skipped=before.skipped)
    assert_same_bits(same, before)


def test_state_is_a_function_of_key_and_config(name, run):
    init = MODULES[name].init_state
    assert_same_bits(init(jax.random.key(0), run.config), run.states[0])
    other = init(jax.random.key(1), run.config)
    assert moved(run.states[0], other) == set(other.params.networks)


def test_inference_is_one_thing_and_does_not_depend_on_the_batch(name, run):
    params = run.states[-1].params
    networks = {k: v for k, v in params.networks.items() if not k.startswith("d_")}
    params = dataclasses.replace(params, networks=networks)
    assert hasattr(run.module, "segment") == (name in SEGMENTS)
    assert hasattr(run.module, "translate") == (name not in SEGMENTS)
    infer = run.module.segment if name in SEGMENTS else run.module.translate
    x_l = make_batch(run.config, size=3, seed=7)["x_l"]
    found = infer(params, x_l, batch_size=2)
    assert found.shape == x_l.shape
    assert found.dtype == np.float32
    assert (found >= (0 if name in SEGMENTS else -1)).all() and (found <= 1).all()
    for i in range(3):
        alone = infer(params, x_l[i : i + 1], batch_size=2)
        np.testing.assert_allclose(alone[0], found[i], atol=1e-5)
    assert (found[0] != found[1]).any()


def test_sizes_that_do_not_fit_are_told(name, run):
    with pytest.raises(InputError, match="IMAGE-SIZE"):
        dataclasses.replace(run.config, image_size=(36, 33))
    with pytest.raises(InputError, match="IMAGE-SIZE"):
        infer = "segment" if name in SEGMENTS else "translate"
        getattr(run.module, infer)(run.states[0].params, np.zeros((1, 36, 33, 1)))


def test_arrays_that_do_not_fit_are_told(name, run):
    batch = make_batch(run.config)
    wrong = batch | {"x_h": batch["x_h"][..., 0]}
    with pytest.raises(ValueError, match="x_h"):
        jax.eval_shape(run.module.train_step, run.states[0], wrong)


def test_config_function_scales_widths_and_takes_the_length_of_the_run(name):
    make = getattr(MODULES[name], f"{name}_config")
    plain, small = make(), make(base_channels=16, image_size=(64, 64), n_steps=7)
    assert plain == type(CONFIGS[name])()
    assert (small.image_size, small.n_steps) == ((64, 64), 7)
    assert hash(small) != hash(plain)
    for field in dataclasses.fields(small):
        if field.name.endswith("_channels"):
            ratio = getattr(plain, field.name) / getattr(small, field.name)
            assert ratio == 4


def test_devices_average_to_the_step_of_the_whole_batch():
    run = run_of("unet")
    batch = make_batch(run.config, size=4)
    # One empty mask: a mean of each device's Dice would differ.
    batch["y_h"][0] = 0
    whole, metrics = run.step(run.states[0], batch)
    shares = jax.tree.map(lambda x: x.reshape(2, 2, *x.shape[1:]), batch)

    def share_step(share):
        return run.module.train_step(run.states[0], share, axis_name="batch")

    state, each = jax.jit(jax.vmap(share_step, axis_name="batch"))(shares)
    np.testing.assert_allclose(each["segmentation"], metrics["segmentation"], rtol=1e-5)
    old = run.states[0].params.networks
    for start, x, y in zip(
        *map(jax.tree.leaves, (old, whole.params.networks, state.params.networks))
    ):
        np.testing.assert_array_equal(y[0], y[1])
        # Adam's first step is the sign of the gradient; rounding decides where it is 0.
        agrees = jnp.abs(y[0] - x) < 1e-6
        assert agrees.mean() > 0.98 or x.size < 60 and agrees.mean() > 0.9, start.shape
