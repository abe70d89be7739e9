import numpy as np

from spine_jax.training.schedules import (
    held_or_falling,
    linear_second_half,
    polynomial,
)


def test_linear_second_half_by_hand():
    rates = [float(linear_second_half(2.0, step, 8)) for step in (0, 3, 4, 5, 6, 8, 9)]
    np.testing.assert_allclose(rates, [2, 2, 2, 1.5, 1, 0, 0], rtol=1e-6)


def test_a_rate_is_held_unless_it_is_told_to_fall():
    assert held_or_falling(2.0, 7, 0) == 2.0
    assert float(held_or_falling(2.0, 6, 8)) == 1.0


def test_polynomial_by_hand():
    # 150 of 250: 0.4^0.9 = exp(0.9 ln 0.4) = exp(-0.824662) = 0.438383.
    assert float(polynomial(3.0, 0, 250)) == 3
    np.testing.assert_allclose(polynomial(3.0, 150, 250), 3 * 0.438383, rtol=1e-5)
    assert float(polynomial(3.0, 250, 250)) == float(polynomial(3.0, 251, 250)) == 0
    np.testing.assert_allclose(polynomial(1.0, 1, 4, power=2), 0.5625)
