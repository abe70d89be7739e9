"""The peer of the step benchmark is the network it stands for."""

import math

import pytest

torch = pytest.importorskip("torch")

from experiments.training_speed.adn_torch import generators, make_step  # noqa: E402
from spine_jax.disentangle import init_params, variant_config  # noqa: E402


def test_the_peer_has_adns_parameters_and_ours():
    import jax

    peer = sum(p.numel() for p in generators(64).parameters())
    # ADN's release without the parameters that it never uses.
    assert peer == 27_980_418 - 4_720_640 - 172_480
    config = variant_config("adn", base_channels=8, image_size=(32, 32))
    ours = init_params(jax.random.key(0), config).generators
    count = sum(math.prod(leaf.shape) for leaf in jax.tree.leaves(ours))
    assert count == sum(p.numel() for p in generators(8).parameters())


def test_the_peer_learns():
    step = make_step(8, 32, 1)
    losses = [step() for _ in range(10)]
    assert losses[-1] < 0.9 * losses[0]
