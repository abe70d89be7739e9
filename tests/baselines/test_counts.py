"""Numbers of parameters at the authors' sizes, for images of one channel."""

import jax
import jax.numpy as jnp

from spine_jax.baselines import cyclegan, drit, sifa
from spine_jax.baselines.adaptsegnet.nets import Heads, Trunk
from spine_jax.baselines.cyclegan import nets as cyclegan_nets
from spine_jax.baselines.drit import nets as drit_nets
from spine_jax.baselines.sifa import nets as sifa_nets


def shape(*sides):
    return jax.ShapeDtypeStruct((1, *sides), jnp.float32)


def count(module, *inputs, part=None):
    params = jax.eval_shape(module.init, jax.random.key(0), *inputs)["params"]
    return sum(leaf.size for leaf in jax.tree.leaves(params[part] if part else params))


IMAGE = shape(64, 64, 1)


def test_cyclegan_is_the_release():
    config = cyclegan.cyclegan_config()
    generators = cyclegan_nets.Generators(config)
    for name in ("g_lh", "g_hl"):
        assert count(generators, IMAGE, IMAGE, part=name) == 11_365_633
    assert count(cyclegan_nets.discriminator(config), IMAGE) == 2_762_689


def test_adaptsegnets_trunk_is_resnet_101_or_50_without_two_colours():
    # torchvision's networks less their last layer, 2048 x 1000 + 1000; and of the first
    # one two of three channels.
    colours = 2 * 7 * 7 * 64
    for blocks, of_torchvision in (
        ((3, 4, 23, 3), 44_549_160),
        ((3, 4, 6, 3), 25_557_032),
    ):
        assert count(Trunk(64, blocks), IMAGE) == of_torchvision - 2_049_000 - colours
    features = (shape(8, 8, 1024), shape(8, 8, 2048))
    assert count(Heads((6, 12, 18, 24)), features) == 4 * (9 * (1024 + 2048) + 2)


def test_adaptsegnets_features_are_at_an_eighth():
    stages, _ = jax.eval_shape(
        Trunk(64, (3, 4, 6, 3)).init_with_output, jax.random.key(0), shape(256, 256, 1)
    )
    assert [x.shape for x in stages] == [(1, 33, 33, 1024), (1, 33, 33, 2048)]


def test_sifas_segmentor_is_the_release():
    segmentor = sifa_nets.segmentor_of(sifa.sifa_config(), train=True)
    # 27.5 million in the encoder; the heads are 512 x 2 without bias.
    assert count(segmentor, IMAGE, part="encoder") == 27_517_424
    assert count(segmentor, IMAGE, part="head") == 1024
    made, _ = jax.eval_shape(segmentor.init_with_output, jax.random.key(0), IMAGE)
    assert [x.shape for x in made] == [(1, 8, 8, 512), (1, 64, 64, 2), (1, 64, 64, 2)]


def test_sifas_other_networks_by_hand():
    config = sifa.sifa_config()

    def conv(kernel, c, f, affine=True):
        return kernel**2 * c * f + f + 2 * f * affine

    residual = 2 * conv(3, 128, 128)
    generator = (
        conv(7, 1, 32) + conv(3, 32, 64) + conv(3, 64, 128) + 9 * residual
        + conv(3, 128, 64) + conv(3, 64, 32) + conv(7, 32, 1, affine=False)
    )  # fmt: skip
    assert count(sifa_nets.Generator(32, 9), IMAGE) == generator
    decoder = (
        conv(3, 512, 128) + 4 * residual + conv(3, 128, 64) + conv(3, 64, 64)
        + conv(3, 64, 32) + conv(7, 32, 1, affine=False)
    )  # fmt: skip
    assert count(sifa_nets.Decoder(32, 4), shape(8, 8, 512), IMAGE) == decoder
    patches = (
        conv(4, 1, 64, affine=False) + conv(4, 64, 128) + conv(4, 128, 256)
        + conv(4, 256, 512)
    )  # fmt: skip
    for outputs in (1, 2):
        d = sifa_nets.discriminator(config, outputs)
        last = conv(4, 512, outputs, affine=False)
        assert count(d, IMAGE) == patches + last


def test_drit_by_hand():
    config = drit.drit_config()

    def conv(kernel, c, f):
        return kernel**2 * c * f + f

    def residual(c):
        return 2 * conv(3, c, c)

    own = conv(7, 1, 64) + conv(3, 64, 128) + conv(3, 128, 256) + 3 * residual(256)
    encoder = drit_nets.ContentEncoder(config)
    assert count(encoder, IMAGE, IMAGE) == 2 * own + residual(256)

    blocks = [(64, 128), (128, 192), (192, 256)]
    halving = sum(conv(3, c, c) + conv(3, c, f) + conv(1, c, f) for c, f in blocks)
    own = conv(4, 1, 64) + halving + 2 * (256 * 8 + 8)
    assert count(drit_nets.AttributeEncoder(config), IMAGE, IMAGE) == 2 * own

    # Each layer norm has a gain and a shift.
    up = conv(3, 272, 136) + 2 * 136 + conv(3, 144, 72) + 2 * 72
    own = 3 * residual(264) + up + conv(1, 80, 1)
    generator = drit_nets.Generator(config)
    codes = (shape(16, 16, 256), shape(8))
    assert count(generator, *codes) == 2 * own + residual(256)

    content = drit_nets.ContentDiscriminator(config)
    expected = 3 * conv(7, 256, 256) + conv(4, 256, 256) + conv(1, 256, 1)
    assert count(content, shape(64, 64, 256)) == expected
    widths = [(1, 64), (64, 128), (128, 256), (256, 512)]
    one = sum(conv(4, c, f) for c, f in widths) + conv(1, 512, 1)
    assert count(drit_nets.ImageDiscriminator(config), IMAGE) == 3 * one
