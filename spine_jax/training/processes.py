"""Training in several processes."""

import jax


def join_processes(coordinator: str, count: int, index: int) -> None:
    """Make this process one of several that see each other's devices.

    Call before any other use of JAX. Returns once all have called.

    Args:
        coordinator: HOST:PORT that process 0 listens on.
        count: Number of processes.
        index: This one's number, from 0.
    """
    # CPUs, unlike GPUs, need to be told how to reach each other.
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(coordinator, num_processes=count, process_id=index)
