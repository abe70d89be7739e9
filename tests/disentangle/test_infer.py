import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.disentangle import Networks, decode, init_params, segment, translate
from spine_jax.training.checkpoint import load_checkpoint, save_checkpoint
from tests.disentangle.tiny import make_batch, quick_jit, tiny_config


@pytest.fixture(scope="module")
def images(config):
    return make_batch(config, size=3, seed=5)["x_l"]


@pytest.fixture(scope="module")
def params(state):
    # Inference does without discriminators.
    return dataclasses.replace(state.params, discriminators={})


@pytest.fixture(scope="module")
def translation(params, images):
    return translate(params, images, batch_size=2)


def test_translation_is_the_decoding(translation, decodings_of, params, images):
    assert translation.x_lh.shape == translation.m_l.shape == (3, 16, 16, 1)
    for pair in ([0, 1], [1, 2]):
        x = images[pair]
        made = decodings_of(params.generators, x, x[::-1])
        np.testing.assert_allclose(translation.x_lh[pair], made.x_lh, atol=2e-6)
        np.testing.assert_allclose(translation.m_l[pair], made.m_l, atol=2e-6)


def test_segmentation_is_s_h_of_the_translation(translation, config, params, images):
    found = segment(params, images, batch_size=2)
    apply = quick_jit(
        lambda p, x: Networks(config).apply({"params": p}, x, method="segment_high")
    )
    (expected,) = apply(params.generators, translation.x_lh)
    assert found.shape == (3, 16, 16, 1)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_state_and_settings_survive_a_checkpoint(tmp_path, config, state):
    save_checkpoint(tmp_path, 3, state, {})
    blank = jax.eval_shape(lambda: jax.tree.map(jnp.zeros_like, state))
    restored = load_checkpoint(tmp_path, like=blank)
    assert restored.params.config == config
    for a, b in zip(jax.tree.leaves(restored), jax.tree.leaves(state), strict=True):
        np.testing.assert_array_equal(a, b)


def test_decode_makes_everything(params, batch):
    made = jax.eval_shape(decode, params, batch["x_l"], batch["x_h"])
    assert made.y_lh.shape == made.x_hlh.shape == (2, 16, 16, 1)


def test_images_that_do_not_fit_are_told(params):
    with pytest.raises(InputError, match="15 x 16"):
        translate(params, np.zeros((1, 15, 16, 1), np.float32))
    with pytest.raises(InputError, match="16 x 16 x 16"):
        segment(params, np.zeros((1, 16, 16, 16, 1), np.float32))


def test_a_model_without_segmentors_says_so():
    params = init_params(jax.random.key(0), tiny_config("adn"))
    with pytest.raises(InputError, match="NO-SEGMENTOR"):
        segment(params, np.zeros((1, 16, 16, 1), np.float32))
