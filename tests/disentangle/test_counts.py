"""Numbers of parameters, counted from ADN's release and by hand for the rest."""

from functools import partial

import jax
import jax.numpy as jnp
import pytest

from spine_jax.disentangle import Discriminators, Networks, variant_config
from spine_jax.disentangle.aade import AADE
from spine_jax.disentangle.generators import ContentEncoder
from spine_jax.layers.unet import UNet

ENCODER = 5_379_584
DECODER = 5_748_353
MERGES = 172_480
DISCRIMINATOR = 660_929
UNET = 7_759_521


def shape(*sides):
    return jax.ShapeDtypeStruct((1, *sides), jnp.float32)


def count(module, *inputs):
    """Parameters of a module, each part of it by name, and in all."""
    params = jax.eval_shape(module.init, jax.random.key(0), *inputs)["params"]
    size = lambda tree: sum(leaf.size for leaf in jax.tree.leaves(tree))  # noqa: E731
    return {name: size(part) for name, part in params.items()}, size(params)


IMAGE = shape(64, 64, 1)


def test_adn_is_the_release_without_its_dead_parameters():
    parts, total = count(Networks(variant_config("adn")), IMAGE, IMAGE)
    artifact_residuals = 4_720_640
    assert parts == {
        "e_l": ENCODER,
        "e_h": ENCODER,
        "e_a": ENCODER - artifact_residuals,
        "g_l": DECODER + MERGES,
        "g_h": DECODER,
    }
    assert parts["g_l"] == 5_920_833
    assert total == 27_980_418 - artifact_residuals - MERGES


def test_full_model():
    parts, _ = count(Networks(variant_config("m4")), IMAGE, IMAGE)
    # 8 AADEs in residual blocks, one in each other block; two LayerNorms fall away.
    aades = 8 * 591_616 + 296_448 + 148_864 + 148_864
    assert parts["g_h"] == DECODER + aades - 2 * 128 - 2 * 64
    assert parts["s_l"] == parts["s_h"] == UNET
    # Half of the decoder's width, reached by a 1x1 convolution from 256 channels.
    residuals = 8 * (9 * 128 * 128 + 128)
    ups = 25 * 128 * 64 + 64 + 2 * 64 + 25 * 64 * 32 + 32 + 2 * 32
    assert parts["g_s"] == (256 * 128 + 128) + residuals + ups + (49 * 32 + 1)
    assert {"e_l", "e_h", "e_a", "g_l"} < set(parts)


def test_variants_without_attention_have_no_shape_generator():
    parts, _ = count(Networks(variant_config("m2")), IMAGE, IMAGE)
    assert "g_s" not in parts
    assert parts["g_h"] == DECODER
    assert parts["s_h"] == UNET


def test_discriminators():
    parts, _ = count(Discriminators(variant_config("adn")), IMAGE, IMAGE)
    assert parts == {"d_l": DISCRIMINATOR, "d_h": DISCRIMINATOR}


@pytest.mark.parametrize(
    ("channels", "expected"), [(256, 591_616), (128, 296_448), (64, 148_864)]
)
def test_aade_is_as_large_as_spade(channels, expected):
    assert count(AADE(128), shape(8, 8, channels), shape(16, 16, 1))[1] == expected


@pytest.mark.parametrize(("base", "millions"), [(32, 7.76), (64, 31.0)])
def test_unet(base, millions):
    total = count(UNet(base, 4), IMAGE)[1]
    assert round(total / 1e6, 2 if base == 32 else 1) == millions


def test_kernels_grow_a_side_in_3d():
    encoder = partial(ContentEncoder, 4, 1, 1)
    flat, deep = count(encoder(), shape(16, 16, 1)), count(encoder(), shape(8, 8, 8, 1))
    assert flat[1] == (49 * 4 + 4) + (16 * 4 * 8 + 8) + 2 * (9 * 8 * 8 + 8)
    assert deep[1] == (343 * 4 + 4) + (64 * 4 * 8 + 8) + 2 * (27 * 8 * 8 + 8)
