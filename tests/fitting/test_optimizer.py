import jax
import jax.numpy as jnp
import numpy as np
import optax

from spine_jax.fitting.optimizer import scale_by_eigenvalues, scale_by_vector_adam


def run(transform, gradients):
    state = transform.init(gradients[0])
    steps = []
    for gradient in gradients:
        step, state = transform.update(gradient, state)
        steps.append(step)
    return jnp.stack(steps)


def gradients(seed=0, n=7):
    return list(jax.random.normal(jax.random.key(seed), (n, 4, 5, 3)))


def test_first_step_has_unit_length_whatever_the_gradient_size():
    steps = run(scale_by_vector_adam(0.9, 0.9), [1e-4 * g for g in gradients()])
    np.testing.assert_allclose(jnp.linalg.norm(steps[0], axis=-1), 1, rtol=1e-3)


def test_second_step_by_hand():
    # m = .9 (.1 g1) + .1 g2 and v alike; both corrections are 1 - .9^2 = .19.
    g1, g2 = jnp.array([[3.0, 4.0, 0.0]]), jnp.array([[0.0, 0.0, 10.0]])
    steps = run(scale_by_vector_adam(0.9, 0.9), [g1, g2])
    mean = (0.09 * np.array([3, 4, 0]) + 0.1 * np.array([0, 0, 10])) / 0.19
    squared = (0.09 * 25 + 0.1 * 100) / 0.19
    np.testing.assert_allclose(steps[1][0], mean / np.sqrt(squared), rtol=1e-6)


def test_steps_turn_with_the_gradients():
    rotation, _ = jnp.linalg.qr(jax.random.normal(jax.random.key(1), (3, 3)))
    vector_adam = scale_by_vector_adam(0.9, 0.9)
    straight = run(vector_adam, gradients())
    turned = run(vector_adam, [g @ rotation for g in gradients()])
    np.testing.assert_allclose(turned, straight @ rotation, atol=1e-5)
    plain = run(optax.scale_by_adam(0.9, 0.9), gradients())
    plain_turned = run(
        optax.scale_by_adam(0.9, 0.9), [g @ rotation for g in gradients()]
    )
    assert jnp.abs(plain_turned - plain @ rotation).max() > 0.1


EIGENVALUES = jnp.array([0.0, 2.0, 4.0, 8.0, 32.0])


def test_eigenvalue_factor_is_equation_1():
    ones = [jnp.ones((2, 5, 3))] * 3
    alpha = optax.linear_schedule(1.0, 0.0, 2)
    steps = run(scale_by_eigenvalues(EIGENVALUES, alpha), ones)
    expected = [[1, 1, 1 / 2, 1 / 4, 1 / 16], [1, 1, 2**-0.5, 0.5, 0.25], [1] * 5]
    for step, factor in zip(steps, expected):
        np.testing.assert_allclose(step[0, :, 0], factor, rtol=1e-6)


def test_factor_before_adam_cancels_and_after_adam_counts():
    spectral = scale_by_eigenvalues(EIGENVALUES, optax.constant_schedule(1.0))
    adam = scale_by_vector_adam(0.9, 0.9, eps=0.0)
    plain = run(adam, gradients())
    np.testing.assert_allclose(
        run(optax.chain(spectral, adam), gradients()), plain, rtol=1e-4, atol=1e-6
    )
    after = run(optax.chain(adam, spectral), gradients())
    np.testing.assert_allclose(after[:, :, 4], plain[:, :, 4] / 16, rtol=1e-5)
