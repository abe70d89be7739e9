"""Breadth-first tree traversal with static shapes: the engine of the XLA kernels.

A frontier is a list of (query, node) pairs in a buffer of fixed capacity. A level of
the tree is processed in blocks of pairs by a loop whose trip count is the number of
pairs really there, so the cost follows the work and not the capacity. A frontier that
would not fit says so (`count > capacity`), and the caller falls back to the exhaustive
path: culling never changes an answer.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Frontier:
    """(query, node) pairs still to be visited.

    Attributes:
        query: [capacity] int32.
        node: [capacity] int32, index into the arrays of one tree level.
        count: int32 scalar, pairs wanted; more than `capacity` means overflow.
    """

    query: jax.Array
    node: jax.Array
    count: jax.Array

    @property
    def capacity(self) -> int:
        return self.query.shape[0]

    @property
    def overflowed(self) -> jax.Array:
        return self.count > self.capacity


def root_frontier(mesh: jax.Array, live: jax.Array, block: int) -> Frontier:
    """Each of the first `live` queries at the root of its mesh [N]."""
    padding = (0, -mesh.shape[0] % block)
    queries = jnp.arange(mesh.shape[0], dtype=jnp.int32)
    return Frontier(jnp.pad(queries, padding), jnp.pad(mesh, padding), live)


def _append(frontier: Frontier, query: Any, node: Any, keep: jax.Array) -> Frontier:
    """Append the kept entries of [N, C] arrays in order; surplus is only counted."""
    in_row = jnp.cumsum(keep, axis=1, dtype=jnp.int32)
    row_end = jnp.cumsum(in_row[:, -1], dtype=jnp.int32)
    row_start = row_end - in_row[:, -1]
    slot = jnp.where(
        keep, frontier.count + row_start[:, None] + in_row - 1, frontier.capacity
    ).reshape(-1)
    query = jnp.broadcast_to(query, keep.shape).reshape(-1)
    node = jnp.broadcast_to(node, keep.shape).reshape(-1)
    return Frontier(
        query=frontier.query.at[slot].set(query, mode="drop"),
        node=frontier.node.at[slot].set(node, mode="drop"),
        count=frontier.count + row_end[-1],
    )


def visit(
    frontier: Frontier,
    block: int,
    step: Callable[[Any, jax.Array, jax.Array, jax.Array], Any],
    carry: Any,
) -> Any:
    """Fold `step(carry, query, node, valid)` over the frontier in blocks of pairs.

    `block` must divide the capacity.
    """

    def body(state):
        start, carry = state
        query = jax.lax.dynamic_slice(frontier.query, (start,), (block,))
        node = jax.lax.dynamic_slice(frontier.node, (start,), (block,))
        valid = start + jnp.arange(block, dtype=jnp.int32) < frontier.count
        return start + block, step(carry, query, node, valid)

    end = jnp.minimum(frontier.count, frontier.capacity)
    start = jnp.zeros((), jnp.int32)
    return jax.lax.while_loop(lambda state: state[0] < end, body, (start, carry))[1]


def expand(
    frontier: Frontier,
    branching: int,
    capacity: int,
    block: int,
    step: Callable[[Any, jax.Array, jax.Array, jax.Array], tuple[Any, jax.Array]],
    carry: Any,
) -> tuple[Any, Frontier]:
    """Replace every pair by the children that `step` keeps.

    `step(carry, query, node, valid)` returns the new carry and a mask
    [block, branching] of children to visit next.
    """
    children = Frontier(
        query=jnp.zeros(capacity, jnp.int32),
        node=jnp.zeros(capacity, jnp.int32),
        count=jnp.zeros((), jnp.int32),
    )
    offsets = jnp.arange(branching, dtype=jnp.int32)

    def visit_block(state, query, node, valid):
        carry, children = state
        carry, keep = step(carry, query, node, valid)
        children = _append(
            children,
            query[:, None],
            node[:, None] * branching + offsets,
            keep & valid[:, None],
        )
        return carry, children

    return visit(frontier, block, visit_block, (carry, children))


def in_chunks(
    chunk: int,
    count: jax.Array,
    run: Callable[[jax.Array], Any],
    outputs: Any,
) -> Any:
    """Fill `outputs` (arrays [Q, ...]) chunk by chunk with `run(start)`.

    Only the chunks that hold the first `count` queries are run; `chunk` divides Q.
    """

    def body(state):
        start, outputs = state
        part = run(start)
        outputs = jax.tree.map(
            lambda whole, new: jax.lax.dynamic_update_slice_in_dim(
                whole, new, start, axis=0
            ),
            outputs,
            part,
        )
        return start + chunk, outputs

    start = jnp.zeros((), jnp.int32)
    return jax.lax.while_loop(lambda state: state[0] < count, body, (start, outputs))[1]
