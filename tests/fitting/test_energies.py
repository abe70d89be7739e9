import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.fitting import energies


def test_image_energy_leaves_hidden_samples_out():
    rendered, observed = jnp.array([1.0, 2.0, 9.0]), jnp.array([1.5, 1.0, 0.0])
    visible = jnp.array([True, True, False])
    assert energies.image_energy(rendered, observed, visible) == pytest.approx(0.75)
    assert energies.image_energy(rendered, observed, jnp.zeros(3, bool)) == 0


def test_hidden_samples_get_no_gradient():
    visible = jnp.array([True, False])
    gradient = jax.grad(energies.image_energy)(jnp.ones(2), jnp.zeros(2), visible)
    np.testing.assert_array_equal(gradient, [1, 0])


def test_edge_energy_by_hand():
    vertices = jnp.array([[[0.0, 0, 0], [3, 4, 0], [0, 0, 1]]])
    edges = jnp.array([[0, 1], [0, 2]])
    assert energies.edge_energy(vertices, edges) == pytest.approx((25 + 1) / 2)


def test_normal_energies_by_hand():
    normals = jnp.tile(jnp.array([0.0, 0, 1]), (2, 1))
    gradients = jnp.array([[5.0, 0, -2.0], [0, 0, 3.0]])
    visible = jnp.ones(2, bool)
    unsigned = energies.normal_energy(normals, gradients, visible)
    assert unsigned == pytest.approx((np.exp(-2) + np.exp(-3)) / 2)
    signed = energies.signed_normal_energy(normals, gradients, visible, scale=4.0)
    assert signed == pytest.approx((np.tanh(-0.5) + np.tanh(0.75)) / 2)


def test_signed_term_tells_the_two_sides_of_the_cortex_apart():
    normals, visible = jnp.array([[0.0, 0, 1]]), jnp.ones(1, bool)
    falling, rising = jnp.array([[0.0, 0, -3]]), jnp.array([[0.0, 0, 3]])
    args = visible, 1.0
    assert energies.signed_normal_energy(normals, falling, *args) < -0.9
    assert energies.signed_normal_energy(normals, rising, *args) > 0.9
    assert energies.normal_energy(normals, falling, visible) == pytest.approx(
        energies.normal_energy(normals, rising, visible)
    )


def test_unsigned_term_is_finite_on_extreme_gradients():
    normals, visible = jnp.array([[0.0, 0, 1]]), jnp.ones(1, bool)
    steep = jnp.array([[0.0, 0, 1e6]])
    value, gradient = jax.value_and_grad(energies.normal_energy)(
        normals, steep, visible
    )
    assert value == 0 and np.isfinite(gradient).all()


def test_overlap_counts_only_shared_points():
    first, second = jnp.array([-2.0, -1.0, 3.0]), jnp.array([-1.5, 0.5, jnp.inf])
    assert energies.overlap_energy(first, second) == pytest.approx(3.0)


def test_overlap_is_finite_beside_a_lone_mesh():
    # With one mesh there is no second distance: its entry is inf.
    value, gradient = jax.value_and_grad(energies.overlap_energy)(
        jnp.array([-1.0]), jnp.array([jnp.inf])
    )
    assert value == 0 and np.isfinite(gradient).all()


def test_variance_energy_by_hand():
    coefficients = jnp.zeros((3, 2, 3)).at[1, 1].set(jnp.array([1.0, 2.0, 2.0]))
    # The middle vertebra differs from both neighbours by a vector of length 3.
    value = energies.variance_energy(coefficients, jnp.array([0.0, 4.0]))
    assert value == pytest.approx(2 * 4 * 9)
    assert energies.variance_energy(coefficients[:1], jnp.array([0.0, 4.0])) == 0


def test_similarity_energy_vanishes_on_similarities_only():
    rotation, _ = jnp.linalg.qr(jax.random.normal(jax.random.key(0), (3, 3)))
    assert energies.similarity_energy(1.7 * rotation[None]) == pytest.approx(
        0, abs=1e-6
    )
    stretched = jnp.diag(jnp.array([1.0, 1.0, 2.0]))[None]
    # Gram diag(1, 1, 4), mean 2: (1/2 - 1)^2 twice and (2 - 1)^2.
    assert energies.similarity_energy(stretched) == pytest.approx(1.5)
