"""Stop long work between two steps when a signal asks for it."""

import contextlib
import signal
from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Interrupted(Exception):
    """Work stopped on request after its state was saved.

    Args:
        signal_number: The signal; 128 plus it is the exit code (130 for ctrl-C).
    """

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
        super().__init__(f"interrupted by {signal.Signals(signal_number).name}")


@contextlib.contextmanager
def interrupt_requested() -> Iterator[Callable[[], int | None]]:
    """Collect signals instead of dying from them.

    Yields a function that returns the signal received so far, or None. A second signal
    takes its usual effect at once.
    """
    received: list[int] = []
    previous = {}

    def remember(number, frame):
        del frame
        received.append(number)
        for each, handler in previous.items():
            signal.signal(each, handler)

    try:
        for each in SIGNALS:
            previous[each] = signal.signal(each, remember)
    except ValueError:
        # Only the main thread may install handlers; elsewhere signals are not ours.
        previous = {}
    try:
        yield lambda: received[0] if received else None
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
