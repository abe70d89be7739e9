import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.fitting.appearance import (
    GRID_HIGH,
    Appearance,
    init_appearance,
    render,
)

VARIABLES = init_appearance(jax.random.key(0))
DISTANCES = jnp.linspace(-0.4, 0.9, 1001)


def test_grid_agrees_with_the_network():
    direct = Appearance().apply(VARIABLES, DISTANCES)
    np.testing.assert_allclose(render(VARIABLES, DISTANCES), direct, atol=5e-3)


def test_slope_agrees_with_the_network():
    slope = jax.vmap(jax.grad(lambda d: render(VARIABLES, d[None])[0]))(DISTANCES)
    direct = jax.vmap(jax.grad(lambda d: Appearance().apply(VARIABLES, d[None])[0]))(
        DISTANCES
    )
    assert jnp.abs(slope - direct).mean() < 0.15 * jnp.abs(direct).mean()


def test_constant_beyond_the_grid():
    far = render(VARIABLES, jnp.array([GRID_HIGH, GRID_HIGH + 1, 50.0]))
    np.testing.assert_allclose(far, far[0])


def test_every_parameter_is_trained_and_frequencies_are_not():
    gradient = jax.grad(
        lambda p: jnp.sum(
            render({"params": p, "fixed": VARIABLES["fixed"]}, DISTANCES) ** 2
        )
    )(VARIABLES["params"])
    for leaf in jax.tree.leaves(gradient):
        assert jnp.isfinite(leaf).all() and jnp.abs(leaf).max() > 0
    assert set(VARIABLES["fixed"]) == {"frequencies"}
