"""What a trained DRIT does with images: jitted, in batches of one size."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.baselines.drit.config import check_size
from spine_jax.baselines.drit.nets import AttributeEncoder, ContentEncoder, Generator
from spine_jax.baselines.sizes import check_sides
from spine_jax.baselines.state import Params
from spine_jax.baselines.stepping import apply
from spine_jax.layers.batching import in_batches


def translate(
    params: Params,
    x_l: np.ndarray,
    *,
    z: np.ndarray | None = None,
    batch_size: int = 8,
) -> np.ndarray:
    """CBCT-like images to CT-like ones, all with the same attributes.

    Args:
        params: Trained; discriminators may be left out.
        x_l: [N, *S, 1] in [-1, 1], N at least 1.
        z: Attributes, [n_attributes]; 0, the mean of what they are drawn to be like, if
            None. The authors draw them, or take those of a CT image (`attributes`).
        batch_size: Images at a time; the result does not depend on it.

    Returns:
        [N, *S, 1] float32 in [-1, 1].

    Raises:
        InputError: S does not fit the networks.
    """
    check_size(params.config, x_l.shape[1:-1])
    wanted = jnp.zeros(params.config.n_attributes) if z is None else jnp.asarray(z)
    run = partial(_translate, params, wanted.astype(jnp.float32))
    return in_batches(run, x_l, batch_size)


def attributes(params: Params, x_h: np.ndarray, *, batch_size: int = 8) -> np.ndarray:
    """Mean attributes of CT-like images.

    Args:
        params, batch_size: As in `translate`.
        x_h: [N, *S, 1] in [-1, 1], N at least 1.

    Returns:
        [N, n_attributes] float32.

    Raises:
        InputError: S does not fit the networks.
    """
    ndim = len(params.config.image_size)
    check_sides(x_h.shape[1:-1], ndim, multiple=16, smallest=16)
    return in_batches(partial(_attributes, params), x_h, batch_size)


@jax.jit
def _translate(params: Params, z: jax.Array, x_l: jax.Array) -> jax.Array:
    networks, config = params.networks, params.config
    encoder, generator = networks["content_encoder"], networks["generator"]
    content = apply(ContentEncoder(config), encoder, x_l, method="low")
    z = jnp.broadcast_to(z, (x_l.shape[0], *z.shape))
    (x_lh,) = apply(Generator(config), generator, (content, z), method="high")
    return x_lh


@jax.jit
def _attributes(params: Params, x_h: jax.Array) -> jax.Array:
    networks = params.networks["attribute_encoder"]
    mean, _ = apply(AttributeEncoder(params.config), networks, x_h, method="high")
    return mean
