import json
import os
import re
import subprocess
import sys

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from spine_jax.disentangle import Networks, init_params
from tests.disentangle import device_probe
from tests.disentangle.tiny import QUICK, make_batch, tiny_config

FLAGS = [
    "--xla_force_host_platform_device_count=4",
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
]


@pytest.fixture(scope="module")
def report():
    environment = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": " ".join(FLAGS)}
    done = subprocess.run(
        [sys.executable, "-m", device_probe.__name__],
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("wrapper", ["sharded_step", "pmap_step"])
def test_four_devices_take_the_steps_of_one(report, wrapper):
    found = report[wrapper]
    for metrics, expected in zip(found["history"], report["expected"]):
        assert metrics.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_allclose(metrics[name], value, rtol=2e-4, err_msg=name)
    assert found["steps"] == 2
    # A parameter moves 1e-4 per step, so sums in another order show far below that
    # unless its gradient is all rounding.
    assert found["parameters"] < 2e-5
    assert found["moments"] < 1e-3


def test_images_spread_over_devices_stay_where_they_are():
    config = tiny_config("m4", n_residual=0)
    params, batch = init_params(jax.random.key(0), config), make_batch(config)
    mesh = jax.make_mesh((2,), ("batch",))
    whole, spread = (NamedSharding(mesh, PartitionSpec(*a)) for a in ((), ("batch",)))
    decode = jax.jit(
        lambda p, x_l, x_h: Networks(config).apply({"params": p}, x_l, x_h),
        in_shardings=(whole, spread, spread),
        out_shardings=spread,
    ).lower(params.generators, batch["x_l"], batch["x_h"])
    program = decode.compile(compiler_options=QUICK).as_text()
    assert "num_partitions=2" in program
    assert not re.search(r"all-(gather|to-all|reduce)|collective-permute", program)
