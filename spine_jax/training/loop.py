"""Train until done, interrupted or diverged, and go on where a run stopped."""

import dataclasses
import json
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import InputError
from spine_jax.training.checkpoint import (
    latest_step,
    load_checkpoint,
    load_settings,
    save_checkpoint,
)
from spine_jax.training.interrupt import Interrupted, interrupt_requested
from spine_jax.training.metrics_log import MetricsLog
from spine_jax.training.wrappers import StepRunner

CHECKPOINTS = "checkpoints"
Metrics = dict[str, float]


class Diverged(RuntimeError):
    """Training produced no finite numbers; the last checkpoint is from before."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """When what happens; none of it changes the numbers.

    Attributes:
        n_steps: Steps of the whole run.
        log_every: Steps between reading metrics back; each makes the host wait.
        evaluate_every: Steps between evaluations; there is one at the end too.
        checkpoint_every: Steps between checkpoints.
        checkpoint_every_s: Seconds after which there is one in any case.
        keep: Newest checkpoints that stay.
        patience: Steps without finite numbers in a row that end the run.
    """

    n_steps: int
    log_every: int = 20
    evaluate_every: int = 1000
    checkpoint_every: int = 1000
    checkpoint_every_s: float = 600.0
    keep: int = 2
    patience: int = 10


def run_training(
    state: Any,
    runner: StepRunner,
    batches: Callable[[int], Iterator[Any]],
    plan: Plan,
    *,
    folder: Path,
    settings: dict,
    on_metrics: Callable[[int, Metrics], None] | None = None,
    on_evaluation: Callable[[int, Any], Mapping[str, float | None]] | None = None,
) -> Any:
    """Train to the end; a folder with a checkpoint goes on to the same bits.

    Args:
        state: Before the first step.
        runner: Of one process.
        batches: From a number of steps done to the batches that come next.
        plan: When to log, evaluate, save and stop.
        folder: Gets `checkpoints`, `metrics.jsonl`, `evaluation.jsonl`, `tensorboard`.
        settings: JSON-able, all that decides the numbers; saved with each checkpoint.
        on_metrics: Called with steps done and the newest metrics when they are read
            back; "seconds_per_step" is one of them.
        on_evaluation: From steps done and the state, on the host, to figures to log.

    Returns:
        The state after the last step, on the host.

    Raises:
        InputError: the folder holds a run of other settings.
        Interrupted: on a signal, after saving.
        Diverged: after `patience` steps whose metrics are not finite, or say that the
            update was "skipped", or where a state to be saved is not finite.
    """
    checkpoints = _Checkpoints(folder / CHECKPOINTS, plan, settings)
    start, state = checkpoints.resume(state)
    if start >= plan.n_steps:
        return state
    with MetricsLog(folder, start) as log, interrupt_requested() as requested:
        readings = _Readings(plan, log, checkpoints, on_metrics)
        placed, feed = runner.place(state), batches(start)
        for step in range(start + 1, plan.n_steps + 1):
            placed, metrics = runner.step(placed, next(feed))
            last = step == plan.n_steps
            # A run that is through need not be told to stop.
            signal_number = None if last else requested()
            save = last or signal_number is not None or checkpoints.due(step)
            evaluate = last or (not signal_number and step % plan.evaluate_every == 0)
            readings.add(step, metrics)
            if save or evaluate or step % plan.log_every == 0:
                readings.read_back()
            if evaluate and on_evaluation is not None:
                figures = on_evaluation(step, runner.fetch(placed))
                log.write("evaluation", step, figures)
                readings.restart_clock()
            if save:
                log.sync()
                checkpoints.save(step, runner.fetch(placed))
                readings.restart_clock()
            if signal_number is not None:
                raise Interrupted(signal_number)
        return runner.fetch(placed)


def newest_checkpoint(folder: Path) -> tuple[int, Path] | None:
    """Step of a run's newest complete checkpoint, and the folder `training.checkpoint`
    reads it from; None where there is none.

    Args:
        folder: Of the run.
    """
    place = folder / CHECKPOINTS
    step = latest_step(place)
    return None if step is None else (step, place)


class _Checkpoints:
    """Those of a run: found and compared, due, checked and written."""

    def __init__(self, folder: Path, plan: Plan, settings: dict) -> None:
        self.folder = folder
        self._plan = plan
        # As they will be read: tuples become lists.
        self._settings = json.loads(json.dumps(settings))
        self._saved_at = time.monotonic()

    def resume(self, state: Any) -> tuple[int, Any]:
        """Steps done and the state after them, those given where nothing is saved."""
        found = newest_checkpoint(self.folder.parent)
        if found is None:
            return 0, state
        step, place = found
        self._check_settings(load_settings(place))
        # Orbax knows arrays, not NumPy's scalars.
        return step, load_checkpoint(place, like=jax.tree.map(np.asarray, state))

    def due(self, step: int) -> bool:
        waited = time.monotonic() - self._saved_at
        return (
            step % self._plan.checkpoint_every == 0
            or waited > self._plan.checkpoint_every_s
        )

    def save(self, step: int, state: Any) -> None:
        if not _is_finite(state):
            raise Diverged(f"the state after step {step} is not finite; {self.advice}")
        save_checkpoint(self.folder, step, state, self._settings, keep=self._plan.keep)
        self._saved_at = time.monotonic()

    @property
    def advice(self) -> str:
        """What is left of a run that broke off, and what to do."""
        found = newest_checkpoint(self.folder.parent)
        kept = "there is no checkpoint yet"
        if found is not None:
            kept = f"the last good checkpoint is step {found[0]} in {found[1]}"
        return f"{kept}. Try: a lower learning rate, or float32, in a new folder"

    def _check_settings(self, saved: dict) -> None:
        old, new = _flat(saved), _flat(self._settings)
        changed = [
            f"{name} was {old.get(name)}, is {new.get(name)}"
            for name in sorted(old.keys() | new.keys())
            if old.get(name) != new.get(name)
        ]
        if changed:
            raise InputError(
                "RESUME",
                self.folder.parent,
                "; ".join(changed),
                "the settings the run was started with",
                "the old settings, or another folder",
            )


class _Readings:
    """Metrics on the device, read back a few steps at a time so that it need not
    wait for the host."""

    def __init__(
        self,
        plan: Plan,
        log: MetricsLog,
        checkpoints: _Checkpoints,
        on_metrics: Callable[[int, Metrics], None] | None,
    ) -> None:
        self._plan, self._log, self._checkpoints = plan, log, checkpoints
        self._on_metrics = on_metrics
        self._pending: list[tuple[int, dict[str, jax.Array]]] = []
        self._bad_in_a_row = 0
        self.restart_clock()

    def restart_clock(self) -> None:
        """Leave the time up to now out of the next speed."""
        self._since = time.perf_counter()

    def add(self, step: int, metrics: dict[str, jax.Array]) -> None:
        self._pending.append((step, metrics))

    def read_back(self) -> None:
        """Log what is pending; Diverged where it shows that nothing is learnt."""
        values = jax.device_get([metrics for _, metrics in self._pending])
        seconds = (time.perf_counter() - self._since) / len(values)
        for (step, _), each in zip(self._pending, values):
            row = {name: float(value) for name, value in each.items()}
            self._log.write("metrics", step, row | {"seconds_per_step": seconds})
            self._watch(step, row)
        if self._on_metrics is not None:
            self._on_metrics(step, row | {"seconds_per_step": seconds})
        self._pending = []
        self.restart_clock()

    def _watch(self, step: int, row: Metrics) -> None:
        finite = all(np.isfinite(value) for value in row.values())
        good = finite and not row.get("skipped", 0.0)
        self._bad_in_a_row = 0 if good else self._bad_in_a_row + 1
        if self._bad_in_a_row < self._plan.patience:
            return
        self._log.sync()
        unreal = [name for name, value in row.items() if not np.isfinite(value)]
        what = ", ".join(unreal) or "the gradient"
        raise Diverged(
            f"{self._bad_in_a_row} steps in a row up to step {step} gave no finite "
            f"update ({what} not finite); {self._checkpoints.advice}"
        )


def _is_finite(state: Any) -> bool:
    return all(
        bool(np.all(np.isfinite(leaf)))
        for leaf in jax.tree.leaves(state)
        if jnp.issubdtype(leaf.dtype, jnp.floating)
    )


def _flat(tree: Any, name: str = "") -> dict[str, Any]:
    """Leaves of nested dicts by their dotted names."""
    if not isinstance(tree, dict):
        return {name: tree}
    flat = {}
    for key, value in tree.items():
        flat |= _flat(value, f"{name}.{key}" if name else str(key))
    return flat
