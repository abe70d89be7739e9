"""No product of geometry may run in TF32: GPUs choose it unless told otherwise.

A CPU ignores the setting, so the traced programs are read instead.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from spine_jax import geometry
from spine_jax.core import Mesh
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers

IMAGE, POINTS = jnp.zeros((4, 5, 6)), jnp.zeros((7, 3))
VERTICES, FACES = helpers.icosphere(2)
HIERARCHY = build_hierarchy(VERTICES, FACES)
BASIS = geometry.spectral_basis(VERTICES, FACES, 5)

PROGRAMS = {
    "sample_gradient": lambda: geometry.sample_gradient(IMAGE, POINTS, jnp.eye(3)),
    "gaussian_blur": lambda: geometry.gaussian_blur(IMAGE, 2.0, (1, 1, 1)),
    "to_spectral": lambda: geometry.to_spectral(BASIS, jnp.zeros((162, 3))),
    "from_spectral": lambda: geometry.from_spectral(BASIS, jnp.zeros((5, 3))),
    "winding_number": lambda: geometry.winding_number(
        POINTS,
        Mesh(jnp.asarray(VERTICES), FACES),
        hierarchy=HIERARCHY,
        implementation="tiled",
    ),
}


def products(jaxpr):
    """All matrix products of a program, those inside its loops included."""
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            yield equation
        for inner in jax.tree.leaves(
            list(equation.params.values()), is_leaf=lambda x: hasattr(x, "eqns")
        ):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from products(inner)


@pytest.mark.parametrize("name", PROGRAMS)
def test_products_are_full_float32(name):
    found = list(products(jax.make_jaxpr(PROGRAMS[name])().jaxpr))
    assert found
    for product in found:
        precision = np.ravel(product.params["precision"])
        assert all(p == jax.lax.Precision.HIGHEST for p in precision), product
