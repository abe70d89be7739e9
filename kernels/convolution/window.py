"""Which pixels and taps meet in a convolution: all that its three operands agree on."""

from typing import NamedTuple


class Window(NamedTuple):
    """Sizes of a convolution, the same in all directions where they are one number.

    Attributes:
        size: Pixels of the input along each spatial axis.
        taps: Taps of the kernel along each.
        stride: Step of the window.
        pad: Pixels of zeros around the input.
    """

    size: tuple[int, ...]
    taps: tuple[int, ...]
    stride: int
    pad: int

    @property
    def out(self) -> tuple[int, ...]:
        """Pixels of the output along each spatial axis."""
        wide = (n + 2 * self.pad for n in self.size)
        return tuple(
            max((n - k) // self.stride + 1, 0) for n, k in zip(wide, self.taps)
        )

    def __str__(self) -> str:
        sizes, taps = ("x".join(map(str, axes)) for axes in (self.size, self.taps))
        return f"{sizes} k{taps} s{self.stride} p{self.pad}"
