"""Progress over cases: a bar on a terminal, a line per case elsewhere."""

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


@contextlib.contextmanager
def case_progress(
    title: str, total: int, *, quiet: bool = False
) -> Iterator[Callable[[str, str, str | None], None]]:
    """Yield a function of a case's name, its state and the error it failed with.

    Errors are printed on a line of their own, quiet or not. Goes to standard error.
    """
    # Neither colours nor wrapping: errors stay one line that can be searched for.
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if quiet or not console.is_terminal:
        count = 0

        def print_line(name: str, state: str, error: str | None) -> None:
            nonlocal count
            count += 1
            if error or not quiet:
                console.print(f"{title} {count}/{total}  {name}: {error or state}")

        yield print_line
        return
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total, name="")

        def advance(name: str, state: str, error: str | None) -> None:
            if error:
                progress.console.print(f"{name}: {error}")
            progress.update(task, advance=1, name=f"{name} {state}")

        yield advance
