"""Which implementation runs."""

from collections.abc import Callable, Mapping
from typing import Any


def resolve(
    implementation: str | None, available: Mapping[str, Callable[..., Any]]
) -> Callable[..., Any]:
    """The named implementation, or the first (fastest) one for None.

    Raises:
        ValueError: naming what there is, when a named implementation is unknown. An
            explicit choice is never replaced by another one.
    """
    if implementation is None:
        return next(iter(available.values()))
    if implementation not in available:
        raise ValueError(
            f"implementation {implementation!r} is unknown, expected one of "
            f"{', '.join(available)} or None for the fastest"
        )
    return available[implementation]
