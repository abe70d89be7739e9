"""What a trained model does with images: jitted, in batches of one size."""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import InputError
from spine_jax.disentangle.config import check_image_size
from spine_jax.disentangle.nets import Decodings, Networks, apply
from spine_jax.disentangle.state import Params
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
    """Run over the first axis; the last batch is filled up, so one size compiles."""
    check_image_size(params.config, images.shape[1:-1])
    n = len(images)
    outputs = []
    for start in range(0, n, batch_size):
        chunk = np.asarray(images[start : start + batch_size], np.float32)
        missing = min(batch_size, n) - len(chunk)
        filled = np.pad(chunk, ((0, missing),) + ((0, 0),) * (chunk.ndim - 1))
        output = run(params, jnp.asarray(filled))
        outputs.append(jax.tree.map(lambda y: np.asarray(y)[: len(chunk)], output))  # noqa: B023
    return jax.tree.map(lambda *parts: np.concatenate(parts), *outputs)
