"""Images a discriminator saw before, shown to it again (Shrivastava et al., 2017)."""

import dataclasses

import jax
import jax.numpy as jnp


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class ImagePool:
    """A fixed number of made images.

    Attributes:
        images: [N, *S, C]; zeros where none is held yet.
        held: int32 scalar, how many are held.
    """

    images: jax.Array
    held: jax.Array


def empty_pool(size: int, image_shape: tuple[int, ...]) -> ImagePool:
    """Room for `size` images of a shape [*S, C]."""
    return ImagePool(
        jnp.zeros((size, *image_shape), jnp.float32), jnp.zeros((), jnp.int32)
    )


def show(
    pool: ImagePool, key: jax.Array, made: jax.Array, *, axis_name: str | None = None
) -> tuple[ImagePool, jax.Array]:
    """Take newly made images in, and give the ones a discriminator is to see.

    Until the pool is full every image is kept and shown. Then each one is, by the toss
    of a coin, either shown and forgotten, or kept in place of a random older one, which
    is shown.

    Args:
        pool: Of images like `made`.
        key: Decides.
        made: [B, *S, C].
        axis_name: Mapped axis over which the batch is spread, if any. Every device then
            holds the same pool, of the images of all.

    Returns:
        The pool after, and the images to show, [B, *S, C]; no gradient.
    """
    made = jax.lax.stop_gradient(made)
    n = len(made)
    if axis_name is not None:
        made = jax.lax.all_gather(made, axis_name, tiled=True)
    pool, shown = jax.lax.scan(
        _show_one, pool, (jax.random.split(key, len(made)), made)
    )
    if axis_name is not None:
        first = jax.lax.axis_index(axis_name) * n
        shown = jax.lax.dynamic_slice_in_dim(shown, first, n)
    return pool, shown


def _show_one(
    pool: ImagePool, drawn: tuple[jax.Array, jax.Array]
) -> tuple[ImagePool, jax.Array]:
    key, made = drawn
    size = len(pool.images)
    key_swap, key_place = jax.random.split(key)
    full = pool.held == size
    swap = full & jax.random.bernoulli(key_swap)
    place = jnp.where(full, jax.random.randint(key_place, (), 0, size), pool.held)
    old = pool.images[place]
    images = pool.images.at[place].set(jnp.where(full & ~swap, old, made))
    held = jnp.minimum(pool.held + 1, size)
    return ImagePool(images, held), jnp.where(swap, old, made)
