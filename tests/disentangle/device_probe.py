"""Two steps on one device and, in either way, on four; run as a process of its own."""

import json

import jax
import numpy as np

from spine_jax.disentangle import init_state, train_step
from spine_jax.training.wrappers import jit_step, pmap_step, sharded_step
from tests.disentangle.tiny import make_batch, tiny_config


def two_steps(runner, config, batch):
    state = runner.place(init_state(jax.random.key(0), config))
    history = []
    for _ in range(2):
        state, metrics = runner.step(state, batch)
        history.append({name: float(value) for name, value in metrics.items()})
    return runner.fetch(state), history


def largest_difference(a, b):
    """Over all numbers of both states' parameters and moments."""
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return max(float(np.abs(x - y).max()) for x, y in pairs)


if __name__ == "__main__":
    assert len(jax.devices()) == 4
    config = tiny_config("m2", n_down=0, n_residual=0, unet_depth=0)
    batch = make_batch(config, size=4)
    # One empty mask: a mean over devices of each one's Dice would differ.
    batch["y_h"][0] = 0
    one, expected = two_steps(jit_step(train_step), config, batch)
    report = {"expected": expected}
    for wrap in (sharded_step, pmap_step):
        state, history = two_steps(wrap(train_step), config, batch)
        report[wrap.__name__] = {
            "history": history,
            "parameters": largest_difference(one.params, state.params),
            "moments": largest_difference(
                one.generator_optimizer, state.generator_optimizer
            ),
            "steps": int(state.step),
        }
    print(json.dumps(report))
