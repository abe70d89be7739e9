import jax
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.training.wrappers import jit_step, pmap_step, sharded_step
from tests.training import toy

WRAPPERS = [jit_step, sharded_step, pmap_step]


def plain_steps():
    state, losses = toy.init(), []
    for _ in range(3):
        state, metrics = toy.step(state, toy.batch())
        losses.append(metrics["loss"])
    return state["w"], losses


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_every_wrapper_takes_the_plain_steps(wrap):
    assert len(jax.devices()) == 2
    weights, losses = toy.three_steps(wrap(toy.step), toy.batch())
    expected_weights, expected_losses = plain_steps()
    np.testing.assert_allclose(weights, expected_weights, rtol=1e-5)
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)


@pytest.mark.parametrize("wrap", WRAPPERS)
def test_state_is_donated_but_the_original_kept(wrap):
    runner = wrap(toy.step)
    original = jax.device_put(toy.init())
    placed = runner.place(original)
    after, metrics = runner.step(placed, toy.batch())
    assert placed["w"].is_deleted()
    np.testing.assert_array_equal(original["w"], toy.init()["w"])
    assert metrics["loss"].shape == ()
    fetched = runner.fetch(after)
    assert {name: np.shape(x) for name, x in fetched.items()} == {"w": (3,), "step": ()}
    assert fetched["step"] == 1
    # What was fetched can be placed again.
    runner.step(runner.place(fetched), toy.batch())


@pytest.mark.parametrize("wrap", [sharded_step, pmap_step])
def test_a_batch_that_cannot_be_spread_is_told(wrap):
    runner = wrap(toy.step)
    with pytest.raises(InputError, match="3 examples for 2 devices"):
        runner.step(runner.place(toy.init()), toy.batch(3))


@pytest.mark.parametrize("wrap", [sharded_step, pmap_step])
def test_devices_can_be_chosen(wrap):
    runner = wrap(toy.step, jax.devices()[1:])
    placed = runner.place(toy.init())
    assert placed["w"].devices() == set(jax.devices()[1:])
    runner.step(placed, toy.batch(3))
