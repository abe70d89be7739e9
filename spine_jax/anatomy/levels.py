"""Parametric vertebrae by level: the median one and plausible individuals."""

import dataclasses

import numpy as np

from spine_jax.anatomy.arch import ArchShape, CanalShape, CervicalArch
from spine_jax.anatomy.body import BodyShape
from spine_jax.anatomy.calibrated_c1 import C1
from spine_jax.anatomy.calibrated_c2 import C2
from spine_jax.anatomy.calibrated_c3 import C3
from spine_jax.anatomy.calibrated_c4 import C4
from spine_jax.anatomy.calibrated_c5 import C5
from spine_jax.anatomy.calibrated_c6 import C6
from spine_jax.anatomy.calibrated_c7 import C7
from spine_jax.anatomy.calibrated_l2 import L2
from spine_jax.anatomy.calibrated_l3 import L3
from spine_jax.anatomy.calibrated_l4 import L4
from spine_jax.anatomy.calibrated_l5 import L5
from spine_jax.anatomy.calibrated_t1 import T1
from spine_jax.anatomy.calibrated_t3 import T3
from spine_jax.anatomy.calibrated_t6 import T6
from spine_jax.anatomy.calibrated_t9 import T9
from spine_jax.anatomy.calibrated_t11 import T11
from spine_jax.anatomy.calibrated_t12 import T12
from spine_jax.anatomy.morph import blend_shapes
from spine_jax.anatomy.morphometry import (
    LevelMorphometry,
    level_morphometry,
    level_spread,
)
from spine_jax.anatomy.primitives import Limb
from spine_jax.anatomy.shape import AtlasShape, AxisShape, VertebraShape

LUMBAR = (20, 21, 22, 23, 24)
_CALIBRATED: dict[int, VertebraShape] = {
    **{1: C1, 2: C2, 3: C3, 4: C4, 5: C5, 6: C6, 7: C7},
    **{8: T1, 10: T3, 13: T6, 16: T9, 18: T11, 19: T12},
    **{21: L2, 22: L3, 23: L4, 24: L5},
}
# Levels without a shape of their own: the calibrated ones above and below, and the
# share of the second. There was no mean L1: L2 moved to the figures of L1 is closer to
# nine single L1 than a fit to four of them. L6 is L5 moved; T2 and T5 are their lower
# neighbours moved, since blends have creases there in which a mesh folds.
_BETWEEN = {
    9: (10, 10, 0.0),
    11: (10, 13, 1 / 3),
    12: (13, 13, 0.0),
    14: (13, 16, 1 / 3),
    15: (13, 16, 2 / 3),
    17: (16, 18, 1 / 2),
    28: (19, 21, 1 / 2),
    20: (21, 21, 0.0),
    25: (24, 24, 0.0),
}
_SIGMA_PER_IQR = 1 / 1.35
# Fractures of the sample widen some ranges (L1 heights) beyond healthy variation.
_LARGEST_RELATIVE_SIGMA = 0.1
_SIZE_CORRELATION = 0.6
# Sizes of the body -> their figures.
_BODY_FIGURES = {
    "width_upper_mm": "body_width_upper_mm",
    "width_mid_mm": "body_width_mid_mm",
    "width_lower_mm": "body_width_lower_mm",
    "depth_upper_mm": "body_depth_upper_mm",
    "depth_mid_mm": "body_depth_mid_mm",
    "depth_lower_mm": "body_depth_lower_mm",
    "height_anterior_mm": "height_anterior_mm",
    "height_posterior_mm": "height_posterior_mm",
    "concavity_upper_mm": "concavity_upper_mm",
    "concavity_lower_mm": "concavity_lower_mm",
}


def level_shape(label: int) -> VertebraShape:
    """The vertebra of median figures of a level.

    Args:
        label: VerSe number, 1-25 or 28 (C1 to L6).

    Raises:
        KeyError: for any other label.
    """
    return shape_from_morphometry(level_morphometry(label), label)


def lumbar_shape(label: int) -> VertebraShape:
    """`level_shape` for L1-L5 alone.

    Raises:
        KeyError: for a label other than 20-24.
    """
    if label not in LUMBAR:
        raise KeyError(f"{label} is not one of L1-L5 (20-24)")
    return level_shape(label)


