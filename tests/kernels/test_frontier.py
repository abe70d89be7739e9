"""The traversal: which pairs are visited, what overflow says, how loops end."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax.kernels.frontier import Frontier, expand, in_chunks, visit


def frontier_of(pairs, capacity=8, count=None):
    query, node = np.zeros((2, capacity), np.int32)
    query[: len(pairs)], node[: len(pairs)] = np.array(pairs).T
    count = len(pairs) if count is None else count
    return Frontier(jnp.asarray(query), jnp.asarray(node), jnp.int32(count))


def pairs_of(frontier):
    n = min(int(frontier.count), frontier.capacity)
    return list(zip(frontier.query[:n].tolist(), frontier.node[:n].tolist()))


def children(frontier, keep, capacity):
    """Expand a binary tree, keeping child nodes for which `keep(query, child)`."""

    def step(carry, query, node, valid):
        child = 2 * node[:, None] + jnp.arange(2)
        return carry + valid.sum(), keep(query[:, None], child)

    return expand(frontier, 2, capacity, 4, step, jnp.int32(0))


def test_expand_keeps_the_wanted_children_in_order():
    frontier = frontier_of([(0, 0), (1, 1), (0, 3), (2, 0), (2, 1)])
    visited, found = children(frontier, lambda query, child: child % 3 != query, 8)
    assert visited == 5 and not found.overflowed
    # Children of the pairs: (0; 0 1) (1; 2 3) (0; 6 7) (2; 0 1) (2; 2 3), less those
    # whose number modulo 3 is the query.
    assert pairs_of(found) == [
        (0, 1),
        (1, 2),
        (1, 3),
        (0, 7),
        (2, 0),
        (2, 1),
        (2, 3),
    ]


def test_overflow_is_counted_and_the_first_pairs_stay():
    frontier = frontier_of([(q, q) for q in range(5)])
    _, found = children(frontier, lambda query, child: child >= 0, 4)
    assert found.overflowed and int(found.count) == 10
    assert pairs_of(found) == [(0, 0), (0, 1), (1, 2), (1, 3)]


def test_exactly_full_is_no_overflow():
    frontier = frontier_of([(q, q) for q in range(4)])
    _, found = children(frontier, lambda query, child: child >= 0, 8)
    assert int(found.count) == 8 and not found.overflowed


@pytest.mark.parametrize("n_pairs", [0, 1, 4, 5, 8])
def test_visit_folds_every_pair_once(n_pairs):
    frontier = frontier_of([(q, 10 * q) for q in range(8)], count=n_pairs)

    def step(total, query, node, valid):
        return total + jnp.where(valid, 1000 * (query + 1) + node, 0).sum()

    total = visit(frontier, 4, step, jnp.int32(0))
    assert total == sum(1000 * (q + 1) + 10 * q for q in range(n_pairs))


def test_visit_ends_at_the_capacity_of_an_overflowed_frontier():
    frontier = frontier_of([(q, q) for q in range(8)], count=10**9)
    total = visit(frontier, 4, lambda n, query, node, valid: n + valid.sum(), 0)
    assert total == 8


@pytest.mark.parametrize("count, runs", [(-1, 0), (0, 0), (1, 1), (3, 1), (4, 2)])
def test_only_the_chunks_that_are_asked_run(count, runs):
    @jax.jit
    def fill(count):
        return in_chunks(
            3, count, lambda start: start + jnp.arange(1, 4), jnp.zeros(9, jnp.int32)
        )

    expected = np.where(np.arange(9) < 3 * runs, np.arange(1, 10), 0)
    np.testing.assert_array_equal(fill(count), expected)
