"""How the native kernels are called: one function for all of them."""

from typing import Any

import jax
import jax.numpy as jnp

from spine_jax.kernels.hierarchy import FaceHierarchy


def call_native(
    target: str,
    queries: tuple[Any, ...],
    vertices: jax.Array,
    hierarchy: FaceHierarchy,
    results: Any,
) -> Any:
    """Run one handler of `library.cc`.

    Args:
        target: Its name.
        queries: Its first operands; Python and scalar arguments become arrays of one.
        vertices: [B, V, 3] float32.
        results: `jax.ShapeDtypeStruct` of each output.
    """
    run = jax.ffi.ffi_call(f"spine_jax_{target}", results, vmap_method="sequential")
    return run(
        *(jnp.atleast_1d(operand) for operand in queries),
        vertices,
        hierarchy.faces,
        hierarchy.leaf_faces,
        hierarchy.leaf_valid,
    )
