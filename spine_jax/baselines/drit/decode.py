"""Which codes and images a step of DRIT makes; A and B of the paper are l and h."""

import dataclasses

import jax
import jax.numpy as jnp

from spine_jax.baselines.drit.config import DRITConfig
from spine_jax.baselines.drit.nets import AttributeEncoder, ContentEncoder, Generator
from spine_jax.baselines.stepping import apply, draw_normal

Pair = tuple[jax.Array, jax.Array]


@dataclasses.dataclass(frozen=True)
class Noise:
    """Where a step's noise comes from: the same again for the same key.

    Attributes:
        key: Of the step.
        axis_name: Mapped axis over which the batch is spread, if any.
    """

    key: jax.Array
    axis_name: str | None = None

    def like(self, x: jax.Array, index: int) -> jax.Array:
        """N(0, 1), another one for each index."""
        key = jax.random.fold_in(self.key, index)
        return draw_normal(key, x.shape, self.axis_name)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Encoded:
    """What becomes of a pair by its own codes.

    Attributes:
        c_l, c_h: Contents, with noise.
        attributes_l, attributes_h: Mean and logarithm of the variance.
        x_hl, x_lh: Translations by the other one's attributes.
        x_ll, x_hh: Images from their own codes.
        x_lhl, x_hlh: Images from the codes of the translations.
    """

    c_l: jax.Array
    c_h: jax.Array
    attributes_l: Pair
    attributes_h: Pair
    x_hl: jax.Array
    x_lh: jax.Array
    x_ll: jax.Array
    x_hh: jax.Array
    x_lhl: jax.Array
    x_hlh: jax.Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Randomised:
    """What becomes of contents by random attributes.

    Attributes:
        z: Two draws, [B, n_attributes] each.
        x_hl, x_lh: Translations by the one and by the other.
        mean_l, mean_h: Attributes read off the first of them.
    """

    z: Pair
    x_hl: tuple[jax.Array, ...]
    x_lh: tuple[jax.Array, ...]
    mean_l: jax.Array
    mean_h: jax.Array


def encode_contents(
    networks: dict, x_l: jax.Array, x_h: jax.Array, config: DRITConfig, noise: Noise
) -> Pair:
    """Contents of a pair, with N(0, 1) on top."""
    return _contents(networks, x_l, x_h, config, noise, first=0)


def decode_encoded(
    networks: dict, x_l: jax.Array, x_h: jax.Array, config: DRITConfig, noise: Noise
) -> Encoded:
    """There and back by the codes of a pair."""
    c_l, c_h = encode_contents(networks, x_l, x_h, config, noise)
    of_l, of_h = apply(
        AttributeEncoder(config), networks["attribute_encoder"], x_l, x_h
    )
    a_l, a_h = _sample(of_l, noise, 2), _sample(of_h, noise, 3)
    x_hl, x_ll = _low(networks, config, (c_h, a_l), (c_l, a_l))
    x_lh, x_hh = _high(networks, config, (c_l, a_h), (c_h, a_h))
    # Of x_hl the content is h's and the attributes are l's.
    c_h2, c_l2 = _contents(networks, x_hl, x_lh, config, noise, first=4)
    of_l2, of_h2 = apply(
        AttributeEncoder(config), networks["attribute_encoder"], x_hl, x_lh
    )
    a_l2, a_h2 = _sample(of_l2, noise, 6), _sample(of_h2, noise, 7)
    (x_lhl,) = _low(networks, config, (c_l2, a_l2))
    (x_hlh,) = _high(networks, config, (c_h2, a_h2))
    return Encoded(c_l, c_h, of_l, of_h, x_hl, x_lh, x_ll, x_hh, x_lhl, x_hlh)


def decode_randomised(
    networks: dict, x_l: jax.Array, x_h: jax.Array, config: DRITConfig, noise: Noise
) -> Randomised:
    """Translations of a pair by two random attributes, the same for both domains."""
    c_l, c_h = encode_contents(networks, x_l, x_h, config, noise)
    shape = jnp.zeros((x_l.shape[0], config.n_attributes))
    z = (noise.like(shape, 8), noise.like(shape, 9))
    x_hl = _low(networks, config, *((c_h, each) for each in z))
    x_lh = _high(networks, config, *((c_l, each) for each in z))
    (mean_l, _), (mean_h, _) = apply(
        AttributeEncoder(config), networks["attribute_encoder"], x_hl[0], x_lh[0]
    )
    return Randomised(z, x_hl, x_lh, mean_l, mean_h)


def _contents(networks, x_l, x_h, config, noise: Noise, first: int) -> Pair:
    c_l, c_h = apply(ContentEncoder(config), networks["content_encoder"], x_l, x_h)
    return c_l + noise.like(c_l, first), c_h + noise.like(c_h, first + 1)


def _sample(attributes: Pair, noise: Noise, index: int) -> jax.Array:
    mean, log_variance = attributes
    return mean + noise.like(mean, index) * jnp.exp(0.5 * log_variance)


def _low(networks: dict, config: DRITConfig, *codes: Pair) -> tuple[jax.Array, ...]:
    return apply(Generator(config), networks["generator"], *codes, method="low")


def _high(networks: dict, config: DRITConfig, *codes: Pair) -> tuple[jax.Array, ...]:
    return apply(Generator(config), networks["generator"], *codes, method="high")
