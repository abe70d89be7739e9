"""Checkpoints of a pytree with the settings it belongs to (the only orbax import)."""

from pathlib import Path
from typing import Any

import jax
import orbax.checkpoint as ocp


def save_checkpoint(
    folder: Path, step: int, state: Any, settings: dict, *, keep: int = 1
) -> None:
    """Write state and settings for a step, atomically.

    Args:
        folder: Created if absent; holds one folder per step.
        step: Larger than any that is there.
        state: Any pytree of arrays.
        settings: JSON-able; compared at restore.
        keep: Newest checkpoints that stay.
    """
    with _manager(folder, keep) as manager:
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


def _manager(folder: Path, keep: int | None = None) -> ocp.CheckpointManager:
    options = ocp.CheckpointManagerOptions(
        max_to_keep=keep, enable_async_checkpointing=False
    )
    return ocp.CheckpointManager(Path(folder).absolute(), options=options)
