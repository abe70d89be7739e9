import json
import os
import socket
import subprocess
import sys

import numpy as np

from tests.training import toy
from tests.training.test_wrappers import plain_steps


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_two_processes_take_the_steps_of_one():
    address = f"127.0.0.1:{free_port()}"
    environment = os.environ | {
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", toy.__name__, address, str(index)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for index in range(2)
    ]
    try:
        outputs = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    expected_weights, expected_losses = plain_steps()
    for process, (output, errors) in zip(processes, outputs):
        assert process.returncode == 0, errors
        for weights, losses in json.loads(output.splitlines()[-1]):
            np.testing.assert_allclose(weights, expected_weights, rtol=1e-5)
            np.testing.assert_allclose(losses, expected_losses, rtol=1e-5)
