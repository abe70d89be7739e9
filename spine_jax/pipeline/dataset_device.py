"""The device whose simulated CBCTs a data set holds, to simulate more with."""

import json
from pathlib import Path

from spine_jax.core import InputError
from spine_jax.data.store import INDEX
from spine_jax.pipeline.stored_settings import tupled
from spine_jax.simulation.cbct import CArm, CbctConfig, Physics, PhysicsRanges


def device_of(dataset: Path) -> CbctConfig:
    """Settings of a data set's C-arm.

    Raises:
        InputError: for a folder without a complete data set of simulated CBCTs.
    """
    try:
        settings = json.loads((dataset / INDEX).read_text())["settings"]
        if settings["cbct_folder"] is not None:
            raise KeyError("real CBCTs")
        told = tupled(settings["framing"]["cbct"])
        ranges = any(isinstance(figure, tuple) for figure in told["physics"].values())
        physics = (PhysicsRanges if ranges else Physics)(**told["physics"])
        return CbctConfig(**told | {"carm": CArm(**told["carm"]), "physics": physics})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "NO-DEVICE",
            dataset,
            f"no settings of a simulated C-arm ({type(error).__name__}: {error})",
            "a data set of simulated CBCTs",
            "a folder that `spine-jax dataset make` has filled",
        ) from None
