"""Numbers of a run: one JSON line per step, and the same for TensorBoard."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tensorboardX import SummaryWriter

Kind = Literal["metrics", "evaluation"]
KINDS: tuple[Kind, ...] = ("metrics", "evaluation")


class MetricsLog:
    """`metrics.jsonl` and `evaluation.jsonl` of a run, and its `tensorboard` folder.

    A context manager. Lines are in the order of their steps, each step once: what an
    interrupted run wrote after the checkpoint it goes on from is cut off.
    """

    def __init__(self, folder: Path, start: int) -> None:
        """Go on after a step; 0 begins anew.

        Args:
            folder: Made if absent.
            start: Later steps are forgotten.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._files = {}
        for kind in KINDS:
            path = folder / f"{kind}.jsonl"
            _forget_after(path, start)
            self._files[kind] = open(path, "a", encoding="utf-8")
        # TensorBoard hides the steps from purge_step on that earlier files hold.
        self._board = SummaryWriter(str(folder / "tensorboard"), purge_step=start + 1)

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files.values():
            file.close()
        self._board.close()

    def write(self, kind: Kind, step: int, values: Mapping[str, float | None]) -> None:
        """Add a step's values; NaN and infinities become null."""
        plain = {
            name: value if value is not None and math.isfinite(value) else None
            for name, value in values.items()
        }
        self._files[kind].write(json.dumps({"step": step} | plain) + "\n")
        for name, value in plain.items():
            if value is not None:
                self._board.add_scalar(f"{kind}/{name}", value, step)

    def sync(self) -> None:
        """Bring what was written to the disk, ahead of a checkpoint."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        self._board.flush()


def read_log(path: Path) -> list[dict]:
    """The lines of a log as they were written."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _forget_after(path: Path, step: int) -> None:
    if not path.exists():
        return
    with open(path, "rb+") as file:
        kept = 0
        for line in file:
            # The last line of a killed run may be cut short.
            if not line.endswith(b"\n") or json.loads(line)["step"] > step:
                break
            kept += len(line)
        file.truncate(kept)
