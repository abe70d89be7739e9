"""The vertebral body: a waisted, kidney-shaped drum between two hollow end-plates."""

import dataclasses

import numpy as np

from spine_jax.anatomy.primitives import smooth_max

_TINY = 1e-6
# Where the wall reaches the rim sizes, in half heights: the figures are high
# percentiles over the outer quarters of the height, and the very edge is rounded.
_RIM_FRACTION = 0.8


@dataclasses.dataclass(frozen=True)
class BodyShape:
    """Sizes and form of a vertebral body in its own frame (x right, y front, z up).

    Attributes:
        width_upper_mm, width_mid_mm, width_lower_mm: Transverse extent at the rims and
            at the waist.
        depth_upper_mm, depth_mid_mm, depth_lower_mm: Extent in the mid-plane.
        height_anterior_mm, height_posterior_mm: Rim to rim.
        concavity_upper_mm, concavity_lower_mm: Depth of the hollow of each end-plate.
        posterior_wall_y_mm: Mid-plane position of the posterior wall at the waist.
        centre_z_mm: Height of the middle between the rims.
        front_exponent, back_exponent: Superellipse exponents of the outline.
        widest_fraction: Where the outline is widest, 0 posterior wall, 1 front.
        back_hollow_mm: How far the wall's sides reach behind its middle (kidney).
        back_hollow_width_mm: Half width of that hollow.
        waist_exponent: How late the waist opens towards the rims.
        waist_back_fraction: Share of the mid-height depth loss taken by the back.
        edge_mm: Rounding of the rims.
        hollow_radius: Radius of the end-plate hollow relative to the outline.
        hollow_shift_mm: Backward shift of the deepest point of the hollow.
        shift_lower_mm: Forward shift of the lower end-plate against the upper.
    """

    width_upper_mm: float
    width_mid_mm: float
    width_lower_mm: float
    depth_upper_mm: float
    depth_mid_mm: float
    depth_lower_mm: float
    height_anterior_mm: float
    height_posterior_mm: float
    concavity_upper_mm: float
    concavity_lower_mm: float
    posterior_wall_y_mm: float
    centre_z_mm: float
    front_exponent: float
    back_exponent: float
    widest_fraction: float
    back_hollow_mm: float
    back_hollow_width_mm: float
    waist_exponent: float
    waist_back_fraction: float
    edge_mm: float
    hollow_radius: float
    hollow_shift_mm: float
    shift_lower_mm: float


def body_distance(points_mm: np.ndarray, body: BodyShape) -> np.ndarray:
    """Approximate signed distance to a body, [...] mm for points [..., 3] mm."""
    x, y, z = np.moveaxis(points_mm, -1, 0)
    middle_y = body.posterior_wall_y_mm + body.depth_mid_mm / 2
    wedge = (body.height_anterior_mm - body.height_posterior_mm) / body.depth_mid_mm
    mean_height = (body.height_anterior_mm + body.height_posterior_mm) / 2
    half_height = (mean_height + wedge * np.clip(y - middle_y, -20.0, 20.0)) / 2
    height = z - body.centre_z_mm
    side, level = _wall(x, y, np.clip(height / half_height, -1.2, 1.2), body)
    hollow = np.maximum(1.0 - (_shifted(level, y, body) / body.hollow_radius) ** 2, 0.0)
    upper = height - half_height + body.concavity_upper_mm * hollow
    lower = -height - half_height + body.concavity_lower_mm * hollow
    return smooth_max(side, np.maximum(upper, lower), body.edge_mm)


def _shifted(level: np.ndarray, y: np.ndarray, body: BodyShape) -> np.ndarray:
    """Outline level measured from a hollow whose centre lies further back."""
    relative = (y - body.posterior_wall_y_mm) / body.depth_mid_mm - 0.5
    return level * (1.0 + body.hollow_shift_mm / body.depth_mid_mm * 2.0 * relative)


def _wall(x, y, fraction, body: BodyShape) -> tuple[np.ndarray, np.ndarray]:
    """Radial distance to the side wall, and the outline level (1 on the wall)."""
    opening = (np.abs(fraction) / _RIM_FRACTION) ** body.waist_exponent
    up = fraction > 0
    half_width = (
        body.width_mid_mm
        + opening
        * (np.where(up, body.width_upper_mm, body.width_lower_mm) - body.width_mid_mm)
    ) / 2
    gain = opening * (
        np.where(up, body.depth_upper_mm, body.depth_lower_mm) - body.depth_mid_mm
    )
    shift = -body.shift_lower_mm * fraction / 2
    back = body.posterior_wall_y_mm + shift - gain * body.waist_back_fraction
    front = back + body.depth_mid_mm + gain
    widest = back + body.widest_fraction * (front - back)
    sides = 1.0 - np.exp(-((x / body.back_hollow_width_mm) ** 2))
    reach = np.where(
        y > widest, front - widest, widest - back + body.back_hollow_mm * sides
    )
    exponent = np.where(y > widest, body.front_exponent, body.back_exponent)
    ratio_x = np.abs(x) / half_width + _TINY
    ratio_y = np.abs(y - widest) / reach + _TINY
    level = (ratio_x**exponent + ratio_y**exponent) ** (1.0 / exponent)
    radius = np.sqrt(x * x + (y - widest) ** 2) + _TINY
    return radius * (1.0 - 1.0 / level), level
