"""Compiled once for all tests of the method."""

import jax
import pytest

from spine_jax.disentangle import Networks, init_state, train_step
from tests.disentangle.tiny import make_batch, quick_jit, tiny_config


@pytest.fixture(scope="session")
def config():
    # Without decay Adam's first moment is the gradient itself, times 1 - beta1.
    return tiny_config(weight_decay=0.0, learning_rate=1e-2, unet_channels=4)


@pytest.fixture(scope="session")
def batch(config):
    return make_batch(config)


@pytest.fixture(scope="session")
def state(config):
    return init_state(jax.random.key(0), config)


@pytest.fixture(scope="session")
def step():
    """`train_step`, jitted without donation."""
    return quick_jit(train_step)


@pytest.fixture(scope="session")
def decodings_of(config):
    """From parameters of the generators, x_l and x_h to decodings."""
    apply = quick_jit(Networks(config).apply)
    return lambda generators, x_l, x_h: apply({"params": generators}, x_l, x_h)
