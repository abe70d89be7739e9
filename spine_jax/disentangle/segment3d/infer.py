"""What the trained 3D segmentors make of volumes."""

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.disentangle.segment3d.step import Segment3DParams, apply_unet
from spine_jax.disentangle.segment3d.windows import OVERLAP, sliding_window
from spine_jax.training.precision import cast_floats


def segment_low(
    params: Segment3DParams, x_l: np.ndarray, *, overlap: float = OVERLAP
) -> np.ndarray:
    """Vertebra probability of a CBCT volume, S_l^3D: no translation is needed.

    Args:
        params: Trained.
        x_l: [Z, H, W, 1] in [-1, 1], any size.
        overlap: Of neighbouring windows; 0 is fastest.

    Returns:
        [Z, H, W, 1] float32 in [0, 1].
    """
    return _segment(params.s_l, params, x_l, overlap)


def segment_high(
    params: Segment3DParams, x_h: np.ndarray, *, overlap: float = OVERLAP
) -> np.ndarray:
    """Vertebra probability of a CT volume or a translated one, S_h^3D; as
    `segment_low`."""
    return _segment(params.s_h, params, x_h, overlap)


def _segment(
    weights: dict, params: Segment3DParams, image: np.ndarray, overlap: float
) -> np.ndarray:
    config = params.config
    placed = jax.device_put(cast_floats(weights, config.compute_dtype))

    def run(window: np.ndarray) -> np.ndarray:
        made = _run(config, placed, jnp.asarray(window[None, ..., None]))
        return np.asarray(made)[0, ..., 0]

    values = sliding_window(run, image[..., 0], config.patch_size, overlap=overlap)
    return values[..., None]


_run = jax.jit(apply_unet, static_argnums=0)
