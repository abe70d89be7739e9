"""Times convolutions and their gradients, beside XLA's own and PyTorch.

`python -m spine_jax.kernels.convolution.bench [--quick]` prints one JSON line per row,
as `kernels/bench.py` does; the peers are XLA, and PyTorch where it is installed.
Differences are in units of the largest value, `gigaflops` are ours in a second. Other
work on the machine costs PyTorch most, whose threads wait for each other.
"""

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from spine_jax.kernels.convolution import (
    Window,
    convolution,
    input_gradient,
    kernel_gradient,
)
from spine_jax.kernels.timing import Job, make_row, time_jobs, usable_cores

REPEATS = 10
OPERATIONS = {
    "convolution": convolution,
    "input_gradient": input_gradient,
    "kernel_gradient": kernel_gradient,
}


class Layer(NamedTuple):
    """A convolution of `batch` images."""

    batch: int
    channels: int
    features: int
    window: Window

    def __str__(self) -> str:
        return f"{self.batch}x{self.window} {self.channels}-{self.features}"

    @property
    def flops(self) -> int:
        """Of each of the three operations."""
        seen = np.prod(self.window.taps) * self.channels * self.features
        return int(2 * self.batch * np.prod(self.window.out) * seen)

    def operands(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What each operation is asked of, drawn from normal distributions."""
        random = np.random.default_rng(0)

        def draw(*shape):
            return random.normal(size=shape).astype(np.float32)

        x = draw(self.batch, *self.window.size, self.channels)
        kernel = draw(*self.window.taps, self.channels, self.features)
        g = draw(self.batch, *self.window.out, self.features)
        return {
            "convolution": (x, kernel),
            "input_gradient": (g, kernel),
            "kernel_gradient": (x, g),
        }


def layers(quick: bool) -> Iterator[Layer]:
    """Of the 3D U-Net on 48 x 96 x 96, from fine to coarse, then of the 2D networks."""

    def cube(size, channels, features, taps=3, stride=1, pad=1):
        return Layer(
            1, channels, features, Window(size, (taps,) * len(size), stride, pad)
        )

    yield cube((24, 48, 48), 16, 16)
    if quick:
        return
    yield cube((48, 96, 96), 1, 8)
    yield cube((48, 96, 96), 8, 8)
    yield cube((48, 96, 96), 16, 8)
    yield cube((12, 24, 24), 32, 32)
    yield cube((6, 12, 12), 64, 64)
    yield cube((32, 64, 64), 32, 16)
    yield cube((32, 64, 64), 16, 1)
    yield cube((24, 48, 48), 16, 32, 4, 2)
    yield cube((134, 134), 1, 16, 7, pad=0)
    yield cube((130, 130), 16, 16, pad=0)
    yield cube((130, 130), 16, 32, 4, 2, pad=0)
    yield cube((66, 66), 64, 32, 5, pad=0)
    yield cube((34, 34), 64, 64, pad=0)
    yield cube((134, 134), 16, 1, 7, pad=0)


def own_job(
    layer: Layer, operation: str, implementation: str, operands: tuple[Any, Any]
) -> Job:
    """One of the three operations."""
    function, window = OPERATIONS[operation], layer.window
    run = jax.jit(lambda a, b: function(a, b, window, implementation=implementation))
    arguments = jax.device_put(operands)
    return Job(lambda: run(*arguments), np.asarray)


def torch_job(layer: Layer, operation: str, operands: tuple[Any, Any]) -> Job:
    """The same in PyTorch, of tensors that are channels-last in memory as ours are."""
    import torch

    torch.set_num_threads(usable_cores())
    given_kernel = operation != "kernel_gradient"
    a = _tensor(operands[0], (1,))
    b = _tensor(operands[1], (1, 0) if given_kernel else (1,))
    ndim, window = len(layer.window.size), layer.window
    convolve = torch.nn.functional.conv2d if ndim == 2 else torch.nn.functional.conv3d
    x_shape = (layer.batch, *window.size, layer.channels)
    kernel_shape = (*window.taps, layer.channels, layer.features)
    # The gradients ask for the operand that they are taken in, and use its shape only.
    x = _tensor(np.empty(x_shape, np.float32), (1,))
    kernel = _tensor(np.empty(kernel_shape, np.float32), (1, 0))

    def gradients(g: Any, x: Any, kernel: Any, which: list[bool]) -> Any:
        settings = ([window.stride] * ndim, [window.pad] * ndim, [1] * ndim)
        run = torch.ops.aten.convolution_backward
        return run(g, x, kernel, None, *settings, False, [0] * ndim, 1, which)

    runs: dict[str, Callable[[], Any]] = {
        "convolution": lambda: convolve(a, b, None, window.stride, window.pad),
        "input_gradient": lambda: gradients(a, x, b, [True, False, False])[0],
        "kernel_gradient": lambda: gradients(b, a, kernel, [False, True, False])[1],
    }
    channel_axes = (1,) if given_kernel else (1, 0)
    return Job(runs[operation], lambda result: _array(result, channel_axes))


def _tensor(array: np.ndarray, channel_axes: tuple[int, ...]) -> Any:
    """A PyTorch tensor whose `channel_axes` are our last ones."""
    import torch

    moved = np.moveaxis(array, range(-len(channel_axes), 0), channel_axes)
    memory = torch.channels_last if array.ndim == 4 else torch.channels_last_3d
    return torch.from_numpy(moved.copy()).to(memory_format=memory)


def _array(tensor: Any, channel_axes: tuple[int, ...]) -> np.ndarray:
    return np.moveaxis(tensor.numpy(), channel_axes, range(-len(channel_axes), 0))


def layer_rows(layer: Layer, repeats: int = REPEATS) -> Iterator[dict[str, Any]]:
    """A row for each operation."""
    for operation, operands in layer.operands().items():
        jobs = {
            name: own_job(layer, operation, implementation, operands)
            for name, implementation in (("own", "native"), ("xla", "reference"))
        }
        if importlib.util.find_spec("torch"):
            jobs["torch"] = torch_job(layer, operation, operands)
        peers = time_jobs(jobs, repeats)
        own = peers.pop("own")
        unit = float(np.abs(own.values).max())
        row = make_row(str(layer), operation, "native", own, peers, unit)
        yield row | {"gigaflops": round(layer.flops / own.milliseconds / 1e6, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one layer")
    quick = parser.parse_args().quick
    print(f"cores: {usable_cores()}", file=sys.stderr)
    for layer in layers(quick):
        for row in layer_rows(layer):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
