import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.training.guard import all_finite, update_if_finite
from spine_jax.training.precision import cast_floats


@pytest.mark.parametrize("bad", [jnp.nan, jnp.inf, -jnp.inf])
def test_one_bad_number_anywhere_stops_the_update(bad):
    good = {"a": jnp.ones((2, 3)), "b": jnp.zeros(4)}
    assert all_finite(good)
    gradients = good | {"b": good["b"].at[2].set(bad)}
    assert not all_finite(gradients)
    update = jax.jit(lambda g, s: update_if_finite(lambda g, s: s - g["a"].sum(), g, s))
    state = jnp.float32(10)
    assert update(good, state) == (4, True)
    assert update(gradients, state) == (10, False)


def test_large_but_finite_numbers_pass():
    # Their squares would not.
    assert all_finite([jnp.full(3, 1e30)])


def test_cast_leaves_whole_numbers_alone_and_gradients_whole():
    tree = {"a": jnp.ones(2), "n": jnp.arange(2)}
    half = cast_floats(tree, "bfloat16")
    assert (half["a"].dtype, half["n"].dtype) == (jnp.bfloat16, tree["n"].dtype)
    gradient = jax.grad(
        lambda a: cast_floats({"a": a}, "bfloat16")["a"].sum().astype(jnp.float32)
    )(tree["a"])
    assert gradient.dtype == jnp.float32
    np.testing.assert_array_equal(gradient, 1)
