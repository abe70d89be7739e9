"""The energies of a fit, one pure function each; lengths in units of 64 mm.

Equation numbers and weights are those of Kim and Park 2024, section 2.4.
"""

import jax
import jax.numpy as jnp


def masked_mean(values: jax.Array, mask: jax.Array) -> jax.Array:
    """Mean over the true entries; 0 when there are none."""
    return jnp.sum(jnp.where(mask, values, 0)) / jnp.maximum(jnp.sum(mask), 1)


def image_energy(
    rendered: jax.Array, observed: jax.Array, visible: jax.Array
) -> jax.Array:
    """Eq. 2: mean absolute difference of rendered and observed intensities [P].

    Samples outside the image (`visible` False) say nothing about the shape and are left
    out, rather than compared with invented air.
    """
    return masked_mean(jnp.abs(rendered - observed), visible)


def edge_energy(vertices: jax.Array, edges: jax.Array) -> jax.Array:
    """L_E: mean squared edge length of meshes [B, V, 3] with edges [E, 2]."""
    difference = vertices[:, edges[:, 0]] - vertices[:, edges[:, 1]]
    return jnp.mean(jnp.sum(difference**2, axis=-1))


def normal_energy(
    normals: jax.Array, gradients: jax.Array, visible: jax.Array
) -> jax.Array:
    """L_N: mean exp(-|n . grad I|) over surface samples [M, 3].

    Blind to the sign, so the inner side of the cortex satisfies it too, and nearly flat
    once a sample sits on any edge.
    """
    steepness = jnp.abs(jnp.sum(normals * gradients, axis=-1))
    return masked_mean(jnp.exp(-steepness), visible)


def signed_normal_energy(
    normals: jax.Array, gradients: jax.Array, visible: jax.Array, scale: float
) -> jax.Array:
    """Signed counterpart of L_N: mean tanh(n . grad I / scale) over samples [M, 3].

    Bone is brighter than its surroundings, so along the outward normal the intensity
    must fall: the energy is -1 on a steep fall, +1 on the cortex's inner side.

    Args:
        scale: Intensity per unit length at which the response bends.
    """
    fall = jnp.sum(normals * gradients, axis=-1)
    return masked_mean(jnp.tanh(fall / scale), visible)


def overlap_energy(first: jax.Array, second: jax.Array) -> jax.Array:
    """L_O: sum over samples of the product of depths in two meshes that share a point.

    Args:
        first, second: The two smallest signed distances of each sample, [P]. A third
            mesh holding the same point is not counted.
    """
    return jnp.sum(jax.nn.relu(-first) * jax.nn.relu(-second))


def variance_energy(coefficients: jax.Array, eigenvalues: jax.Array) -> jax.Array:
    """L_V: sum_m ||Lambda^1/2 (U_m - U_m+1)||^2 of coefficients [B, K, 3]."""
    difference = coefficients[1:] - coefficients[:-1]
    return jnp.sum(eigenvalues[:, None] * difference**2)


def similarity_energy(affine: jax.Array) -> jax.Array:
    """How far affine maps [B, 3, 3] are from similarities: mean ||A^T A / s - I||^2,
    with s the mean squared stretch; 0 for every rotation times a scale."""
    gram = jnp.einsum("bij,bik->bjk", affine, affine, precision="highest")
    stretch = jnp.trace(gram, axis1=1, axis2=2)[:, None, None] / 3
    return jnp.mean(jnp.sum((gram / stretch - jnp.eye(3)) ** 2, axis=(1, 2)))
