"""Mixed precision: parameters float32, what networks compute in a narrower dtype."""

from typing import Any

import jax
import jax.numpy as jnp


def cast_floats(tree: Any, dtype: str) -> Any:
    """Floating leaves in another dtype; others stay.

    Inside a loss, gradients come back in the dtype the leaves had.
    """

    def cast(leaf):
        is_float = jnp.issubdtype(leaf.dtype, jnp.floating)
        return leaf.astype(dtype) if is_float else leaf

    return jax.tree.map(cast, tree)
