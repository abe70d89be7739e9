"""Checkpoints of a pytree with the settings it belongs to (the only orbax import)."""

from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp


def save_checkpoint(folder: Path, step: int, state: Any, settings: dict) -> None:
    """Write state and settings for a step, atomically; only the newest is kept.

    Args:
        folder: Created if absent; holds one folder per step.
        state: Any pytree of arrays.
        settings: JSON-able; compared at restore.
    """
    with _manager(folder) as manager:
        manager.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(state), settings=ocp.args.JsonSave(settings)
            ),
            force=True,
        )


def latest_step(folder: Path) -> int | None:
    """Step of the newest complete checkpoint, None where there is none."""
    if not Path(folder).is_dir():
        return None
    with _manager(folder) as manager:
        return manager.latest_step()


def load_settings(folder: Path) -> dict:
    """Settings of the newest checkpoint."""
    with _manager(folder) as manager:
        step = manager.latest_step()
        return manager.restore(
            step, args=ocp.args.Composite(settings=ocp.args.JsonRestore())
        ).settings


def load_checkpoint(folder: Path, like: Any) -> Any:
    """State of the newest checkpoint, structured and typed like `like`."""
    abstract = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
    with _manager(folder) as manager:
        step = manager.latest_step()
        return manager.restore(
            step, args=ocp.args.Composite(state=ocp.args.StandardRestore(abstract))
        ).state


def _manager(folder: Path) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(
        max_to_keep=1, enable_async_checkpointing=False
    )
    return ocp.CheckpointManager(Path(folder).absolute(), options=options)
