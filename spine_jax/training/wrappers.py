"""Run a training step on one device, or on many in either of JAX's two ways.

A step is `step(state, batch, *, axis_name=None) -> (state, metrics)`: pytrees, the
batch's leaves [B, ...], metrics scalars. Given an `axis_name` it averages over that
axis itself.
All three wrappers give the same numbers, one machine or many processes alike.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from spine_jax.core import InputError

AXIS = "batch"
Device = Any  # jax.Device, no type to a type checker


@dataclasses.dataclass(frozen=True)
class StepRunner:
    """A step bound to devices.

    Attributes:
        place: From a state to a copy on the devices. The copy is given up (donated)
            with each step, the original stays.
        step: From a placed state and this process's share of the batch, host arrays
            [B, ...], to the next placed state and metrics.
        fetch: From a placed state to host arrays, as `place` takes them.
    """

    place: Callable[[Any], Any]
    step: Callable[[Any, Any], tuple[Any, dict[str, jax.Array]]]
    fetch: Callable[[Any], Any]


def jit_step(step: Callable, device: Device | None = None) -> StepRunner:
    """One device, by default JAX's first."""
    device = device or jax.local_devices()[0]
    return StepRunner(
        place=lambda state: jax.device_put(_host_copy(state), device),
        step=jax.jit(step, donate_argnums=0),
        fetch=jax.device_get,
    )


def sharded_step(step: Callable, devices: Sequence[Device] | None = None) -> StepRunner:
    """jit over a mesh: the batch is spread, the state is whole on every device.

    The compiler sees one program on the whole batch and adds the communication.

    Args:
        step: See the module.
        devices: Of every process; all by default.
    """
    mesh = Mesh(np.array(devices or jax.devices()), (AXIS,))
    spread = NamedSharding(mesh, PartitionSpec(AXIS))
    whole = NamedSharding(mesh, PartitionSpec())
    compiled = jax.jit(
        step, in_shardings=(whole, spread), out_shardings=whole, donate_argnums=0
    )

    def run(state, batch):
        _check_divides(batch, len(mesh.local_devices))
        return compiled(
            state,
            jax.tree.map(
                partial(jax.make_array_from_process_local_data, spread), batch
            ),
        )

    return StepRunner(
        place=lambda state: jax.device_put(_host_copy(state), whole),
        step=run,
        fetch=partial(jax.tree.map, _first_copy),
    )


def pmap_step(step: Callable, devices: Sequence[Device] | None = None) -> StepRunner:
    """One program per device, which averages its gradients with the others'.

    Args:
        step: See the module; called with an `axis_name`.
        devices: Of this process; all of its own by default.
    """
    local = list(devices or jax.local_devices())
    # Without a list, pmap runs over the devices of every process.
    over = {"axis_name": AXIS, "devices": devices}
    compiled = jax.pmap(partial(step, axis_name=AXIS), donate_argnums=0, **over)
    copies = jax.pmap(lambda _, state: state, in_axes=(0, None), **over)

    def run(state, batch):
        _check_divides(batch, len(local))
        state, metrics = compiled(
            state,
            jax.tree.map(lambda x: x.reshape(len(local), -1, *x.shape[1:]), batch),
        )
        return state, jax.tree.map(lambda x: x.addressable_data(0)[0], metrics)

    return StepRunner(
        place=lambda state: copies(np.arange(len(local)), state),
        step=run,
        fetch=partial(jax.tree.map, lambda x: _first_copy(x)[0]),
    )


def _host_copy(state: Any) -> Any:
    # Put where it already lies an array would be shared, and given up with the copy.
    return jax.tree.map(np.array, state)


def _first_copy(x: jax.Array) -> np.ndarray:
    return np.asarray(x.addressable_data(0))


def _check_divides(batch: Any, n_devices: int) -> None:
    size = len(jax.tree.leaves(batch)[0])
    if size % n_devices:
        raise InputError(
            "BATCH-SIZE",
            "batch",
            f"{size} examples for {n_devices} devices",
            "a multiple of the number of devices",
            "change the batch size or use fewer devices",
        )
