"""Steps done, speed and losses while a training runs."""

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import Progress, TextColumn

LINE_EVERY_S = 10.0
"""Seconds between the lines that replace the bar where there is no terminal."""


@contextlib.contextmanager
def progress(
    total: int, shown_losses: tuple[str, ...], *, quiet: bool
) -> Iterator[Callable[[int, dict], None]]:
    """Yield a function that shows steps done and metrics: a bar on a terminal, a line
    now and then elsewhere. Goes to standard error."""
    console = Console(stderr=True, highlight=False)
    columns = (*Progress.get_default_columns(), TextColumn("{task.fields[told]}"))
    as_bar, shown_at = console.is_terminal and not quiet, 0.0
    with Progress(*columns, console=console, disable=not as_bar) as bar:
        task = bar.add_task("training", total=total, told="compiling")

        def show(step: int, metrics: dict) -> None:
            nonlocal shown_at
            told = _told(metrics, shown_losses)
            bar.update(task, completed=step, told=told)
            due = step == total or time.monotonic() - shown_at > LINE_EVERY_S
            if due and not as_bar and not quiet:
                console.print(f"step {step}/{total}  {told}")
                shown_at = time.monotonic()

        yield show


def _told(metrics: dict, shown_losses: tuple[str, ...]) -> str:
    losses = [f"{k} {metrics[k]:.3f}" for k in shown_losses if k in metrics]
    return "  ".join([f"{metrics['seconds_per_step']:.2f} s/step", *losses])
