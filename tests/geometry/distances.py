"""What the tests of the signed distance share: meshes of one size, one program."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.core import Mesh
from spine_jax.geometry import signed_distance
from spine_jax.kernels.hierarchy import build_hierarchy
from tests import helpers
from tests.kernels import battery

every_implementation = battery.every(["native", "tiled", "reference"])

N_POINTS, N_FACES, N_VERTICES = 61, 145, 76
"""One array size for all meshes, so that they share compiled programs."""

MESHES = {
    "torus": lambda: helpers.torus(12, 6),
    "star": lambda: spiky(helpers.icosphere(1, 0.5)),
    "box": helpers.box,
    "plate": helpers.plate,
}


def spiky(mesh):
    vertices, faces = mesh
    vertices[:12] *= 2.4
    return vertices, faces


def sized(name):
    vertices, faces = helpers.refined(MESHES[name](), N_FACES, N_VERTICES)
    return vertices, build_hierarchy(vertices, faces)


def scattered_points():
    return np.random.default_rng(3).uniform(-1, 1, (N_POINTS, 3))


@functools.cache
def derivatives(implementation):
    """Compiled value and derivatives in (points, vertices) for any hierarchy."""

    def f(points, vertices, hierarchy):
        mesh = Mesh(vertices, hierarchy.faces)
        return signed_distance(
            points, mesh, hierarchy=hierarchy, implementation=implementation
        )

    @jax.jit
    def evaluate(points, vertices, hierarchy, direction, cotangent):
        at = (points, vertices)
        value, linear = jax.linearize(lambda p, v: f(p, v, hierarchy), *at)
        gradients = jax.linear_transpose(linear, *at)(cotangent)
        return value, linear(*direction), gradients

    return evaluate


def as_asked(implementation, *arrays):
    """Arrays as an implementation takes them: `native` computes in float32."""
    if implementation == "native":
        return tuple(jnp.asarray(array, jnp.float32) for array in arrays)
    return tuple(jnp.asarray(array) for array in arrays)


def gradients_of(implementation, points, vertices, hierarchy, cotangent=None):
    """Distances, and their reverse gradients contracted with a cotangent (of ones)."""
    points, vertices = as_asked(implementation, points, vertices)
    cotangent = np.ones(len(points)) if cotangent is None else cotangent
    cotangent = jnp.asarray(cotangent, points.dtype)
    value, _, gradients = derivatives(implementation)(
        points, vertices, hierarchy, (points, vertices), cotangent
    )
    return tuple(np.asarray(x) for x in (value, *gradients))
