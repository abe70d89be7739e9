import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.core import InputError
from spine_jax.disentangle import (
    Discriminators,
    DisentangleConfig,
    LossWeights,
    Networks,
    variant_config,
)
from spine_jax.layers.batching import together
from tests.disentangle.tiny import tiny_config


def shapes(config, size):
    images = [jax.ShapeDtypeStruct((2, *size, 1), jnp.float32)] * 2
    made, _ = jax.eval_shape(
        Networks(config).init_with_output, jax.random.key(0), *images
    )
    return {f.name: getattr(made, f.name) for f in dataclasses.fields(made)}


@pytest.mark.parametrize("size", [(16, 16), (16, 16, 16), (16, 20, 24)])
def test_every_decoding_has_the_images_shape_in_2d_and_3d(size):
    made = shapes(tiny_config(ndim=len(size)), size)
    for name, value in made.items():
        assert value.shape == (2, *size, 1), name
        assert value.dtype == jnp.float32, name


def test_variants_make_only_what_they_use():
    maps = {"m_l", "m_h", "m_hl"}
    masks = {"y_l", "y_ll", "y_hl", "y_h", "y_hh", "y_lh"}
    for variant, absent in (("m1", maps), ("adn", maps | masks)):
        made = shapes(tiny_config(variant), (16, 16))
        assert {name for name, value in made.items() if value is None} == absent


def test_patch_scores_are_adns_62_by_62():
    image = jax.ShapeDtypeStruct((1, 256, 256, 1), jnp.float32)

    def scores(key, image):
        nets = Discriminators(variant_config("adn", base_channels=4))
        variables = nets.init(key, image, image)
        return nets.apply(variables, image, method="low")

    (score,) = jax.eval_shape(scores, jax.random.key(0), image)
    assert score.shape == (1, 62, 62, 1)


def test_ranges(decodings_of, state, batch):
    made = decodings_of(state.params.generators, batch["x_l"], batch["x_h"])
    for field in dataclasses.fields(made):
        values = getattr(made, field.name)
        low = -1 if field.name.startswith("x") else 0
        assert low < values.min() < values.max() < 1, field.name


def test_an_example_does_not_see_its_neighbours(decodings_of, state, batch):
    generators = state.params.generators
    made = decodings_of(generators, batch["x_l"], batch["x_h"])
    other = {name: np.copy(x) for name, x in batch.items()}
    other["x_l"][1], other["x_h"][1] = -other["x_h"][1], 0.3
    beside_other = decodings_of(generators, other["x_l"], other["x_h"])
    swapped = decodings_of(generators, batch["x_l"][::-1], batch["x_h"][::-1])
    for a, b, c in zip(*map(jax.tree.leaves, (made, beside_other, swapped))):
        np.testing.assert_allclose(a[0], b[0], atol=1e-6)
        assert jnp.abs(a[1] - b[1]).max() > 1e-4
        np.testing.assert_allclose(a, c[::-1], atol=1e-6)


def test_each_decoding_depends_on_the_images_it_should(decodings_of, state, batch):
    generators, x_l, x_h = state.params.generators, batch["x_l"], batch["x_h"]
    made = decodings_of(generators, x_l, x_h)
    other_l = decodings_of(generators, x_l[::-1], x_h)
    other_h = decodings_of(generators, x_l, x_h[::-1])

    def differing(other):
        return {
            field.name
            for field in dataclasses.fields(made)
            if jnp.abs(getattr(made, field.name) - getattr(other, field.name)).max()
            > 1e-6
        }

    # x_hl carries x_l's artifact; everything else of h is of x_h alone.
    from_both = {"x_hl", "x_hlh", "y_hl", "m_hl"}
    assert differing(other_l) == {"x_ll", "x_lh", "m_l", "y_l", "y_ll", "y_lh"} | (
        from_both
    )
    assert differing(other_h) == {"x_hh", "m_h", "y_h", "y_hh"} | from_both


def test_together_is_one_call_and_as_many_results():
    calls = []

    def double(pair):
        calls.append(pair["x"].shape)
        return {"y": 2 * pair["x"]}

    a, b, c = (jnp.full((2, 3), i) + jnp.arange(2)[:, None] for i in (1.0, 5.0, 9.0))
    results = together(double, {"x": a}, {"x": b}, {"x": c})
    assert calls == [(6, 3)]
    for x, result in zip((a, b, c), results):
        np.testing.assert_array_equal(result["y"], 2 * x)


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": (250, 256)},
        {"image_size": (256,)},
        {"aade": ("residal",)},
        {"compute_dtype": "float16"},
        {"aade": (), "weights": LossWeights(attention=5.0)},
        {"aade": (), "weights": LossWeights(attention=0.0, attention_hl=5.0)},
        {"averaging": 1.0},
        {"averaging": -0.1},
    ],
)
def test_bad_settings_are_told(changes):
    with pytest.raises(InputError, match="Try: "):
        DisentangleConfig(**changes)


def test_unknown_variant_is_told():
    with pytest.raises(InputError, match="m1, m2, m3, m4, adn"):
        variant_config("m5")


def test_defaults_are_the_papers_full_model():
    assert DisentangleConfig() == variant_config("m4")
