import jax.numpy as jnp
import numpy as np
import optax

from spine_jax.training.optimizer import adam_with_l2


def run(optimizer, params, gradients):
    moments = optimizer.init(params)
    for gradient in gradients:
        change, moments = optimizer.update(gradient, moments, params)
        params = optax.apply_updates(params, change)
    return params


def test_two_steps_by_hand():
    decay, rate, b1, b2 = 0.5, 0.1, 0.5, 0.9
    optimizer = adam_with_l2(rate, betas=(b1, b2), weight_decay=decay)
    found = run(optimizer, jnp.array([2.0]), [jnp.array([3.0]), jnp.array([-1.0])])
    g1 = 3 + decay * 2.0
    p1 = 2 - rate * g1 / abs(g1)
    g2 = -1 + decay * p1
    mean = (b1 * (1 - b1) * g1 + (1 - b1) * g2) / (1 - b1**2)
    square = (b2 * (1 - b2) * g1**2 + (1 - b2) * g2**2) / (1 - b2**2)
    np.testing.assert_allclose(found, [p1 - rate * mean / square**0.5], rtol=1e-6)


def test_decay_goes_through_the_normalisation():
    # Without a gradient of its own a parameter still moves by a whole step.
    optimizer = adam_with_l2(0.1, weight_decay=1e-4)
    found = run(optimizer, jnp.array([2.0]), [jnp.array([0.0])])
    np.testing.assert_allclose(found, [1.9], rtol=1e-4)


def test_exempt_parameters_do_not_decay():
    optimizer = adam_with_l2(
        0.1, weight_decay=0.5, decays=lambda params: {"a": True, "b": False}
    )
    start = {"a": jnp.array(2.0), "b": jnp.array(2.0)}
    found = run(optimizer, start, [{"a": jnp.array(0.0), "b": jnp.array(0.0)}])
    np.testing.assert_allclose(found["a"], 1.9, rtol=1e-6)
    assert found["b"] == 2
