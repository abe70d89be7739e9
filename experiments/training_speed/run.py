"""Time of a training step: ADN here and in PyTorch, and A3DSegNet's models.

    python -m experiments.training_speed.run [--base=16] [--size=128] [--models=adn,m4]

One step is both gradients and both updates on a batch of noise; times are the least of
several after the first. PyTorch is left out where it is not installed. The rows are
JSON, one a line; `ratio` is PyTorch's ADN over the model.
"""

import argparse
import dataclasses
import json
import resource
import time
from collections.abc import Callable

import jax

from experiments.harness.noise import compiled_step, noise_batch
from spine_jax.disentangle import init_state, train_step, variant_config


def main() -> None:
    parser = argparse.ArgumentParser(description="Time of a training step.")
    parser.add_argument("--base", type=int, default=16)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--models", default="adn,m1,m2,m3,m4")
    parser.add_argument("--dtype", default="float32", help="or bfloat16")
    chosen = parser.parse_args()
    peer = torch_seconds(chosen)
    for model in chosen.models.split(","):
        row = {"model": model} | jax_row(model, chosen)
        if peer is not None:
            row["ratio"] = round(peer / row["seconds"], 2)
        print(json.dumps(row), flush=True)


def torch_seconds(chosen: argparse.Namespace) -> float | None:
    """PyTorch's step, printed; None where there is no PyTorch."""
    try:
        import torch

        from experiments.training_speed.adn_torch import make_step
    except ModuleNotFoundError:
        print(json.dumps({"model": "adn in PyTorch", "seconds": None}))
        return None
    step = make_step(chosen.base, chosen.size, chosen.batch)
    seconds = least(step, chosen.repeats)
    row = {"model": f"adn in PyTorch {torch.__version__}", "seconds": round(seconds, 4)}
    print(json.dumps(row), flush=True)
    return seconds


def jax_row(model: str, chosen: argparse.Namespace) -> dict:
    """Seconds of a step and of its compilation, images per second, peak memory."""
    sides = (chosen.size, chosen.size)
    config = variant_config(model, base_channels=chosen.base, image_size=sides)
    config = dataclasses.replace(config, compute_dtype=chosen.dtype)
    state = init_state(jax.random.key(0), config)
    batch = noise_batch(chosen.batch, sides)
    step, compiling = compiled_step(train_step, state, batch)

    def run() -> None:
        nonlocal state
        state, metrics = step(state, batch)
        jax.block_until_ready(metrics)

    seconds = least(run, chosen.repeats)
    return {
        "seconds": round(seconds, 4),
        "pairs_per_second": round(chosen.batch / seconds, 2),
        "compiling_s": round(compiling, 1),
        "peak_gb_of_process": round(peak_gb(), 2),
        "device": jax.devices()[0].device_kind,
    }


def least(run: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of several runs after a first one."""
    run()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)


def peak_gb() -> float:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


if __name__ == "__main__":
    main()