def random_shape(rng: np.random.Generator, label: int) -> VertebraShape:
    """A plausible individual of a level.

    Each figure is drawn around its median with the sigma of its interquartile range,
    cut at two sigma. A common size factor ties the figures together, and left and
    right differ slightly.

    Args:
        rng: Source of randomness; the same state gives the same shape.
        label: VerSe number, 1-25 or 28 (C1 to L6).

    Raises:
        KeyError: for any other label.
    """
    median, spread = level_morphometry(label), level_spread(label)
    size = rng.standard_normal()
    own = np.sqrt(1 - _SIZE_CORRELATION**2)
    drawn = {}
    for field in dataclasses.fields(LevelMorphometry):
        middle = getattr(median, field.name)
        sigma = getattr(spread, field.name) * _SIGMA_PER_IQR
        if not field.name.endswith(("_y_mm", "_z_mm")):
            sigma = min(sigma, _LARGEST_RELATIVE_SIGMA * abs(middle))
        # Larger vertebrae reach farther from the origin, whatever the sign.
        score = np.sign(middle) * _SIZE_CORRELATION * size + own * rng.standard_normal()
        drawn[field.name] = middle + sigma * float(np.clip(score, -2, 2))
    return dataclasses.replace(
        shape_from_morphometry(LevelMorphometry(**drawn), label),
        side_growth=0.02 * float(np.clip(rng.standard_normal(), -2, 2)),
        spinous_deviation_mm=1.5 * float(np.clip(rng.standard_normal(), -2, 2)),
    )


def shape_from_morphometry(figures: LevelMorphometry, label: int) -> VertebraShape:
    """The vertebra of given figures: a calibrated level, moved and scaled part by part.

    Every limb of the arch hangs between two measured places. Its ends shift as those
    places differ from the level's medians, its thickness scales as the measured one.
    Between two calibrated levels, both are moved so and then blended.

    Args:
        figures: Measured or drawn figures.
        label: VerSe number of the level that the shape starts from, 1-25 or 28.

    Raises:
        KeyError: for any other label.
    """
    above, below, share = _BETWEEN.get(label, (label, label, 0.0))
    first = _moved_shape(above, figures)
    if share == 0.0:
        return first
    return blend_shapes(first, _moved_shape(below, figures), share)


def _moved_shape(label: int, figures: LevelMorphometry) -> VertebraShape:
    """The calibrated shape of a level, moved to other figures."""
    base, change = _CALIBRATED[label], _Change(figures, level_morphometry(label))
    moved = dataclasses.replace(
        base,
        body=_body(base, change),
        canal=_canal(base.canal, change),
        arch=_arch(base.arch, change),
    )
    if isinstance(moved, AxisShape):
        # Half of what body and dens together are higher: the origin is in the middle.
        rise = change.difference("height_central_mm") / 2
        dens = _moved(moved.dens, np.zeros(3), np.array([0.0, 0.0, rise]))
        return dataclasses.replace(moved, dens=dens)
    return moved


@dataclasses.dataclass(frozen=True)
class _Change:
    """How figures differ from those of the calibrated shape."""

    figures: LevelMorphometry
    reference: LevelMorphometry

    def ratio(self, name: str) -> float:
        return getattr(self.figures, name) / getattr(self.reference, name)

    def difference(self, name: str) -> float:
        return getattr(self.figures, name) - getattr(self.reference, name)

    def shift(self, name: str) -> np.ndarray:
        """Displacement [3] mm of a measured place."""
        return _place(self.figures, name) - _place(self.reference, name)


def _body(shape: VertebraShape, change: _Change) -> BodyShape:
    base = shape.body
    sizes = {
        size: getattr(change.figures, figure)
        # Rounding the rims takes this much off sizes measured as the figures were.
        + round(getattr(base, size) - getattr(change.reference, figure), 3)
        for size, figure in _BODY_FIGURES.items()
    }
    if isinstance(shape, AtlasShape):
        wall = base.posterior_wall_y_mm + change.difference("body_posterior_wall_y_mm")
    else:
        # The centroid stays at the origin when the wall moves as the depth grows.
        wall = base.posterior_wall_y_mm * change.ratio("body_depth_mid_mm")
    return dataclasses.replace(base, **sizes, posterior_wall_y_mm=wall)


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
    if isinstance(base, CervicalArch):
        base = _artery(base, change, pedicle)
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


def _artery(base: CervicalArch, change: _Change, pedicle: np.ndarray) -> CervicalArch:
    """What surrounds the vertebral artery, between the body and the transverse tip."""
    side = np.array([change.difference("body_width_upper_mm") / 2, 0.0, 0.0])
    tip = change.shift("transverse_tip")
    middle = (pedicle + tip) / 2
    return dataclasses.replace(
        base,
        uncinate=_moved(base.uncinate, side, side),
        costal_bar=_moved(base.costal_bar, side, tip),
        tubercle_bar=_moved(base.tubercle_bar, tip, tip),
        foramen=_moved(base.foramen, middle, middle),
    )


def _place(figures: LevelMorphometry, name: str) -> np.ndarray:
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
