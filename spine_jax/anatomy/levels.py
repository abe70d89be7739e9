"""Parametric vertebrae by level: the median one and plausible individuals."""

import dataclasses

import numpy as np

from spine_jax.anatomy.arch import ArchShape, CanalShape
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.calibrated_l2 import L2
from spine_jax.anatomy.calibrated_l3 import L3
from spine_jax.anatomy.calibrated_l4 import L4
from spine_jax.anatomy.calibrated_l5 import L5
from spine_jax.anatomy.morphometry import (
    LumbarMorphometry,
    lumbar_morphometry,
    lumbar_spread,
)
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import VertebraShape

# Level -> calibrated shape and the level whose figures it has. There was no mean L1:
# L2 moved to the figures of L1 is closer to nine single L1 than a fit to four of them.
_CALIBRATED = {20: (L2, 21), 21: (L2, 21), 22: (L3, 22), 23: (L4, 23), 24: (L5, 24)}
_SIGMA_PER_IQR = 1 / 1.35
# Fractures of the sample widen some ranges (L1 heights) beyond healthy variation.
_LARGEST_RELATIVE_SIGMA = 0.1
_SIZE_CORRELATION = 0.6
# Rounding the rims takes this much off sizes measured the way the figures were.
_RIM_WIDTH_LOSS_MM = 0.5
_RIM_DEPTH_LOSS_MM = 0.7
_POSTERIOR_HEIGHT_LOSS_MM = 0.7


def lumbar_shape(label: int) -> VertebraShape:
    """The vertebra of median figures of a level.

    Args:
        label: VerSe number, 20-24 (L1-L5).

    Raises:
        KeyError: for a label other than 20-24.
    """
    return shape_from_morphometry(lumbar_morphometry(label), label)


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
        shape_from_morphometry(LumbarMorphometry(**drawn), label),
        side_growth=0.02 * float(np.clip(rng.standard_normal(), -2, 2)),
        spinous_deviation_mm=1.5 * float(np.clip(rng.standard_normal(), -2, 2)),
    )


def shape_from_morphometry(figures: LumbarMorphometry, label: int) -> VertebraShape:
    """The vertebra of given figures: a calibrated level, moved and scaled part by part.

    Every limb of the arch hangs between two measured places. Its ends shift as those
    places differ from the level's medians, its thickness scales as the measured one.

    Args:
        figures: Measured or drawn figures.
        label: VerSe number of the level whose calibrated shape is the start, 20-24.

    Raises:
        KeyError: for a label other than 20-24.
    """
    base, base_label = _CALIBRATED[label]
    change = _Change(figures, lumbar_morphometry(base_label))
    return dataclasses.replace(
        base,
        body=_body(base.body, change),
        canal=_canal(base.canal, change),
        arch=_arch(base.arch, change),
    )


@dataclasses.dataclass(frozen=True)
class _Change:
    """How figures differ from those of the calibrated shape."""

    figures: LumbarMorphometry
    reference: LumbarMorphometry

    def ratio(self, name: str) -> float:
        return getattr(self.figures, name) / getattr(self.reference, name)

    def shift(self, name: str) -> np.ndarray:
        """Displacement [3] mm of a measured place."""
        return _place(self.figures, name) - _place(self.reference, name)


def _body(base: BodyShape, change: _Change) -> BodyShape:
    figures = change.figures
    return dataclasses.replace(
        base,
        width_upper_mm=figures.body_width_upper_mm + _RIM_WIDTH_LOSS_MM,
        width_mid_mm=figures.body_width_mid_mm,
        width_lower_mm=figures.body_width_lower_mm,
        depth_upper_mm=figures.body_depth_upper_mm + _RIM_DEPTH_LOSS_MM,
        depth_mid_mm=figures.body_depth_mid_mm,
        depth_lower_mm=figures.body_depth_lower_mm + _RIM_DEPTH_LOSS_MM,
        height_anterior_mm=figures.height_anterior_mm,
        height_posterior_mm=figures.height_posterior_mm + _POSTERIOR_HEIGHT_LOSS_MM,
        concavity_upper_mm=figures.concavity_upper_mm,
        concavity_lower_mm=figures.concavity_lower_mm,
        # The centroid stays at the origin when the wall moves as the depth grows.
        posterior_wall_y_mm=base.posterior_wall_y_mm
        * change.ratio("body_depth_mid_mm"),
    )


def _canal(base: CanalShape, change: _Change) -> CanalShape:
    return dataclasses.replace(
        base,
        width_mm=base.width_mm * change.ratio("canal_width_mm"),
        depth_mm=base.depth_mm * change.ratio("canal_depth_mm"),
        centre_y_mm=base.centre_y_mm + change.shift("canal_centre")[1],
    )


def _arch(base: ArchShape, change: _Change) -> ArchShape:
    pedicle, back = change.shift("pedicle_isthmus"), change.shift("canal_back")
    superior = change.shift("superior_process_tip")
    inferior = change.shift("inferior_process_tip")
    spinous = change.shift("spinous_tip")
    # The pars follows the pedicle sideways and in height, the canal backwards.
    pars = np.array([pedicle[0], (pedicle[1] + back[1]) / 2, pedicle[2]])
    pedicle_size = change.ratio("pedicle_height_mm"), change.ratio("pedicle_width_mm")
    lamina_size = change.ratio("lamina_height_mm"), change.ratio("lamina_thickness_mm")
    thickness = change.ratio("spinous_mid_thickness_mm")
    spinous_size = change.ratio("spinous_mid_height_mm"), thickness
    return dataclasses.replace(
        base,
        pedicle=_moved(base.pedicle, pedicle, pars, pedicle_size),
        superior_process=_moved(base.superior_process, pars, superior),
        mammillary=_moved(base.mammillary, (pars + superior) / 2, superior),
        inferior_process=_moved(base.inferior_process, pars, inferior),
        lamina=_moved(base.lamina, pars, back, lamina_size),
        transverse_process=_moved(
            base.transverse_process, pars, change.shift("transverse_tip")
        ),
        spinous_process=_moved(base.spinous_process, back, spinous, spinous_size),
        spinous_end=_moved(base.spinous_end, spinous, spinous, (1.0, thickness)),
    )


def _place(figures: LumbarMorphometry, name: str) -> np.ndarray:
    """A measured place [3] mm; coordinates that are not in the table count as 0."""
    if name == "transverse_tip":
        x = figures.transverse_span_mm / 2
    else:
        x = getattr(figures, f"{name}_x_mm", 0.0)
    y = getattr(figures, f"{name}_y_mm")
    return np.array([x, y, getattr(figures, f"{name}_z_mm", 0.0)])


def _moved(
    limb: Limb,
    start_mm: np.ndarray,
    end_mm: np.ndarray,
    scales: tuple[float, float] = (1.0, 1.0),
) -> Limb:
    """A limb whose ends shift by given vectors, its inner nodes in proportion.

    `scales` are for the half widths and the half thicknesses.
    """
    nodes = np.array(limb.nodes_mm)
    along = np.linspace(0.0, 1.0, len(nodes))[:, None]
    nodes[:, :3] += (1 - along) * start_mm + along * end_mm
    nodes[:, 3:] *= scales
    return dataclasses.replace(limb, nodes_mm=tuple(map(tuple, nodes.tolist())))
