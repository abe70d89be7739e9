"""Progress of a fit in the terminal."""

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from spine_jax.fitting import FitState

PLAIN_EVERY = 10
"""Chunks between the plain lines that replace the bar where there is no terminal."""


@contextlib.contextmanager
def fit_progress(
    iterations: int, *, quiet: bool = False
) -> Iterator[Callable[[FitState], None]]:
    """Yield a function that shows how far a state is: a bar on a terminal, a line now
    and then elsewhere, nothing when quiet. Goes to standard error."""
    console = Console(stderr=True)
    if quiet:
        yield lambda state: None
    elif not console.is_terminal:
        calls = 0

        def print_line(state: FitState) -> None:
            nonlocal calls
            if calls % PLAIN_EVERY == 0 or int(state.step) == iterations:
                console.print(f"iteration {int(state.step)}/{iterations}{_loss(state)}")
            calls += 1

        yield print_line
    else:
        columns = (
            TextColumn("fitting"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[loss]}"),
        )
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("fit", total=iterations, loss="compiling")
            yield lambda state: progress.update(
                task,
                completed=int(state.step),
                loss=_loss(state) or "compiling",
            )


def _loss(state: FitState) -> str:
    step = int(state.step)
    return f"  loss {float(state.history['total'][step - 1]):.4f}" if step else ""
