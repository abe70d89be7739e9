"""Parameters, time and memory of a training step of every method of Table 2.

    python -m experiments.a3dseg_costs [--size=small] [--methods=sifa,a3dsegnet] \
        [--steps=12]

The steps see noise. The time is the mean of `--steps` after the first, since some
methods do other things in other steps (DRIT trains its encoders in one of three: take
a multiple of three).
Memory is what the compiled step holds at once: state, batch and temporaries, without
the program.
"""

import argparse
import dataclasses
import math
import time
from functools import partial

import jax

from experiments.a3dseg_table2 import METHODS, SIMULATION, method_of
from experiments.harness.method import Method
from experiments.harness.noise import compiled_step, noise_batch
from experiments.harness.program import as_program

COLUMNS = ("parameters", "seconds a step", "memory MB", "compiling s")


@dataclasses.dataclass(frozen=True)
class Cost:
    """Of one method; seconds of a step, bytes it holds."""

    parameters: int
    step_s: float
    memory_bytes: int
    compiling_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description="What a training step costs.")
    parser.add_argument("--size", default="small", choices=["smoke", "small", "paper"])
    parser.add_argument(
        "--methods", default=",".join(sorted({*METHODS} - {SIMULATION}))
    )
    parser.add_argument("--steps", type=int, default=12)
    chosen = parser.parse_args()
    as_program(
        partial(print_costs, chosen.size, chosen.methods.split(","), chosen.steps)
    )


def print_costs(size: str, names: list[str], n_steps: int) -> None:
    """Print the table, a line when it is known.

    Raises:
        InputError: there is no such method.
    """
    device = jax.devices()[0].device_kind
    print(f"| `{size}`, {device} | " + " | ".join(COLUMNS) + " |")
    print("|---" * (len(COLUMNS) + 1) + "|")
    for name in names:
        method, config = method_of(name, size, n_steps)
        cost = cost_of(method, config.batch_size, n_steps)
        print(as_line(name, cost), flush=True)


def cost_of(method: Method, batch_size: int, n_steps: int) -> Cost:
    """Compile and run some steps on noise."""
    state = method.init_state()
    batch = noise_batch(batch_size, method.image_size)
    parameters = sum(math.prod(x.shape) for x in jax.tree.leaves(state.params))
    step, compiling_s = compiled_step(method.train_step, state, batch)
    held = step.memory_analysis()
    # What lies where an argument did, such as the next state, counts once.
    outputs = held.output_size_in_bytes - held.alias_size_in_bytes
    memory = held.argument_size_in_bytes + outputs + held.temp_size_in_bytes
    state, _ = step(state, batch)
    jax.block_until_ready(state)
    started = time.perf_counter()
    for _ in range(n_steps):
        state, _ = step(state, batch)
    jax.block_until_ready(state)
    step_s = (time.perf_counter() - started) / n_steps
    return Cost(parameters, step_s, memory, compiling_s)


def as_line(name: str, cost: Cost) -> str:
    """A line of the table, in Markdown."""
    cells = (
        f"{cost.parameters:,}",
        f"{cost.step_s:.3f}",
        f"{cost.memory_bytes / 1e6:.0f}",
        f"{cost.compiling_s:.0f}",
    )
    return f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
