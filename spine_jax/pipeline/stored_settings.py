"""Settings as JSON gives them back."""

from typing import Any


def tupled(plain: Any) -> Any:
    """What JSON made lists of, tuples again, as frozen settings have them."""
    if isinstance(plain, dict):
        return {name: tupled(value) for name, value in plain.items()}
    return tuple(tupled(each) for each in plain) if isinstance(plain, list) else plain
