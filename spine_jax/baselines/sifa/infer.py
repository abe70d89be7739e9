"""What a trained SIFA does with images: jitted, in batches of one size."""

from functools import partial
from typing import Any, cast

import jax
import numpy as np

from spine_jax.baselines.sifa.config import check_size
from spine_jax.baselines.sifa.nets import segmentor_of
from spine_jax.baselines.state import Params
from spine_jax.layers.batching import in_batches


def segment(params: Params, x_l: np.ndarray, *, batch_size: int = 8) -> np.ndarray:
    """Vertebra probability of CBCT-like images; batch norms use running averages.

    Args:
        params: Trained; only the segmentor is needed.
        x_l: [N, *S, 1] in [-1, 1], N at least 1.
        batch_size: Images at a time; the result does not depend on it.

    Returns:
        [N, *S, 1] float32 in [0, 1].

    Raises:
        InputError: S does not fit the networks.
    """
    check_size(params.config, x_l.shape[1:-1])
    return in_batches(partial(_segment, params), x_l, batch_size)


@jax.jit
def _segment(params: Params, x_l: jax.Array) -> jax.Array:
    segmentor = segmentor_of(params.config, train=False)
    variables = {
        "params": params.networks["segmentor"],
        "statistics": params.statistics["segmentor"],
    }
    _, logits, _ = cast(Any, segmentor.apply(variables, x_l))
    return jax.nn.softmax(logits)[..., 1:]
