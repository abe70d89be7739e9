"""What a step costs, of the smallest method."""

import math

import jax
import numpy as np

from experiments import a3dseg_costs as experiment
from experiments.a3dseg_table2 import method_of
from experiments.harness.noise import noise_batch


def test_cost_of_a_step():
    method, config = method_of("source-only", "smoke", 2)
    cost = experiment.cost_of(method, config.batch_size, 2)
    params = method.init_state().params
    count = sum(math.prod(x.shape) for x in jax.tree.leaves(params))
    assert cost.parameters == count
    # Parameters and both moments of Adam are held at least, 4 bytes each.
    assert 3 * 4 * count < cost.memory_bytes < 1e9
    assert cost.step_s > 0 and cost.compiling_s > 0


def test_a_line_of_the_table():
    line = experiment.as_line("sifa", experiment.Cost(12_345, 0.25, 2_000_000, 7.2))
    assert line == "| sifa | 12,345 | 0.250 | 2 | 7 |"


def test_noise_is_a_batch():
    batch = noise_batch(2, (4, 6))
    assert {name: x.shape for name, x in batch.items()} == {
        "x_l": (2, 4, 6, 1),
        "x_h": (2, 4, 6, 1),
        "y_h": (2, 4, 6, 1),
    }
    assert set(np.unique(batch["y_h"])) == {0, 1} and batch["x_l"].min() < 0
    assert (batch["x_l"] != batch["x_h"]).all()
