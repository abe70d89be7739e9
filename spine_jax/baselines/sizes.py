"""Which image sizes the networks take."""

from spine_jax.core import InputError


def check_sides(
    size: tuple[int, ...], ndim: int, *, multiple: int, smallest: int
) -> None:
    """Check a spatial size.

    Args:
        size: Pixels of each side.
        ndim: How many sides there should be.
        multiple: Of what every side has to be a multiple.
        smallest: Length every side needs.

    Raises:
        InputError: it does not fit.
    """
    if len(size) == ndim and all(
        side % multiple == 0 and side >= smallest for side in size
    ):
        return
    raise InputError(
        "IMAGE-SIZE",
        "image_size",
        " x ".join(map(str, size)),
        f"{ndim} sides, each a multiple of {multiple} and at least {smallest}",
        "crop or pad the images, or another image_size",
    )
