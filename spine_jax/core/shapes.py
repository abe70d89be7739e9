"""Shape checks that run while tracing and cost nothing when the program runs."""

from typing import Any


def check_shapes(**named: tuple[Any, str]) -> dict[str, int]:
    """Check array shapes against letter patterns.

    `check_shapes(vertices_mm=(v, "V 3"), faces=(f, "F 3"))` binds each letter to the
    size it first meets and compares every later one.

    Returns:
        The size bound to each letter.

    Raises:
        ValueError: naming the array, its shape and the pattern it breaks.
    """
    sizes: dict[str, int] = {}
    for name, (array, pattern) in named.items():
        axes = pattern.split()
        shape = tuple(array.shape)
        matches = len(shape) == len(axes) and all(
            size == (int(axis) if axis.isdigit() else sizes.setdefault(axis, size))
            for axis, size in zip(axes, shape)
        )
        if not matches:
            bound = ", ".join(f"{letter} = {size}" for letter, size in sizes.items())
            raise ValueError(
                f"{name} has shape {shape}, expected [{', '.join(axes)}]"
                + (f" with {bound}" if bound else "")
            )
    return sizes
