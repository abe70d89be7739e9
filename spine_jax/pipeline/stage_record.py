"""Which stages of a command are complete in a folder, with what settings."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from spine_jax.core import InputError
from spine_jax.io.atomic import write_json_atomic

NAME = "stages.json"


class StageRecord:
    """The file `stages.json` of a folder: a stage is in it once it is complete.

    Args:
        folder: Where the file is.
        stages: By name: `settings`, `seconds` and what else there is to say.
    """

    def __init__(self, folder: Path, stages: dict[str, dict[str, Any]]) -> None:
        self.folder = folder
        self.stages = stages

    @classmethod
    def load(cls, folder: Path) -> "StageRecord":
        """What the folder says; nothing where there is no record.

        Raises:
            InputError: `STAGES` for a record that cannot be read.
        """
        path = folder / NAME
        if not path.exists():
            return cls(folder, {})
        try:
            return cls(folder, dict(json.loads(path.read_text())["stages"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                "STAGES",
                path,
                f"no record of stages ({type(error).__name__})",
                "the file as this command wrote it",
                "--overwrite to start again",
            ) from None

    def keep(self, names: Iterable[str]) -> None:
        """Forget all stages but these, for now in memory only."""
        self.stages = {name: self.stages[name] for name in names if name in self.stages}

    def begin(self) -> None:
        """A stage begins: what was forgotten is no longer complete in the folder."""
        if (self.folder / NAME).exists():
            self._write()

    def check(self, name: str, settings: dict[str, Any]) -> None:
        """Refuse other settings than those a complete stage was run with.

        Raises:
            InputError: `RESUME`.
        """
        if name not in self.stages:
            return
        before = self.stages[name]["settings"]
        wanted = json.loads(json.dumps(settings, default=str))
        changed = [
            f"{key} was {before.get(key)}, is {value}"
            for key, value in wanted.items()
            if before.get(key) != value
        ]
        if changed:
            raise InputError(
                "RESUME",
                self.folder,
                f"stage {name} is complete with other settings: {'; '.join(changed)}",
                "the settings it was started with",
                f"the old settings, --from {name} to run it and what follows again, "
                "or --overwrite to start again",
            )

    def add(
        self, name: str, settings: dict[str, Any], seconds: float, figures: dict
    ) -> None:
        """A stage is complete: say so in the folder."""
        self.stages[name] = {"settings": settings, "seconds": seconds, **figures}
        self._write()
        # What was written is what a later run reads: paths have become text.
        self.stages = StageRecord.load(self.folder).stages

    def _write(self) -> None:
        write_json_atomic(self.folder / NAME, {"stages": self.stages})
