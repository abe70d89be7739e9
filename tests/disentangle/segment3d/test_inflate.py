"""A 3D segmentor that starts from a 2D one gives volumes what that gives slices."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.disentangle.segment3d import Segment3DConfig, init_state, segment_low
from spine_jax.disentangle.segment3d.inflate import inflate
from spine_jax.layers.initial import draw_params
from spine_jax.layers.unet import UNet

CONFIG = Segment3DConfig(patch_size=(4, 16, 16), unet_channels=2, unet_depth=2)


def slices(seed, channels=2, depth=2):
    image = jax.ShapeDtypeStruct((1, 16, 16, 1), jnp.float32)
    return draw_params(jax.random.key(seed), UNet(channels, depth), image)


def test_a_volume_of_equal_slices_is_seen_as_its_slices():
    s_l, s_h = slices(1), slices(2)
    state = init_state(jax.random.key(0), CONFIG, (s_l, s_h))
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 16, 1)).astype(np.float32)
    # Where slices are equal, norms and pooling over them change nothing.
    found = segment_low(state.params, np.repeat(image, 4, axis=0))
    expected = np.asarray(UNet(2, 2).apply({"params": s_l}, image))
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(found, np.repeat(expected, 4, axis=0), atol=1e-5)
    other = np.asarray(UNet(2, 2).apply({"params": s_h}, image))
    assert np.abs(other - expected).max() > 0.01


def test_neighbouring_slices_count_for_nothing_at_first():
    # Without halvings only the convolutions see slices, and norms over the volume.
    kernel = np.arange(9.0).reshape(3, 3, 1, 1)
    inflated = inflate(
        {"final": {"kernel": np.ones((1, 1))}, "conv": {"kernel": kernel}},
        {
            "final": {"kernel": np.ones((1, 1))},
            "conv": {"kernel": np.ones((3,) * 3 + (1, 1))},
        },
    )["conv"]["kernel"]
    np.testing.assert_array_equal(inflated[1], kernel)
    assert not inflated[0].any() and not inflated[2].any()


@pytest.mark.parametrize("channels, depth", [(4, 2), (2, 1)])
def test_another_width_or_depth_is_refused(channels, depth):
    pair = slices(1, channels, depth), slices(2, channels, depth)
    with pytest.raises(InputError, match=f"{channels} channels and {depth} halvings"):
        init_state(jax.random.key(0), CONFIG, pair)
