"""Weights of redundant rays on a circular arc."""

import jax
import jax.numpy as jnp
import numpy as np

from spine_jax.simulation.cbct.carm import CArm

_LEAST, _LEAST_AT_RIM = 1e-6, 0.05
"""Trust in the first and the last view: they may be the only ones that saw a ray."""
_BLEND_FROM = 0.7
"""Share of the seen-twice part of the fan from which weights are blended."""
_BEYOND_DEG = 4.0
"""How far off the arc a missed view still blends."""


def redundancy_weights(carm: CArm) -> jax.Array:
    """Share of each view in each detector column's ray, [V, columns]."""
    gamma = jnp.arctan(carm.columns_mm / carm.source_to_isocentre_mm)
    angle = jnp.asarray(carm.arc_angles_rad, gamma.dtype)
    return ray_share(carm, angle[:, None], gamma[None, :])


def ray_share(carm: CArm, angle_rad: jax.Array, gamma_rad: jax.Array) -> jax.Array:
    """Share of the view at an arc angle in the ray at a fan angle, broadcast.

    In the plane of the source, the ray at arc angle b and fan angle g is that at
    b + pi - 2g and -g. A full circle sees every ray twice and shares equally. On a
    shorter arc each ray is trusted by how far its view lies from the ends of the arc,
    with a smooth ramp as long as the arc exceeds 180 degrees, and the trusts of the two
    are normalised to sum to 1. For the central ray these are Parker's weights. Rays
    that the arc saw once have weight 1.

    Where the fan is wider than half of what the arc has beyond 180 degrees, rays seen
    once lie beside rays of no weight in the first and the last view; the step between
    them would be filtered into a streak. There the weight of both is blended, and rays
    seen once near the ends of the arc keep less than 1.
    """
    shape = jnp.broadcast_shapes(angle_rad.shape, gamma_rad.shape)
    if carm.full_circle:
        return jnp.full(shape, 0.5, angle_rad.dtype)
    arc = float(np.radians(carm.arc_deg))
    beyond_half = max(arc - np.pi, carm.view_step_rad)
    least = _least_trust(gamma_rad, beyond_half / 2)

    def from_end(angle: jax.Array) -> jax.Array:
        return jnp.minimum(angle, arc - angle)

    def trust(angle: jax.Array) -> jax.Array:
        ramp = _smooth_step(from_end(angle) / beyond_half)
        # Rounding must not push the last view off the arc.
        return jnp.where(from_end(angle) >= -1e-5, least + (1 - least) * ramp, 0.0)

    def missed(angle: jax.Array) -> jax.Array:
        off = -from_end(angle)
        near = _smooth_step(1 - off / np.radians(_BEYOND_DEG))
        return jnp.where(off > 1e-5, least * near, 0.0)

    other = complementary_angle(angle_rad, gamma_rad)
    others = (other, other - 2 * np.pi)
    own = jnp.broadcast_to(trust(angle_rad), shape)
    seen_again = trust(others[0]) + trust(others[1])
    not_seen = (missed(others[0]) + missed(others[1])) * (1 - own) ** 2
    return own / (own + seen_again + not_seen)


def complementary_angle(angle_rad: jax.Array, gamma_rad: jax.Array) -> jax.Array:
    """Arc angle from which the ray at fan angle `gamma_rad` is seen the other way."""
    return angle_rad + np.pi - 2 * gamma_rad


def _least_trust(gamma_rad: jax.Array, rim_rad: float) -> jax.Array:
    """Trust at the ends of the arc: a trace in the middle of the fan, more at the rim.

    Args:
        gamma_rad: Fan angles.
        rim_rad: Fan angle from which the arc sees some rays only once.
    """
    share = jnp.abs(gamma_rad) / rim_rad
    at_rim = _smooth_step((share - _BLEND_FROM) / (1 - _BLEND_FROM))
    return _LEAST + (_LEAST_AT_RIM - _LEAST) * at_rim


def _smooth_step(x: jax.Array) -> jax.Array:
    """sin^2 from 0 at 0 to 1 at 1."""
    return jnp.sin(np.pi / 2 * jnp.clip(x, 0, 1)) ** 2
