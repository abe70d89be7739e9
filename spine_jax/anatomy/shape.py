"""All that defines one parametric vertebra, and how it follows from its figures."""

import dataclasses

import numpy as np

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.calibration import (
    BODY_FILLET_MM,
    CANAL_EDGE_MM,
    L3_ARCH,
    L3_BODY,
    L3_CANAL,
)
from spine_jax.anatomy.morphometry import (
    LumbarMorphometry,
    lumbar_morphometry,
    lumbar_spread,
)
from spine_jax.anatomy.primitives import Limb

_L3 = 22
_SIGMA_PER_IQR = 1 / 1.35
# Fractures of the sample widen some ranges (L1 heights) beyond healthy variation.
_LARGEST_RELATIVE_SIGMA = 0.1
_SIZE_CORRELATION = 0.6


@dataclasses.dataclass(frozen=True)
class VertebraShape:
    """Parameters of a lumbar vertebra in its own frame (x right, y front, z up).

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
    body_fillet_mm: float = BODY_FILLET_MM
    canal_edge_mm: float = CANAL_EDGE_MM
    side_growth: float = 0.0
    spinous_deviation_mm: float = 0.0

    @property
    def is_symmetric(self) -> bool:
        """Whether the left side mirrors the right one exactly."""
        return self.side_growth == 0.0 and self.spinous_deviation_mm == 0.0


def lumbar_shape(label: int) -> VertebraShape:
    """The vertebra of median figures of a level.

    Args:
        label: VerSe number, 20-24 (L1-L5).

    Raises:
        KeyError: for a label other than 20-24.
    """
    return shape_from_morphometry(lumbar_morphometry(label))


def random_shape(rng: np.random.Generator, label: int) -> VertebraShape:
    """A plausible individual of a level.

    Each figure is drawn around its median with the sigma of its interquartile range,
    cut at two sigma. A common size factor ties the figures together, and left and
    right differ slightly.

    Args:
        rng: Source of randomness; the same state gives the same shape.
        label: VerSe number, 20-24 (L1-L5).

    Raises:
        KeyError: for a label other than 20-24.
    """
    median, spread = lumbar_morphometry(label), lumbar_spread(label)
    size = rng.standard_normal()
    own = np.sqrt(1 - _SIZE_CORRELATION**2)
    drawn = {}
    for field in dataclasses.fields(LumbarMorphometry):
        middle = getattr(median, field.name)
        sigma = getattr(spread, field.name) * _SIGMA_PER_IQR
        if not field.name.endswith(("_y_mm", "_z_mm")):
            sigma = min(sigma, _LARGEST_RELATIVE_SIGMA * abs(middle))
        # Larger vertebrae reach farther from the origin, whatever the sign.
        score = np.sign(middle) * _SIZE_CORRELATION * size + own * rng.standard_normal()
        drawn[field.name] = middle + sigma * float(np.clip(score, -2, 2))
    return dataclasses.replace(
        shape_from_morphometry(LumbarMorphometry(**drawn)),
        side_growth=0.02 * float(np.clip(rng.standard_normal(), -2, 2)),
        spinous_deviation_mm=1.5 * float(np.clip(rng.standard_normal(), -2, 2)),
    )


def shape_from_morphometry(figures: LumbarMorphometry) -> VertebraShape:
    """The vertebra of given figures: the calibrated L3, moved and scaled part by part.

    Every limb of the arch hangs between two measured places. Its ends shift as those
    places differ from L3's, its thickness scales as the measured one does.
    """
    return VertebraShape(_body(figures), _canal(figures), _arch(figures))


def _body(figures: LumbarMorphometry) -> BodyShape:
    reference = lumbar_morphometry(_L3)
    same = {
        f"{part}_mm": getattr(figures, f"body_{part}_mm")
        for kind in ("width", "depth")
        for part in (f"{kind}_upper", f"{kind}_mid", f"{kind}_lower")
    }
    return dataclasses.replace(
        L3_BODY,
        **same,
        height_anterior_mm=figures.height_anterior_mm,
        height_posterior_mm=figures.height_posterior_mm,
        concavity_upper_mm=figures.concavity_upper_mm,
        concavity_lower_mm=figures.concavity_lower_mm,
        posterior_wall_y_mm=L3_BODY.posterior_wall_y_mm
        * figures.body_depth_mid_mm
        / reference.body_depth_mid_mm,
    )


def _canal(figures: LumbarMorphometry) -> CanalShape:
    reference = lumbar_morphometry(_L3)
    return dataclasses.replace(
        L3_CANAL,
        width_mm=L3_CANAL.width_mm * figures.canal_width_mm / reference.canal_width_mm,
        depth_mm=L3_CANAL.depth_mm * figures.canal_depth_mm / reference.canal_depth_mm,
        centre_y_mm=L3_CANAL.centre_y_mm
        + figures.canal_centre_y_mm
        - reference.canal_centre_y_mm,
    )


def _arch(figures: LumbarMorphometry) -> ArchShape:
    reference = lumbar_morphometry(_L3)

    def shift(name: str) -> np.ndarray:
        """How far a measured place lies from where it lies at L3."""
        return _place(figures, name) - _place(reference, name)

    def ratio(name: str) -> float:
        return getattr(figures, name) / getattr(reference, name)

    pedicle, canal_back = shift("pedicle_isthmus"), shift("canal_back")
    superior, spinous = shift("superior_process_tip"), shift("spinous_tip")
    # The pars lies under the pedicle and beside the laminae.
    pars = (pedicle + canal_back * [0, 1, 0] + pedicle * [1, 0, 1]) / 2
    thickness = ratio("lamina_thickness_mm")
    spinous_height = ratio("spinous_mid_height_mm")
    spinous_thickness = ratio("spinous_mid_thickness_mm")
    return dataclasses.replace(
        L3_ARCH,
        pedicle=_moved(
            L3_ARCH.pedicle,
            pedicle,
            pars,
            ratio("pedicle_height_mm"),
            ratio("pedicle_width_mm"),
        ),
        superior_process=_moved(L3_ARCH.superior_process, pars, superior),
        mammillary=_moved(L3_ARCH.mammillary, (pars + superior) / 2, superior),
        inferior_process=_moved(
            L3_ARCH.inferior_process, pars, shift("inferior_process_tip")
        ),
        lamina=_moved(
            L3_ARCH.lamina, pars, canal_back, ratio("lamina_height_mm"), thickness
        ),
        transverse_process=_moved(
            L3_ARCH.transverse_process, pars, shift("transverse_tip")
        ),
        spinous_process=_moved(
            L3_ARCH.spinous_process,
            canal_back,
            spinous,
            spinous_height,
            spinous_thickness,
        ),
        spinous_end=_moved(
            L3_ARCH.spinous_end, spinous, spinous, 1.0, spinous_thickness
        ),
    )


def _place(figures: LumbarMorphometry, name: str) -> np.ndarray:
    """A measured place [3] mm; what was not measured lies in the mid-plane at 0."""
    if name == "transverse_tip":
        x = figures.transverse_span_mm / 2
    else:
        x = getattr(figures, f"{name}_x_mm", 0.0)
    return np.array(
        [x, getattr(figures, f"{name}_y_mm"), getattr(figures, f"{name}_z_mm", 0.0)]
    )


def _moved(
    limb: Limb,
    start_mm: np.ndarray,
    end_mm: np.ndarray,
    width_scale: float = 1.0,
    thickness_scale: float = 1.0,
) -> Limb:
    """A limb whose two ends shift by given vectors, its inner nodes in proportion."""
    nodes = np.array(limb.nodes_mm)
    along = np.linspace(0.0, 1.0, len(nodes))[:, None]
    nodes[:, :3] += (1 - along) * start_mm + along * end_mm
    nodes[:, 3:] *= [width_scale, thickness_scale]
    return dataclasses.replace(limb, nodes_mm=tuple(map(tuple, nodes.tolist())))
