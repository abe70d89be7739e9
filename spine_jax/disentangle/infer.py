"""What a trained model does with images: jitted, in batches of one size."""

import dataclasses
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import numpy as np

from spine_jax.core import InputError
from spine_jax.disentangle.config import check_image_size
from spine_jax.disentangle.nets import Decodings, Networks, apply
from spine_jax.disentangle.state import Params
from spine_jax.layers.batching import in_batches
from spine_jax.training.precision import cast_floats


@dataclasses.dataclass(frozen=True)
class Translation:
    """Clean images and where the model saw vertebrae.

    Attributes:
        x_lh: [N, *S, 1] float32 in [-1, 1].
        m_l: Attention map, [N, *S, 1] float32 in [0, 1]; None for a model without.
        y_lh: Vertebra probability S_h(x_lh), likewise; None where it was not asked for
            or the model has no segmentors.
    """

    x_lh: np.ndarray
    m_l: np.ndarray | None
    y_lh: np.ndarray | None = None


def predict(params: Params, x_l: np.ndarray, *, batch_size: int = 8) -> Translation:
    """Everything `translate` and `segment` make of CBCT-like images, in one go.

    Args and raises: as `translate`.
    """
    return Translation(*_in_batches(_predict, params, x_l, batch_size))


def translate(params: Params, x_l: np.ndarray, *, batch_size: int = 8) -> Translation:
    """CBCT-like images to CT-like ones without artifacts.

    Args:
        params: Trained; discriminators may be {}.
        x_l: [N, *S, 1] in [-1, 1], N at least 1, any S that the networks can halve.
        batch_size: Images at a time; the result does not depend on it.

    Raises:
        InputError: S does not fit the networks.
    """
    return Translation(*_in_batches(_translate, params, x_l, batch_size))


def segment(params: Params, x_l: np.ndarray, *, batch_size: int = 8) -> np.ndarray:
    """Vertebra probability of CBCT-like images, S_h(x_lh).

    Args:
        params, x_l, batch_size: As in `translate`.

    Returns:
        [N, *S, 1] float32 in [0, 1].

    Raises:
        InputError: S does not fit the networks, or the model has no segmentors.
    """
    if not params.config.segments:
        raise InputError(
            "NO-SEGMENTOR",
            "model",
            "trained without a segmentation loss",
            "a model with S_l and S_h",
            "train variant m1, m2, m3 or m4",
        )
    return _in_batches(_segment, params, x_l, batch_size)


def translate_pairs(
    params: Params, x_l: np.ndarray, x_h: np.ndarray, *, batch_size: int = 8
) -> np.ndarray:
    """CT-like images with the artifacts of CBCT-like ones, x_hl.

    Args:
        params: Trained; discriminators may be {}.
        x_l, x_h: [N, *S, 1] in [-1, 1]; the artifacts of x_l[i] go into x_h[i].
        batch_size: Images at a time; the result does not depend on it.

    Raises:
        InputError: S does not fit the networks.
    """
    pairs = np.concatenate([x_l, x_h], axis=-1)
    return _in_batches(_spoil, params, pairs, batch_size)


@jax.jit
def decode(params: Params, x_l: jax.Array, x_h: jax.Array) -> Decodings:
    """Every decoding of one batch of pairs, for pictures and the ablation's columns.

    Args:
        params: Trained; discriminators may be {}.
        x_l, x_h: [B, *S, 1] in [-1, 1].
    """
    return apply(Networks(params.config), _computing(params), x_l, x_h)


@jax.jit
def _translate(params: Params, x_l: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    return apply(Networks(params.config), _computing(params), x_l, method="translate")


@jax.jit
def _spoil(params: Params, pairs: jax.Array) -> jax.Array:
    x_l, x_h = pairs[..., :1], pairs[..., 1:]
    nets = Networks(params.config)
    return apply(nets, _computing(params), x_l, x_h, method="spoil")


@jax.jit
def _segment(params: Params, x_l: jax.Array) -> jax.Array:
    return _predict(params, x_l)[2]


@jax.jit
def _predict(
    params: Params, x_l: jax.Array
) -> tuple[jax.Array, jax.Array | None, jax.Array | None]:
    nets, generators = Networks(params.config), _computing(params)
    x_lh, m_l = apply(nets, generators, x_l, method="translate")
    (y_lh,) = apply(nets, generators, x_lh, method="segment_high")
    return x_lh, m_l, y_lh


def _computing(params: Params) -> dict:
    return cast_floats(params.generators, params.config.compute_dtype)


def _in_batches(
    run: Callable[[Params, jax.Array], Any],
    params: Params,
    images: np.ndarray,
    batch_size: int,
) -> Any:
    check_image_size(params.config, images.shape[1:-1])
    return in_batches(partial(run, params), images, batch_size)
