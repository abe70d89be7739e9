"""The vertebral arch: limbs of one side, mirrored, around the spinal canal."""

import dataclasses

import numpy as np

from spine_jax.anatomy.primitives import (
    Limb,
    limb_distance,
    smooth_max,
    smooth_min,
    superellipsoid_distance,
)


@dataclasses.dataclass(frozen=True)
class CanalShape:
    """The spinal canal, a leaning column with a rounded triangular section.

    Attributes:
        width_mm, depth_mm: Section at the height of the body centre.
        centre_y_mm: Middle of the section, front to back, at that height.
        lean: Forward shift of the middle per mm upwards.
        squareness: Superellipse exponent of the section.
        taper: How much wider the front is than the back (0 none).
        flare: How fast the section grows away from the middle height (0 none).
    """

    width_mm: float
    depth_mm: float
    centre_y_mm: float
    lean: float
    squareness: float
    taper: float
    flare: float


@dataclasses.dataclass(frozen=True)
class ArchShape:
    """Limbs of the right half of an arch; the left half is its mirror image.

    Attributes:
        pedicle: From the back of the body to the articular pillar.
        superior_process: From the pillar up to the tip of the superior facet.
        mammillary: Bulge behind the superior facet.
        inferior_process: From the pars down to the tip of the inferior facet.
        lamina: From the pillar to the mid-plane.
        transverse_process: From the pillar sideways.
        spinous_process: In the mid-plane, from the laminae backwards.
        spinous_end: Thick rear edge of the spinous process; off the mid-plane, one of
            the two ends of a forked process.
        fillet_mm: Blend between limbs.
        joint_mm: Blend between the segments of one limb.
    """

    pedicle: Limb
    superior_process: Limb
    mammillary: Limb
    inferior_process: Limb
    lamina: Limb
    transverse_process: Limb
    spinous_process: Limb
    spinous_end: Limb
    fillet_mm: float
    joint_mm: float

    def limbs(self) -> tuple[Limb, ...]:
        """All limbs, in the order in which they are blended."""
        holes = {id(hole) for hole in self.holes()}
        values = (getattr(self, field.name) for field in dataclasses.fields(self))
        return tuple(v for v in values if isinstance(v, Limb) and id(v) not in holes)

    def holes(self) -> tuple[Limb, ...]:
        """Channels through the right half of the bone, besides the canal."""
        return ()


@dataclasses.dataclass(frozen=True)
class CervicalArch(ArchShape):
    """An arch whose transverse processes hold the vertebral artery.

    The names say what the part is from C3 to C7, in brackets what it is in the axis and
    the atlas, whose parts are not the same but take the same places.

    Attributes:
        uncinate: Raised side edge of the body's upper end (axis: shoulder beside the
            dens; atlas: front end of the superior facet).
        costal_bar: In front of the artery, from the body to the anterior tubercle.
        tubercle_bar: Beside the artery, from the anterior to the posterior tubercle.
        foramen: The channel of the artery, cut out of the whole bone.
    """

    uncinate: Limb
    costal_bar: Limb
    tubercle_bar: Limb
    foramen: Limb

    def holes(self) -> tuple[Limb, ...]:
        return (self.foramen,)


def arch_distance(
    points_mm: np.ndarray, arch: ArchShape, canal: CanalShape, canal_edge_mm: float
) -> np.ndarray:
    """Approximate signed distance to the arch with the canal cut out, [...] mm."""
    right = on_the_right(points_mm)
    first, *others = arch.limbs()
    distance = limb_distance(right, first, arch.joint_mm)
    for limb in others:
        part = limb_distance(right, limb, arch.joint_mm)
        distance = smooth_min(distance, part, arch.fillet_mm)
    return smooth_max(distance, -canal_distance(points_mm, canal), canal_edge_mm)


def on_the_right(points_mm: np.ndarray) -> np.ndarray:
    """Points of the left half mirrored to the right half, [..., 3] mm."""
    return points_mm * np.where(points_mm[..., :1] < 0, np.array([-1.0, 1, 1]), 1.0)


def canal_distance(points_mm: np.ndarray, canal: CanalShape) -> np.ndarray:
    """Approximate signed distance to the canal wall, [...] mm, negative inside."""
    x, y, z = np.moveaxis(points_mm, -1, 0)
    growth = np.exp(canal.flare * np.minimum((z / 15.0) ** 2, 2.5))
    half_depth = canal.depth_mm / 2 * np.sqrt(growth)
    offset = y - canal.centre_y_mm - canal.lean * z
    place = np.clip(2 * offset / canal.depth_mm, -1.2, 1.2)
    half_width = canal.width_mm / 2 * growth * np.exp(canal.taper * place)
    return superellipsoid_distance(
        (x, offset), (half_width, half_depth), canal.squareness
    )
