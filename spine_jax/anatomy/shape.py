"""All parameters of one parametric vertebra."""

import dataclasses

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.primitives import Limb


@dataclasses.dataclass(frozen=True)
class VertebraShape:
    """Parameters of a vertebra in its own frame (x right, y front, z up).

    Attributes:
        body, canal, arch: The parts.
        body_fillet_mm: Blend between body and pedicles.
        canal_edge_mm: Rounding of the edges cut by the canal.
        side_growth: Right side wider, left side narrower by this fraction.
        spinous_deviation_mm: Offset of the spinous tip to the right.
    """

    body: BodyShape
    canal: CanalShape
    arch: ArchShape
    body_fillet_mm: float
    canal_edge_mm: float
    side_growth: float = 0.0
    spinous_deviation_mm: float = 0.0

    @property
    def is_symmetric(self) -> bool:
        """Whether the left side mirrors the right one exactly."""
        return self.side_growth == 0.0 and self.spinous_deviation_mm == 0.0


@dataclasses.dataclass(frozen=True)
class AtlasShape(VertebraShape):
    """C1: `body` is its anterior arch, `arch` the lateral masses and what is behind.

    It has no body, so its origin is the centre of mass of the ring.
    """


@dataclasses.dataclass(frozen=True, kw_only=True)
class AxisShape(VertebraShape):
    """C2, whose body bears a peg.

    Attributes:
        dens: The peg, in the mid-plane, from inside the body upwards.
    """

    dens: Limb
