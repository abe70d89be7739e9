import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.layers.image_pool import ImagePool, empty_pool, show


def images(*values):
    return jnp.array(values, jnp.float32).reshape(-1, 1, 1, 1)


def values(x):
    return np.asarray(x).ravel().tolist()


def show_next(pool, *made, seed=0):
    return show(pool, jax.random.key(seed), images(*made))


def test_it_fills_up_and_shows_what_is_new():
    pool, shown = show_next(empty_pool(3, (1, 1, 1)), 1, 2)
    assert values(shown) == [1, 2]
    assert values(pool.images) == [1, 2, 0]
    assert pool.held == 2


def test_within_one_batch_the_pool_is_full_from_the_next_image_on():
    full, shown = show_next(empty_pool(2, (1, 1, 1)), 1, 2, 3)
    assert full.held == 2
    assert values(shown)[:2] == [1, 2]
    # Image 3 was either swapped with one of the two or passed by.
    left = values(full.images) + values(shown)[2:]
    assert sorted(left) == [1, 2, 3]


def test_a_full_pool_swaps_half_of_the_images_with_any_of_the_old_ones():
    full = ImagePool(images(1, 2, 3), jnp.int32(3))
    shown_first, places = [], []
    for seed in range(200):
        pool, shown = show_next(full, 9, seed=seed)
        (seen,) = values(shown)
        shown_first.append(seen)
        assert pool.held == 3
        if seen == 9:
            assert values(pool.images) == [1, 2, 3]
        else:
            kept = values(pool.images)
            places.append(kept.index(9))
            assert kept[:] == [9 if v == seen else v for v in (1, 2, 3)]
    # 200 tosses of a fair coin: 100 +- 4 deviations of 7.
    assert 72 <= sum(seen != 9 for seen in shown_first) <= 128
    assert set(places) == {0, 1, 2}


def test_what_is_shown_carries_no_gradient():
    pool = empty_pool(2, (1, 1, 1))
    gradient = jax.grad(lambda x: show(pool, jax.random.key(0), x)[1].sum())
    np.testing.assert_array_equal(gradient(images(1.0, 2.0)), 0)


@pytest.mark.parametrize("held", [0, 3])
def test_devices_share_one_pool(held):
    made = images(*range(10, 16))
    pool = ImagePool(images(1, 2, 3), jnp.int32(held))
    key = jax.random.key(4)
    whole, shown = show(pool, key, made)
    spread = jax.vmap(
        lambda x: show(pool, key, x, axis_name="batch"), axis_name="batch"
    )
    pools, shares = spread(made.reshape(2, 3, 1, 1, 1))
    assert values(shares) == values(shown)
    for i in range(2):
        assert values(pools.images[i]) == values(whole.images)
        assert pools.held[i] == whole.held
